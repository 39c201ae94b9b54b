/**
 * Integers of 64 bits and their only spelling as text: no spaces, no leading zeros or plus sign. Small ones are JS numbers; only those
 * beyond 2^53 become bigints.
 */
import { type ExactInteger, exact } from "./exact-integer.ts";

export const INT64_MAX = 9223372036854775807n;
export const INT64_MIN = -9223372036854775808n;

/** Digits that surely fit in a double's 53 bits. */
const SAFE_DIGITS_MAX = 15;
const MINUS = 45;
const DIGIT_ZERO = 48;
const DIGIT_NINE = 57;

/** @returns a safe number, or a bigint for what is beyond, or `undefined` when `text` is no 64-bit integer. */
export function parseInteger(text: string): ExactInteger | undefined {
  const length = text.length;
  const negative = text.charCodeAt(0) === MINUS;
  const start = negative ? 1 : 0;
  const digits = length - start;
  if (digits < 1 || digits > 19) return undefined;
  const first = text.charCodeAt(start);
  if (first === DIGIT_ZERO) return length === 1 ? 0 : undefined;
  let value = 0;
  for (let at = start; at < length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < DIGIT_ZERO || code > DIGIT_NINE) return undefined;
    value = value * 10 + code - DIGIT_ZERO;
  }
  if (digits <= SAFE_DIGITS_MAX) return negative ? -value : value;
  const value64 = BigInt(text);
  return value64 > INT64_MAX || value64 < INT64_MIN ? undefined : exact(value64);
}
