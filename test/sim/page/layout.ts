/** Where lanes lie, and in which row of its lane each span goes, so that none hides another. Pure. */
import type { Chronicle, Lane, LaneKind, Span } from "./chronicle.ts";

export interface PlacedLane extends Lane {
  readonly top: number;
  readonly height: number;
  readonly rows: number;
}

export interface Layout {
  readonly lanes: readonly PlacedLane[];
  readonly height: number;
  /** The row of each span within its lane, from 0. */
  readonly rowOf: ReadonlyMap<Span, number>;
}

export const ROW_HEIGHT: Readonly<Record<LaneKind, number>> = {
  world: 17,
  sentinel: 30,
  node: 38,
  client: 14,
};
export const LANE_PADDING = 5;
/** More at once than this share the last row. */
const ROWS_MAX: Readonly<Record<LaneKind, number>> = { world: 10, sentinel: 1, node: 1, client: 7 };
/** Lanes of another kind begin after a gap. */
const KIND_GAP = 12;
/** So far apart spans may share a row without touching when the whole run is shown. */
const APART_SHARE = 1 / 1000;

export function layOut({ lanes, spans, endMs }: Chronicle): Layout {
  const rowOf = new Map<Span, number>();
  const placed: PlacedLane[] = [];
  let top = 0;
  let kind: LaneKind | null = null;
  for (const lane of lanes) {
    if (kind !== null && kind !== lane.kind) top += KIND_GAP;
    kind = lane.kind;
    const own = spans.filter((span) => span.lane === lane.id);
    const rows = isStacked(lane) ? stack(own, endMs * APART_SHARE, ROWS_MAX[lane.kind], rowOf) : 1;
    const height = rows * ROW_HEIGHT[lane.kind] + 2 * LANE_PADDING;
    placed.push({ ...lane, top, height, rows });
    top += height;
  }
  return { lanes: placed, height: top, rowOf };
}

/** States of a process follow each other; everything else may overlap. */
function isStacked({ kind }: Lane): boolean {
  return kind === "world" || kind === "client";
}

/** @returns how many rows are needed. */
function stack(spans: readonly Span[], apartMs: number, rowsMax: number, rowOf: Map<Span, number>): number {
  const endsMs: number[] = [];
  for (const span of [...spans].sort((a, b) => a.fromMs - b.fromMs)) {
    const free = endsMs.findIndex((endMs) => endMs + apartMs <= span.fromMs);
    const row = Math.min(free < 0 ? endsMs.length : free, rowsMax - 1);
    endsMs[row] = Math.max(endsMs[row] ?? 0, span.toMs);
    rowOf.set(span, row);
  }
  return Math.max(1, endsMs.length);
}
