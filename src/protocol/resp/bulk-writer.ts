/**
 * Puts bulk strings together in bytes, one behind the other: a text for each, and for what is around it, would cost more than its
 * bytes.
 */
import { type Latin1Buffer, writeLatin1 } from "../../base/latin1.ts";
import { wordsFor } from "../../base/words.ts";

const CR = 0x0d;
const LF = 0x0a;
const DOLLAR = 0x24;
const ZERO = 0x30;

/** Around a string of up to 999 bytes: a marker, three digits and two line ends. */
export const AROUND_BULK_BYTES = 8;
/** Strings are copied in words: the last one may reach so far behind its string. */
const WORD_BYTES = 4;

export class BulkWriter {
  readonly #bytes: Latin1Buffer;
  readonly #view: DataView;
  #length = 0;

  /** @param room for so many bytes; there is no more of it. */
  constructor(room: number) {
    const bytes = Buffer.allocUnsafeSlow(room + WORD_BYTES);
    this.#bytes = bytes as Latin1Buffer;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get length(): number {
    return this.#length;
  }

  /** How many bytes there is still room for. */
  get room(): number {
    return this.#bytes.length - WORD_BYTES - this.#length;
  }

  /** @param text one character a byte, as it is. */
  add(text: string): void {
    writeLatin1(this.#bytes, text, this.#length);
    this.#length += text.length;
  }

  /**
   * Adds a bulk string.
   *
   * @param words hold it from `from` on, as `writeWords` leaves it.
   * @param length of the string, less than 1000.
   */
  addWords(words: Int32Array, from: number, length: number): void {
    const bytes = this.#bytes;
    const view = this.#view;
    let at = this.#length;
    bytes[at++] = DOLLAR;
    if (length >= 100) bytes[at++] = ZERO + Math.floor(length / 100);
    if (length >= 10) bytes[at++] = ZERO + (Math.floor(length / 10) % 10);
    bytes[at++] = ZERO + (length % 10);
    bytes[at++] = CR;
    bytes[at++] = LF;
    const count = wordsFor(length);
    const even = count & ~1;
    // By twos, which takes a third less time.
    for (let word = 0; word < even; word += 2) {
      view.setInt32(at + word * 4, words[from + word] as number, true);
      view.setInt32(at + word * 4 + 4, words[from + word + 1] as number, true);
    }
    if (even < count) view.setInt32(at + even * 4, words[from + even] as number, true);
    at += length;
    bytes[at++] = CR;
    bytes[at++] = LF;
    this.#length = at;
  }

  /** All since the last call. */
  takeText(): string {
    const length = this.#length;
    this.#length = 0;
    return this.#bytes.latin1Slice(0, length);
  }

  /** All of it; nothing may be written any more. */
  takeBytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}
