/**
 * What a master has published since the turn began, for its replicas' subscribers: many publications share a message, since each
 * message costs both sides more than what is in it. Who is sent it is decided elsewhere.
 */
import type { Publication } from "./keyspace/notifications.ts";

/** Of one message, about; a publication that is longer has one to itself. */
const MESSAGE_BYTES = 64 * 1024;
/** Of a publication beside its texts, about. */
const ENTRY_BYTES = 32;

export class PassedPublications {
  #messages: Publication[][] = [];
  /** Of the last one. */
  #bytes = 0;

  get size(): number {
    return this.#messages.length;
  }

  add(publication: Publication): void {
    const bytes = ENTRY_BYTES + publication.channel.length + publication.message.length;
    const last = this.#messages.at(-1);
    if (last !== undefined && this.#bytes + bytes <= MESSAGE_BYTES) {
      last.push(publication);
      this.#bytes += bytes;
      return;
    }
    this.#messages.push([publication]);
    this.#bytes = bytes;
  }

  /** @returns what has come since the last time, in order, one list for each message. */
  take(): readonly (readonly Publication[])[] {
    const messages = this.#messages;
    if (messages.length > 0) this.#messages = [];
    return messages;
  }
}
