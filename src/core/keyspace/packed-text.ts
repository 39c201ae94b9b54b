/** Integers and texts in a growing buffer, one behind the other. What they mean is their owner's business. */
import { type Latin1Buffer, writeLatin1 } from "../../base/latin1.ts";
import { type ExactInteger, exact } from "./exact-integer.ts";

/** Most bytes that an integer takes: seven bits each, of 64. */
export const INTEGER_BYTES_MAX = 10;
/** As many of these as a safe number surely holds. */
const SAFE_BYTES = 7;

const EMPTY = Buffer.alloc(0) as Latin1Buffer;

/** Not from Node's pool: a small text would keep a pool of 8 KB alive. */
function buffer(bytes: number): Latin1Buffer {
  return Buffer.allocUnsafeSlow(bytes) as Latin1Buffer;
}

export class PackedText {
  #bytes = EMPTY;
  #used = 0;

  get bytes(): Latin1Buffer {
    return this.#bytes;
  }

  /** What lies behind is no content. */
  get used(): number {
    return this.#used;
  }

  /** Makes room for so many bytes more, and gives some in advance. */
  reserve(bytes: number): void {
    const wanted = this.#used + bytes;
    if (wanted <= this.#bytes.length) return;
    const grown = buffer(this.#used === 0 ? wanted : Math.max(wanted, this.#used * 2));
    this.#bytes.copy(grown, 0, 0, this.#used);
    this.#bytes = grown;
  }

  /** Nothing more is to come: gives back the room that was made in advance. */
  shrink(): void {
    if (this.#used === this.#bytes.length) return;
    const fit = buffer(this.#used);
    this.#bytes.copy(fit, 0, 0, this.#used);
    this.#bytes = fit;
  }

  /** @param value not negative; room must have been reserved. */
  writeInteger(value: ExactInteger): void {
    const bytes = this.#bytes;
    let at = this.#used;
    let rest = value;
    for (; typeof rest === "bigint" && rest >= 128n; rest >>= 7n) bytes[at++] = Number(rest & 127n) | 128;
    let small = Number(rest);
    for (; small >= 128; small = Math.floor(small / 128)) bytes[at++] = (small % 128) | 128;
    bytes[at++] = small;
    this.#used = at;
  }

  /** The text behind its length. Room must have been reserved. */
  writeText(text: string): void {
    const { length } = text;
    this.writeInteger(length);
    writeLatin1(this.#bytes, text, this.#used);
    this.#used += length;
  }

  /** Takes a part out, in a new buffer: a clone keeps the old one. */
  cut(from: number, to: number): void {
    const rest = buffer(this.#used - (to - from));
    this.#bytes.copy(rest, 0, 0, from);
    this.#bytes.copy(rest, from, to, this.#used);
    this.#bytes = rest;
    this.#used = rest.length;
  }

  /** Shares the content, which no one changes in its place; what either writes is its own. */
  clone(): PackedText {
    const copy = new PackedText();
    copy.#bytes = this.#bytes.subarray(0, this.#used) as Latin1Buffer;
    copy.#used = this.#used;
    return copy;
  }
}

/** Reads what was written, in order. */
export class PackedReader {
  readonly bytes: Latin1Buffer;
  readonly end: number;
  at = 0;

  constructor(text: PackedText) {
    this.bytes = text.bytes;
    this.end = text.used;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  integer(): ExactInteger {
    const { bytes } = this;
    let value = 0;
    let factor = 1;
    const start = this.at;
    for (let read = 0; read < SAFE_BYTES; read += 1) {
      const byte = bytes[this.at++] as number;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
    }
    this.at = start;
    return this.#longInteger();
  }

  /** A count or a length. */
  number(): number {
    return Number(this.integer());
  }

  #longInteger(): ExactInteger {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.bytes[this.at++] as number;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return exact(value);
    }
  }

  skipTexts(count: number): void {
    for (let left = count; left > 0; left -= 1) this.at = this.number() + this.at;
  }

  /** Texts that are soon done with: each may hold on to all of them. */
  texts(count: number): string[] {
    const start = this.at;
    this.skipTexts(count);
    const all = this.bytes.latin1Slice(start, this.at);
    const end = this.at;
    this.at = start;
    const texts = new Array<string>(count);
    for (let index = 0; index < count; index += 1) {
      const length = this.number();
      texts[index] = all.slice(this.at - start, this.at - start + length);
      this.at += length;
    }
    this.at = end;
    return texts;
  }
}
