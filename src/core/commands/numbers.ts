/** Numbers among the arguments of commands; what an integer is, `int64.ts` says. */
import { INT64_MAX, INT64_MIN, parseInteger } from "../keyspace/int64.ts";

export { INT64_MAX, INT64_MIN, parseInteger };

export const INT32_MAX = 0x7fffffff;
export const INT32_MIN = -0x80000000;

/** What Redis takes for the number of a database. */
export function isInt32(value: number | bigint): boolean {
  return value >= INT32_MIN && value <= INT32_MAX;
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
