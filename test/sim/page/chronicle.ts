/** What the page of a run shows, ready to be drawn: lanes, spans, marks, arrows. Data only. */
import type { Millis } from "../../../src/base/ids.ts";

export type LaneKind = "world" | "sentinel" | "node" | "client";

export interface Lane {
  readonly id: string;
  readonly kind: LaneKind;
}

/** `down`, `paused`, `reign`, `lead`: states of a process. The last three: operations, by outcome. */
export type SpanKind =
  | "fault"
  | "cut"
  | "down"
  | "paused"
  | "reign"
  | "acknowledged"
  | "indeterminate"
  | "refused";

export interface Span {
  readonly lane: string;
  readonly kind: SpanKind;
  readonly fromMs: Millis;
  readonly toMs: Millis;
  /** Written on it where there is room. */
  readonly label: string;
  /** Shown when it is pointed at. */
  readonly detail: string;
  /** Operations only: a read is drawn otherwise than a write. */
  readonly isRead: boolean;
  /** It broke the promise. */
  readonly isGuilty: boolean;
}

export type PointKind =
  | "votes"
  | "elected"
  | "sealed"
  | "promoted"
  | "established"
  | "follows"
  | "cuts"
  | "wiped"
  | "published";

export interface Point {
  readonly lane: string;
  readonly kind: PointKind;
  readonly atMs: Millis;
  readonly detail: string;
}

export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly kind: "vote" | "seal" | "promote";
  readonly atMs: Millis;
  readonly detail: string;
}

export interface Chronicle {
  readonly title: string;
  readonly facts: string;
  readonly endMs: Millis;
  /** When the faults end. */
  readonly calmFromMs: Millis;
  readonly lanes: readonly Lane[];
  readonly spans: readonly Span[];
  readonly points: readonly Point[];
  readonly arrows: readonly Arrow[];
  readonly violation: {
    readonly atMs: Millis;
    readonly text: string;
    /** The operation that no order explains, in words. */
    readonly operation: string | null;
    /** The lane that it speaks of, if any. */
    readonly lane: string | null;
  } | null;
  /** What there was more of than is drawn, in words. */
  readonly leftOut: readonly string[];
}
