/** What happened, as a hash that tells two runs apart, and as lines for a reader who asks for them. */
import type { Millis } from "../../src/base/ids.ts";
import type { PeerMessage } from "../../src/protocol/peer/codec.ts";

export interface TraceLine {
  readonly atMs: Millis;
  readonly kind: "message" | "log" | "note";
  readonly who: string;
  readonly text: string;
}

export class Trace {
  readonly #nowMs: () => Millis;
  readonly #onLine: ((line: TraceLine) => void) | undefined;
  #hash = 0x811c9dc5;

  constructor(nowMs: () => Millis, onLine: ((line: TraceLine) => void) | undefined) {
    this.#nowMs = nowMs;
    this.#onLine = onLine;
  }

  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  message(from: string, to: string, message: PeerMessage): void {
    this.#mix(from);
    this.#mix(message.type);
    if (this.#onLine !== undefined) this.#line("message", from, `-> ${to} ${describe(message)}`);
  }

  log(who: string, event: string, fields: Readonly<Record<string, unknown>>): void {
    this.#mix(who);
    this.#mix(event);
    if (this.#onLine !== undefined) this.#line("log", who, `${event} ${JSON.stringify(fields)}`);
  }

  note(text: string): void {
    this.#mix(text);
    this.#line("note", "world", text);
  }

  #line(kind: TraceLine["kind"], who: string, text: string): void {
    this.#onLine?.({ atMs: this.#nowMs(), kind, who, text });
  }

  /** FNV-1a over the text and the time in microseconds. */
  #mix(text: string): void {
    let hash = this.#hash ^ Math.floor(this.#nowMs() * 1000);
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    this.#hash = hash;
  }
}

/** Short enough for a line: bytes as their number, statuses as what counts in them. */
function describe(message: PeerMessage): string {
  return JSON.stringify(message, (key, value: unknown) => {
    if (key === "history" || key === "client" || key === "members" || key === "replicas") return undefined;
    if (isBytes(value)) return `${value.data.length} bytes`;
    return value;
  });
}

function isBytes(value: unknown): value is { readonly data: readonly number[] } {
  return typeof value === "object" && value !== null && "type" in value && value.type === "Buffer";
}
