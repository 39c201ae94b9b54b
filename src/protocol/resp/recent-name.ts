/** The name of the command that was read last: mostly the next one has the same, and to compare it costs less than to make it. */

import type { Latin1Buffer } from "../../base/latin1.ts";

/** What is longer is no command's name; it may be any text, of any length, and is not kept. */
const KEPT_BYTES_MAX = 32;

export class RecentName {
  #name = "";

  /** @returns the text of `bytes` from `start` to `end`, one character a byte. */
  read(bytes: Latin1Buffer, start: number, end: number): string {
    if (this.#isAt(bytes, start, end)) return this.#name;
    const name = bytes.latin1Slice(start, end);
    if (name.length <= KEPT_BYTES_MAX) this.#name = name;
    return name;
  }

  #isAt(bytes: Latin1Buffer, start: number, end: number): boolean {
    const name = this.#name;
    if (end - start !== name.length) return false;
    for (let at = 0; at < name.length; at += 1) if (bytes[start + at] !== name.charCodeAt(at)) return false;
    return true;
  }
}
