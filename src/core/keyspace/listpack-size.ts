/**
 * How many bytes Redis 7.0 spends on what it keeps in a listpack. We keep streams otherwise; but the bytes decide where
 * Redis begins the next node of a stream, and with that what an approximate trim removes.
 */
import type { ExactInteger } from "./exact-integer.ts";

/** Header and end of a listpack. */
export const LISTPACK_BYTES = 7;

/** Longest text of a 64-bit integer. */
const INTEGER_LENGTH_MAX = 20;
/** Shorter ones are safe numbers. */
const SAFE_LENGTH = 16;
const INTEGER = /^(?:0|-?[1-9]\d*)$/;
const INT64_MAX = 9223372036854775807n;

/** Greatest sizes for which the entry's length is told in so many bytes behind it: one, two, three, four. */
const BACK_LENGTHS = [127, 16382, 2097150, 268435454];

export function textBytes(text: string): number {
  const { length } = text;
  if (length <= INTEGER_LENGTH_MAX && INTEGER.test(text)) {
    const value = length < SAFE_LENGTH ? Number(text) : BigInt(text);
    if (value <= INT64_MAX && value >= -INT64_MAX - 1n) return integerBytes(value);
  }
  if (length < 64) return withBackLength(1 + length);
  return withBackLength((length < 4096 ? 2 : 5) + length);
}

/** @param value 64 bits, with a sign. */
export function integerBytes(value: ExactInteger): number {
  return withBackLength(encodedBytes(value));
}

function encodedBytes(value: ExactInteger): number {
  if (value >= 0 && value <= 127) return 1;
  if (value >= -4096 && value <= 4095) return 2;
  if (value >= -32768 && value <= 32767) return 3;
  if (value >= -8388608 && value <= 8388607) return 4;
  return value >= -2147483648 && value <= 2147483647 ? 5 : 9;
}

function withBackLength(bytes: number): number {
  const steps = BACK_LENGTHS.findIndex((greatest) => bytes <= greatest);
  return bytes + (steps === -1 ? BACK_LENGTHS.length : steps) + 1;
}
