/**
 * Bulk strings of a reply, put together in bytes and made one text at the end: a text for each, and for what is around it, would
 * cost more than the bytes.
 */
import type { Latin1Buffer } from "../../base/latin1.ts";

const CR = 0x0d;
const LF = 0x0a;
const DOLLAR = 0x24;
const ZERO = 0x30;
/** Around a string of up to 999 bytes: a marker, three digits and two line ends. */
const AROUND_BYTES = 8;
/** What a string is copied in may write over so much behind it. */
const WORD_BYTES = 4;

export class BulkReplies {
  /** What strings are copied into. */
  readonly view: DataView;
  readonly #bytes: Latin1Buffer;
  #length = 0;

  /** @param count how many there may be. @param bytesMax how long each may be, less than 1000. */
  constructor(count: number, bytesMax: number) {
    const bytes = Buffer.allocUnsafeSlow(count * (bytesMax + AROUND_BYTES) + WORD_BYTES);
    this.#bytes = bytes as Latin1Buffer;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Begins a string of `length` bytes. @returns where in `view` it is to be copied to before `end` is called. */
  begin(length: number): number {
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = DOLLAR;
    if (length >= 100) bytes[at++] = ZERO + Math.floor(length / 100);
    if (length >= 10) bytes[at++] = ZERO + (Math.floor(length / 10) % 10);
    bytes[at++] = ZERO + (length % 10);
    bytes[at++] = CR;
    bytes[at++] = LF;
    this.#length = at + length;
    return at;
  }

  end(): void {
    const bytes = this.#bytes;
    bytes[this.#length++] = CR;
    bytes[this.#length++] = LF;
  }

  /** All strings since the last call, encoded. */
  take(): string {
    const length = this.#length;
    this.#length = 0;
    return this.#bytes.latin1Slice(0, length);
  }
}
