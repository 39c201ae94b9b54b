/**
 * What happened: as a hash that tells two runs apart, and as events for whoever reads them (`trace-words.ts` puts them
 * into words, `page` draws them). Knows nothing of what they mean.
 */
import type { Millis } from "../../src/base/ids.ts";
import type { PeerMessage } from "../../src/protocol/peer/codec.ts";
import type { Operation, OperationPhase } from "./clients/history.ts";

/** What the world does to a process or a network, for those who draw it. */
export type Mark =
  | { readonly type: "process"; readonly who: string; readonly now: "up" | "down" | "paused" | "wiped" }
  | { readonly type: "fault"; readonly number: number; readonly lastsMs: Millis }
  | {
      readonly type: "cut";
      readonly number: number;
      readonly pairs: readonly (readonly [from: string, to: string])[];
    }
  | { readonly type: "healed"; readonly number: number };

export type TraceEvent = { readonly atMs: Millis } & (
  | { readonly kind: "message"; readonly from: string; readonly to: string; readonly message: PeerMessage }
  | {
      readonly kind: "log";
      readonly who: string;
      readonly event: string;
      readonly fields: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: "note"; readonly text: string; readonly mark: Mark | null }
  | {
      readonly kind: "operation";
      readonly phase: OperationPhase;
      readonly operation: Operation;
    }
);

export class Trace {
  readonly #nowMs: () => Millis;
  readonly #onEvent: ((event: TraceEvent) => void) | undefined;
  #hash = 0x811c9dc5;

  constructor(nowMs: () => Millis, onEvent: ((event: TraceEvent) => void) | undefined) {
    this.#nowMs = nowMs;
    this.#onEvent = onEvent;
  }

  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  message(from: string, to: string, message: PeerMessage): void {
    this.#mix(from);
    this.#mix(message.type);
    this.#onEvent?.({ atMs: this.#nowMs(), kind: "message", from, to, message });
  }

  log(who: string, event: string, fields: Readonly<Record<string, unknown>>): void {
    this.#mix(who);
    this.#mix(event);
    this.#onEvent?.({ atMs: this.#nowMs(), kind: "log", who, event, fields });
  }

  note(text: string, mark: Mark | null = null): void {
    this.#mix(text);
    this.#onEvent?.({ atMs: this.#nowMs(), kind: "note", text, mark });
  }

  operation(phase: OperationPhase, operation: Operation): void {
    this.#onEvent?.({ atMs: this.#nowMs(), kind: "operation", phase, operation });
  }

  /** FNV-1a over the text and the time in microseconds. */
  #mix(text: string): void {
    let hash = this.#hash ^ Math.floor(this.#nowMs() * 1000);
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    this.#hash = hash;
  }
}
