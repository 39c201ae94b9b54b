/** Numbers to text and back as C does it for Lua 5.1: printf's `%g`, strtod with hexadecimal numbers. */
import { general } from "../../base/printf.ts";

/** `tostring` and concatenation: `%.14g`. */
export function numberToText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e14 ? integral(value) : general(value, 14);
}

function integral(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** With digits on either side of the point; the exponent is one of 2. */
const HEXADECIMAL = /^([+-]?)0x(?=\.?[0-9a-f])([0-9a-f]*)\.?([0-9a-f]*)(?:p([+-]?\d+))?$/i;
const BITS_PER_DIGIT = 4;

/** @returns `undefined` when the whole text, spaces around it aside, is no number. As C's, it ends at a zero. */
export function textToNumber(text: string): number | undefined {
  const body = bodyOf(text);
  if (DECIMAL.test(body)) return Number(body);
  const hexadecimal = HEXADECIMAL.exec(body);
  if (hexadecimal !== null) {
    const [, sign, whole = "", fraction = "", exponent = "0"] = hexadecimal;
    const value = scaled(
      Number(`0x${whole}${fraction}`),
      Number(exponent) - fraction.length * BITS_PER_DIGIT,
    );
    return sign === "-" ? -value : value;
  }
  const named = /^([+-]?)(inf|infinity|nan)$/i.exec(body);
  if (named === null) return undefined;
  const value = named[2]?.toLowerCase() === "nan" ? Number.NaN : Number.POSITIVE_INFINITY;
  return named[1] === "-" ? -value : value;
}

const UINT64_MAX = 2n ** 64n - 1n;

/** As C's strtoul: a sign makes it wrap, and what does not fit is the greatest. @param base from 2 to 36. */
export function textToUint64(text: string, base: number): bigint | undefined {
  const [, sign, digits = ""] = /^([+-]?)([0-9a-z]+)$/.exec(bodyOf(text).toLowerCase()) ?? [];
  const radix = BigInt(base);
  let value = 0n;
  for (const letter of base === 16 ? digits.replace(/^0x(?=.)/, "") : digits) {
    const digit = Number.parseInt(letter, 36);
    if (digit >= base) return undefined;
    if (value <= UINT64_MAX) value = value * radix + BigInt(digit);
  }
  if (digits === "") return undefined;
  if (value > UINT64_MAX) return UINT64_MAX;
  return sign === "-" ? BigInt.asUintN(64, -value) : value;
}

function bodyOf(text: string): string {
  const end = text.indexOf("\0");
  return trimmed(end < 0 ? text : text.slice(0, end));
}

/** Without the spaces around it. Not by a pattern: one that ends in `+$` looks at the rest of a row of spaces from each of them. */
function trimmed(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && SPACES.has(text.charCodeAt(from))) from += 1;
  while (to > from && SPACES.has(text.charCodeAt(to - 1))) to -= 1;
  return from === 0 && to === text.length ? text : text.slice(from, to);
}

/** Those of C's isspace. */
const SPACES: ReadonlySet<number> = new Set([9, 10, 11, 12, 13, 32]);

/** `value` times a power of 2, which by itself may be beyond what a double holds. */
function scaled(value: number, exponent: number): number {
  if (value === 0) return value;
  const half = Math.trunc(exponent / 2);
  return value * 2 ** half * 2 ** (exponent - half);
}

/** A C cast to unsigned long long on x86-64: what is negative wraps, what does not fit becomes 0 or 2^63. */
export function toUint64(value: number): bigint {
  if (value < 2 ** 63) return BigInt.asUintN(64, toInt64(value));
  if (value < 2 ** 64) return BigInt(value);
  return Number.isNaN(value) ? 2n ** 63n : 0n;
}

/** A C cast to long long: truncated; what does not fit becomes the smallest. */
export function toInt64(value: number): bigint {
  if (!(value >= -(2 ** 63) && value < 2 ** 63)) return -(2n ** 63n);
  return BigInt(Math.trunc(value));
}
