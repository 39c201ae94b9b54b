/**
 * Pongs by their texts: at rest a node says the same with each but for its number, ten times a second to each sentinel, and to read
 * and check it again took a sixth of a sentinel's time. Knows only texts that have been read and checked.
 */
import type { PeerMessage } from "./codec.ts";
import type { Pong } from "./node-messages.ts";
import { WHOLE_MAX } from "./schema.ts";

/** A sentinel watches a handful of nodes. */
const KNOWN_MAX = 16;

/** A pong as it is encoded: a number between its beginning and its rest, which is the status. */
const BEGINNING = '{"type":"pong","seq":';
const REST = ',"status":';
/** A whole number as JSON has it. */
const SEQ = /^(?:0|[1-9]\d{0,14})$/;

export class KnownPongs {
  /** By the rest of their texts; the oldest first. */
  readonly #statuses = new Map<string, Pong["status"]>();

  /** @returns the message of a text whose rest is known. */
  find(text: string): Pong | undefined {
    const at = restOf(text);
    const status = at < 0 ? undefined : this.#statuses.get(text.slice(at));
    if (status === undefined) return undefined;
    const seq = Number(text.slice(BEGINNING.length, at));
    return seq <= WHOLE_MAX ? { type: "pong", seq, status } : undefined;
  }

  /** @param message of `text`, read and checked; what it says may not be changed any more. @returns `message`. */
  noting(text: string, message: PeerMessage): PeerMessage {
    if (message.type !== "pong") return message;
    const at = restOf(text);
    // Of a text with anything more in it, such as a second number, the rest says too little.
    if (at < 0 || JSON.stringify(message) !== text) return message;
    this.#statuses.set(text.slice(at), message.status);
    for (const rest of this.#statuses.keys()) {
      if (this.#statuses.size <= KNOWN_MAX) break;
      this.#statuses.delete(rest);
    }
    return message;
  }
}

/** @returns where the rest of a pong's text begins; -1 for any other text. */
function restOf(text: string): number {
  if (!text.startsWith(BEGINNING)) return -1;
  const at = text.indexOf(REST, BEGINNING.length);
  return at >= 0 && SEQ.test(text.slice(BEGINNING.length, at)) ? at : -1;
}
