/**
 * `GET key` and `SET key value` as nearly all clients send them, found in a byte stream without making texts of their
 * arguments. It decides nothing about what they do; all else is left to those who read any command.
 */
import type { Latin1Buffer } from "../../base/latin1.ts";

const CR = 0x0d;
const LF = 0x0a;
const ASTERISK = 0x2a;
const DOLLAR = 0x24;
const ZERO = 0x30;
const TWO = 0x32;
const THREE = 0x33;
/** What tells small letters from capitals. */
const CASE = 0x20;
const E = 0x65;
const G = 0x67;
const S = 0x73;
const T = 0x74;

/** `*2\r\n$3\r\nGET\r\n`, or the same of `SET`. */
const HEAD_BYTES = 13;
/** Of a length: what is longer is nothing to hurry for. */
const DIGITS_MAX = 3;
/** No argument is longer. */
export const PLAIN_BYTES_MAX = 999;
const CRLF_BYTES = 2;

const NOTHING = Buffer.alloc(0) as Latin1Buffer;

export class PlainRequest {
  /** It writes; else it reads. */
  isSet = false;
  /** Where it was found: key and value from their `Start` to their `End`, all of it from `start` to `end`. */
  bytes: Latin1Buffer = NOTHING;
  start = 0;
  end = 0;
  keyStart = 0;
  keyEnd = 0;
  valueStart = 0;
  valueEnd = 0;

  /** Holds on to no bytes any more. */
  forget(): void {
    this.bytes = NOTHING;
  }

  get key(): string {
    return this.bytes.latin1Slice(this.keyStart, this.keyEnd);
  }

  /** As those who read any command would give it. */
  get argv(): string[] {
    const name = this.bytes.latin1Slice(
      this.start + HEAD_BYTES - CRLF_BYTES - 3,
      this.start + HEAD_BYTES - CRLF_BYTES,
    );
    return this.isSet
      ? [name, this.key, this.bytes.latin1Slice(this.valueStart, this.valueEnd)]
      : [name, this.key];
  }

  /**
   * Looks whether such a request lies whole at `start`.
   *
   * @returns false when it does not, and nothing of this object means anything: who still wants the one before it has this look
   *   done by another object.
   */
  find(bytes: Latin1Buffer, start: number, end: number): boolean {
    if (end - start < HEAD_BYTES) return false;
    const count = bytes[start + 1];
    const first = (bytes[start + 8] as number) | CASE;
    if (first === G ? count !== TWO : first !== S || count !== THREE) return false;
    if (
      bytes[start] !== ASTERISK ||
      bytes[start + 2] !== CR ||
      bytes[start + 3] !== LF ||
      bytes[start + 4] !== DOLLAR ||
      bytes[start + 5] !== THREE ||
      bytes[start + 6] !== CR ||
      bytes[start + 7] !== LF ||
      ((bytes[start + 9] as number) | CASE) !== E ||
      ((bytes[start + 10] as number) | CASE) !== T ||
      bytes[start + 11] !== CR ||
      bytes[start + 12] !== LF
    ) {
      return false;
    }
    this.bytes = bytes;
    this.start = start;
    this.isSet = first === S;
    if (!this.#findArgument(start + HEAD_BYTES, end)) return false;
    this.keyStart = this.valueStart;
    this.keyEnd = this.valueEnd;
    return !this.isSet || this.#findArgument(this.end, end);
  }

  /** @returns whether a bulk string lies whole at `at`; its place is then the value's, and `end` is behind it. */
  #findArgument(at: number, end: number): boolean {
    const { bytes } = this;
    if (at >= end || bytes[at] !== DOLLAR) return false;
    let length = 0;
    let digitAt = at + 1;
    const stop = Math.min(end, digitAt + DIGITS_MAX);
    while (digitAt < stop) {
      const digit = (bytes[digitAt] as number) - ZERO;
      if (digit < 0 || digit > 9) break;
      length = length * 10 + digit;
      digitAt += 1;
    }
    // A number has digits, and no zero before others.
    if (digitAt === at + 1 || (bytes[at + 1] === ZERO && digitAt > at + 2)) return false;
    const first = digitAt + CRLF_BYTES;
    const last = first + length;
    if (last + CRLF_BYTES > end) return false;
    if (bytes[digitAt] !== CR || bytes[digitAt + 1] !== LF) return false;
    if (bytes[last] !== CR || bytes[last + 1] !== LF) return false;
    this.valueStart = first;
    this.valueEnd = last;
    this.end = last + CRLF_BYTES;
    return true;
  }
}
