/** Messages that were PUBLISHed, in order, until what they saw is safe. Who gets them is decided elsewhere. */
import type { Offset } from "../base/ids.ts";
import type { Publication } from "./keyspace/notifications.ts";
import type { ReplyGate } from "./replication/reply-gate.ts";

/** A master that is cut off may wait until it is told of its end, while clients go on publishing. */
const BYTES_MAX = 64 * 1024 * 1024;
/** Of an entry beside its text, about. */
const ENTRY_BYTES = 128;

export type Publish = (channel: string, message: string) => void;

export class WaitingPublications {
  #waiting: { readonly offset: Offset; readonly publication: Publication }[] = [];
  /** Those before it have gone out. */
  #first = 0;
  #bytes = 0;
  readonly #bytesMax: number;

  /** @param bytesMax of all that waits; where more wait, the newest are lost, as messages may be. */
  constructor(bytesMax: number = BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  /** @param offset that must be safe before anybody may learn of it. */
  add(offset: Offset, publication: Publication): void {
    const bytes = bytesOf(publication);
    if (this.#bytes + bytes > this.#bytesMax) return;
    this.#bytes += bytes;
    this.#waiting.push({ offset, publication });
  }

  /** They will never be safe. */
  clear(): void {
    this.#waiting = [];
    this.#first = 0;
    this.#bytes = 0;
  }

  /** Whether any of them is safe by now. */
  hasSafe(gate: ReplyGate): boolean {
    const first = this.#waiting[this.#first];
    return first !== undefined && gate.isSafe(first.offset);
  }

  /**
   * Publishes what is safe by now.
   *
   * @param mayGoOn asked before each, with how many there were; `false` leaves the rest to the next call.
   */
  release(gate: ReplyGate, publish: Publish, mayGoOn: (done: number) => boolean): void {
    const begin = this.#first;
    for (let next = this.#waiting[begin]; next !== undefined; next = this.#waiting[this.#first]) {
      if (!gate.isSafe(next.offset) || !mayGoOn(this.#first - begin)) break;
      publish(next.publication.channel, next.publication.message);
      this.#bytes -= bytesOf(next.publication);
      this.#first++;
    }
    this.#forget();
  }

  /** Not at each call: of hundreds of thousands that wait a few go out at a time. */
  #forget(): void {
    if (this.#first === 0 || this.#first * 2 < this.#waiting.length) return;
    this.#waiting = this.#waiting.slice(this.#first);
    this.#first = 0;
  }
}

function bytesOf({ channel, message }: Publication): number {
  return ENTRY_BYTES + channel.length + message.length;
}
