/** Draws a run as SVG: times are shares of the width, so that zooming needs nothing but another width. Pure. */
import type { Arrow, Chronicle, Point, Span } from "./chronicle.ts";
import { escapeHtml } from "./escape.ts";
import { LANE_PADDING, type Layout, type PlacedLane, ROW_HEIGHT } from "./layout.ts";

const BAND = { sentinel: 12, node: 16 } as const;

export function drawing(chronicle: Chronicle, layout: Layout): string {
  const { endMs, violation } = chronicle;
  const lanes = new Map(layout.lanes.map((lane) => [lane.id, lane]));
  const share = (ms: number): string => percent(ms / endMs);
  const parts = [
    `<svg class="sheet-svg" width="100%" height="${layout.height}" role="img" aria-label="history of the run">`,
    DEFINITIONS,
    ...layout.lanes.map((lane) => laneOf(lane, violation?.lane === lane.id)),
    ...gridOf(endMs).map(
      ({ ms, kind }) => `<line class="grid ${kind}" x1="${share(ms)}" x2="${share(ms)}" y1="0" y2="100%"/>`,
    ),
    `<rect class="calm" x="${share(chronicle.calmFromMs)}" width="${percent(1 - chronicle.calmFromMs / endMs)}" height="100%"/>`,
    ...chronicle.arrows.map((arrow) => arrowOf(arrow, lanes, share)),
    ...chronicle.spans.map((span) => spanOf(span, lanes.get(span.lane), layout, endMs)),
    ...chronicle.points.map((point) => pointOf(point, lanes.get(point.lane), share)),
  ];
  if (violation !== null) {
    const x = share(violation.atMs);
    const title = `<title>${escapeHtml(violation.text)}</title>`;
    parts.push(`<g class="moment"><line x1="${x}" x2="${x}" y1="0" y2="100%"/>${title}</g>`);
    const lane = lanes.get(violation.lane ?? "");
    const guilty = chronicle.spans.find((span) => span.isGuilty);
    if (lane !== undefined) parts.push(culpritOf(violation, middleOf(guilty, lane, layout), x));
  }
  parts.push("</svg>");
  return parts.join("\n");
}

function middleOf(guilty: Span | undefined, lane: PlacedLane, layout: Layout): number {
  const box = guilty === undefined ? { y: lane.top, height: lane.height } : boxOf(guilty, lane, layout);
  return round(box.y + box.height / 2);
}

/** A ring around what broke the promise, with its words to the left, where there is always something drawn already. */
function culpritOf({ operation, text }: NonNullable<Chronicle["violation"]>, y: number, x: string): string {
  const words = escapeHtml(operation ?? text.split(":")[0] ?? "");
  return (
    `<g class="culprit"><circle cx="${x}" cy="${y}" r="9"/>` +
    `<text x="${x}" dx="-14" y="${y}" dominant-baseline="central" text-anchor="end">${words}</text></g>`
  );
}

/** The labels of the times, for a row of their own. */
export function timeAxis({ endMs, calmFromMs }: Chronicle): string {
  const labels = gridOf(endMs).map(({ ms, kind }) => {
    const text = `${ms / 1000} s`;
    return `<text class="${kind}" x="${percent(ms / endMs)}" dx="3" y="14">${text}</text>`;
  });
  const calm = `<text class="calm-label" x="${percent(calmFromMs / endMs)}" dx="3" y="27">faults end here</text>`;
  return `<svg width="100%" height="32" aria-hidden="true">${labels.join("")}${calm}</svg>`;
}

function gridOf(endMs: number): { readonly ms: number; readonly kind: "second" | "tenth" }[] {
  return Array.from({ length: Math.ceil(endMs / 100) }, (_, at) => ({
    ms: at * 100,
    kind: at % 10 === 0 ? ("second" as const) : ("tenth" as const),
  }));
}

function laneOf({ id, kind, top, height }: PlacedLane, isGuilty: boolean): string {
  const middle = top + height / 2;
  const axis =
    kind === "node" || kind === "sentinel"
      ? `<line class="alive" x1="0" x2="100%" y1="${middle}" y2="${middle}"/>`
      : "";
  const mark = isGuilty ? " accused" : "";
  return `<rect class="lane ${kind}${mark}" data-lane="${escapeHtml(id)}" y="${top}" width="100%" height="${height}"/>${axis}`;
}

