/** The time limit of a blocking command. */
import type { Millis } from "../../base/ids.ts";
import * as errors from "./errors.ts";
import { parseLongDouble } from "./long-double.ts";
import { INT64_MAX, parseInteger } from "./numbers.ts";

/**
 * Seconds with a fraction, as BLPOP takes them; rounded up to milliseconds, so that what little there is does not become
 * 0, which is for ever.
 *
 * @returns milliseconds, or an encoded error.
 */
export function parseTimeoutSeconds(text: string): Millis | string {
  const seconds = parseLongDouble(text);
  if (seconds === undefined) return errors.TIMEOUT_NOT_A_FLOAT;
  if (seconds === "infinite") return errors.TIMEOUT_NEGATIVE;
  const { mantissa, exponent } = seconds;
  const milliseconds = mantissa * 1000n;
  const rounded = exponent >= 0 ? milliseconds << BigInt(exponent) : ceilShift(milliseconds, -exponent);
  // As in Redis, where the conversion overflows.
  return rounded < 0n || rounded > INT64_MAX ? errors.TIMEOUT_NEGATIVE : Number(rounded);
}

/** Milliseconds, as WAIT takes them. @returns them, or an encoded error. */
export function parseTimeoutMs(text: string): Millis | string {
  const milliseconds = parseInteger(text);
  if (milliseconds === undefined) return errors.TIMEOUT_NOT_AN_INTEGER;
  return milliseconds < 0 ? errors.TIMEOUT_NEGATIVE : Number(milliseconds);
}

/** value / 2^bits, rounded up. */
function ceilShift(value: bigint, bits: number): bigint {
  return -(-value >> BigInt(bits));
}
