/**
 * Integers as Redis reads them out of strings: the whole text, no spaces, no leading zeros or plus sign, 64 bits.
 * Small ones are JS numbers; only those beyond 2^53 become bigints.
 */
import { exact } from "../keyspace/exact-integer.ts";

export const INT64_MAX = 9223372036854775807n;
export const INT64_MIN = -9223372036854775808n;

/** Digits that surely fit in a double's 53 bits. */
const SAFE_DIGITS_MAX = 15;
const MINUS = 45;
const DIGIT_ZERO = 48;
const DIGIT_NINE = 57;

/** @returns a safe number, or a bigint for what is beyond, or `undefined` when `text` is no 64-bit integer. */
export function parseInteger(text: string): number | bigint | undefined {
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

/** As `parseInteger`, for positions and counts: what is beyond 2^53 is rounded, which no size comes near. */
export function parseIndex(text: string): number | undefined {
  const value = parseInteger(text);
  return typeof value === "bigint" ? Number(value) : value;
}

/** A count of at least `least`; what is beyond 2^53 is rounded. */
export function parseCount(text: string, least: number): number | undefined {
  const count = parseIndex(text);
  return count === undefined || count < least ? undefined : count;
}

const UINT64_RANGE = 2n ** 64n;

/** An unsigned 64-bit cursor, read as C's strtoul does: "" is 0, a negative one wraps. Rounded beyond 2^53. */
export function parseCursor(text: string): number | undefined {
  if (!/^([+-]?\d{1,20})?$/.test(text)) return undefined;
  const value = BigInt(text.startsWith("+") ? text.slice(1) : text);
  if (value >= UINT64_RANGE || value <= -UINT64_RANGE) return undefined;
  return Number(value < 0n ? UINT64_RANGE + value : value);
}

/** @returns the sum as text, or `undefined` when it leaves 64 bits. */
export function addIntegers(one: number | bigint, other: number | bigint): string | undefined {
  if (typeof one === "number" && typeof other === "number") {
    const sum = one + other;
    if (Number.isSafeInteger(sum)) return String(sum);
  }
  const sum = BigInt(one) + BigInt(other);
  return sum > INT64_MAX || sum < INT64_MIN ? undefined : String(sum);
}
