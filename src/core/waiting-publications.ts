/** Messages that were PUBLISHed, in order, until what they saw is safe. Who gets them is decided elsewhere. */
import type { Offset } from "../base/ids.ts";
import type { Publication } from "./keyspace/notifications.ts";
import type { ReplyGate } from "./replication/reply-gate.ts";

export type Publish = (channel: string, message: string) => void;

export class WaitingPublications {
  #waiting: { readonly offset: Offset; readonly publication: Publication }[] = [];

  /** @param offset that must be safe before anybody may learn of it. */
  add(offset: Offset, publication: Publication): void {
    this.#waiting.push({ offset, publication });
  }

  /** They will never be safe. */
  clear(): void {
    this.#waiting = [];
  }

  /** Publishes what is safe by now. */
  release(gate: ReplyGate, publish: Publish): void {
    let done = 0;
    for (const { offset, publication } of this.#waiting) {
      if (!gate.isSafe(offset)) break;
      publish(publication.channel, publication.message);
      done++;
    }
    if (done > 0) this.#waiting = this.#waiting.slice(done);
  }
}