function spanOf(span: Span, lane: PlacedLane | undefined, layout: Layout, endMs: number): string {
  if (lane === undefined) return "";
  const from = Math.min(span.fromMs, endMs) / endMs;
  const length = Math.min(span.toMs, endMs) / endMs - from;
  const title = `<title>${escapeHtml(`${span.detail}\n${timesOf(span)}`)}</title>`;
  const classes = `${span.kind}${span.isRead ? " read" : ""}${span.isGuilty ? " guilty" : ""}`;
  const { y, height } = boxOf(span, lane, layout);
  const at = `x="${percent(from)}" y="${round(y)}" width="${percent(length)}" height="${round(height)}"`;
  if (span.label === "") return `<rect class="${classes}" ${at} rx="1">${title}</rect>`;
  // Its own viewport cuts the label off where the span ends.
  return (
    `<svg class="${classes}" ${at}><rect width="100%" height="100%" rx="2"/>` +
    `<text x="4" y="${round(height / 2)}" dominant-baseline="central">${escapeHtml(span.label)}</text>${title}</svg>`
  );
}

function boxOf(
  span: Span,
  { kind, top, height }: PlacedLane,
  { rowOf }: Layout,
): { readonly y: number; readonly height: number } {
  if (kind === "sentinel" || kind === "node") {
    const band = BAND[kind];
    return { y: top + (height - band) / 2, height: band };
  }
  const row = ROW_HEIGHT[kind];
  const y = top + LANE_PADDING + row * (rowOf.get(span) ?? 0);
  // Writes stand taller than reads.
  return span.isRead ? { y: y + row / 2 - 2, height: 4 } : { y: y + 1, height: row - 3 };
}

function pointOf(
  { lane, kind, atMs, detail }: Point,
  at: PlacedLane | undefined,
  share: (ms: number) => string,
): string {
  if (at === undefined) return "";
  const title = `<title>${escapeHtml(`${detail}\nat ${atMs.toFixed(2)} ms`)}</title>`;
  const y = at.top + at.height / 2;
  return `<use class="${kind}" data-of="${escapeHtml(lane)}" href="#p-${kind}" x="${share(atMs)}" y="${round(y)}">${title}</use>`;
}

function arrowOf(
  { from, to, kind, atMs, detail }: Arrow,
  lanes: ReadonlyMap<string, PlacedLane>,
  share: (ms: number) => string,
): string {
  const [one, other] = [lanes.get(from), lanes.get(to)];
  if (one === undefined || other === undefined) return "";
  const x = share(atMs);
  const ends = `x1="${x}" x2="${x}" y1="${one.top + one.height / 2}" y2="${other.top + other.height / 2}"`;
  const title = `<title>${escapeHtml(`${detail}\nsent at ${atMs.toFixed(2)} ms`)}</title>`;
  return `<line class="arrow ${kind}" ${ends} marker-end="url(#tip-${kind})">${title}</line>`;
}

function timesOf({ fromMs, toMs }: Span): string {
  return `${fromMs.toFixed(2)} to ${toMs.toFixed(2)} ms, ${(toMs - fromMs).toFixed(2)} ms`;
}

function percent(share: number): string {
  return `${Number((100 * Math.max(0, share)).toFixed(4))}%`;
}

function round(length: number): number {
  return Number(length.toFixed(1));
}

/** Shapes of the marks, drawn around (0, 0), and patterns. */
export const SHAPES: Readonly<Record<string, string>> = {
  votes: '<circle r="4"/>',
  elected: '<path d="M0-8 2-2.5 8-2.5 3.2 1 5 7 0 3.5-5 7-3.2 1-8-2.5-2-2.5Z"/>',
  sealed: '<path d="M-5-4 5-4 5 1 0 6-5 1Z"/>',
  promoted: '<path d="M0-7 6 3-6 3Z"/>',
  established: '<path d="M-1-9 1-9 1 9-1 9Z"/>',
  follows: '<path d="M-4-4 4 0-4 4Z"/>',
  cuts: '<path d="M-5-5 5 5M5-5-5 5"/>',
  wiped: '<path d="M-6-6 6 6M6-6-6 6"/>',
  published: '<path d="M0-5 5 0 0 5-5 0Z"/>',
};

const DEFINITIONS: string = [
  "<defs>",
  ...Object.entries(SHAPES).map(([kind, shape]) => `<g id="p-${kind}">${shape}</g>`),
  ...["vote", "seal", "promote"].map(
    (kind) =>
      `<marker id="tip-${kind}" class="tip ${kind}" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0 6 3 0 6Z"/></marker>`,
  ),
  '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch-ground" width="6" height="6"/><rect class="hatch-line" width="2.5" height="6"/></pattern>',
  '<pattern id="dots" width="5" height="5" patternUnits="userSpaceOnUse"><rect class="hatch-ground" width="5" height="5"/><circle class="hatch-line" cx="2.5" cy="2.5" r="1.2"/></pattern>',
  "</defs>",
].join("");
