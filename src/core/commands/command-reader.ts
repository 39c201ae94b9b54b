/**
 * Reads the commands of a log record or a snapshot. The bytes have passed a checksum and were encoded by us, so
 * anything malformed is our own mistake and stops the process. Not for what clients send.
 */
import { invariant } from "../../base/errors.ts";
import type { Latin1Buffer } from "../../base/latin1.ts";
import type { PlainRequest } from "../../protocol/resp/plain-request.ts";
import { RecentName } from "../../protocol/resp/recent-name.ts";

const CR_AND_LF = 2;
const WHOLE = "a record's effects are whole commands";

export class CommandReader {
  readonly #bytes: Latin1Buffer;
  readonly #end: number;
  readonly #recent: RecentName;
  #at: number;

  /** @param recent of the readers before this one, if any. */
  constructor(bytes: Buffer, start: number, end: number, recent: RecentName = new RecentName()) {
    this.#bytes = bytes as Latin1Buffer;
    this.#at = start;
    this.#end = end;
    this.#recent = recent;
  }

  /** The next command's argv, latin1; `undefined` at the end. Each string is a copy: it pins no buffer. */
  next(): string[] | undefined {
    if (this.#at >= this.#end) return undefined;
    const count = this.#header(42);
    // Checked before they are made room for: a count or a length that lies must not take the memory first.
    invariant(count > 0 && count <= this.#end - this.#at, WHOLE);
    const argv = new Array<string>(count);
    for (let at = 0; at < count; at += 1) {
      const length = this.#header(36);
      invariant(this.#at + length + CR_AND_LF <= this.#end, WHOLE);
      const end = this.#at + length;
      argv[at] =
        at === 0 ? this.#recent.read(this.#bytes, this.#at, end) : this.#bytes.latin1Slice(this.#at, end);
      this.#at = end + CR_AND_LF;
    }
    return argv;
  }

  /** @returns whether the next command is such a request; it still is the next one until it is skipped. */
  findPlain(request: PlainRequest): boolean {
    return request.find(this.#bytes, this.#at, this.#end);
  }

  skip(request: PlainRequest): void {
    this.#at = request.end;
  }

  /** `*<n>\r\n` or `$<n>\r\n`. */
  #header(mark: number): number {
    const bytes = this.#bytes;
    invariant(bytes[this.#at] === mark, "a record's effects are RESP commands");
    let value = 0;
    let at = this.#at + 1;
    for (;;) {
      const digit = (bytes[at] ?? 0) - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      at += 1;
    }
    this.#at = at + CR_AND_LF;
    return value;
  }
}
