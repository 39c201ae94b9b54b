/** Doubles as Redis reads them out of strings, which is as C's strtod does. How they are printed is in reply.ts. */
import { parseInteger } from "./numbers.ts";

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const HEXADECIMAL = /^([+-]?)0[xX]([\da-fA-F]+\.?[\da-fA-F]*|\.[\da-fA-F]+)(?:[pP]([+-]?\d+))?$/;
const INFINITE = /^[+-]?inf(?:inity)?$/i;
/** A digit other than 0 before any exponent: a value of 0 was then too small for a double. */
const NOT_ZERO = /^[+-]?(?:0[xX])?[0.]*[1-9a-fA-F]/;
/** The least double with all its digits, 2^-1022. */
const NORMAL_MIN = 2 ** -1022;
const BITS_PER_HEX_DIGIT = 4;
/** Exponents are applied in steps of which each is within a double's range. */
const EXPONENT_STEP = 1000;

/** @returns `undefined` when it is no number, NaN, or out of a double's range. */
export function parseDouble(text: string): number | undefined {
  const integer = parseInteger(text);
  if (integer !== undefined) return Number(integer);
  const value = readDouble(text);
  if (value === undefined) return undefined;
  if (value === 0) return NOT_ZERO.test(text) ? undefined : value;
  return Number.isFinite(value) || INFINITE.test(text) ? value : undefined;
}

/**
 * As `parseDouble`, but with all that Redis lets pass in the bounds of ranges: leading spaces, nothing for 0,
 * anything after a NUL, and what is out of range for 0 or an infinity.
 */
export function parseBoundDouble(text: string): number | undefined {
  const whole = untilNul(text);
  return whole === "" ? 0 : readDouble(trimmed(whole));
}

/**
 * As `parseDouble`, but with what Redis lets pass as a weight of SORT: leading spaces, nothing for 0, anything after a
 * NUL; and without numbers so small that they lose digits.
 */
export function parseWeight(text: string): number | undefined {
  const whole = untilNul(text);
  if (whole === "") return 0;
  const weight = parseDouble(trimmed(whole));
  const isSubnormal = weight !== undefined && weight !== 0 && Math.abs(weight) < NORMAL_MIN;
  return isSubnormal ? undefined : weight;
}

function untilNul(text: string): string {
  const nul = text.indexOf("\0");
  return nul === -1 ? text : text.slice(0, nul);
}

function trimmed(text: string): string {
  return text.replace(/^[ \t\n\v\f\r]+/, "");
}

function readDouble(text: string): number | undefined {
  if (DECIMAL.test(text)) return Number(text);
  if (INFINITE.test(text)) return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const hexadecimal = HEXADECIMAL.exec(text);
  if (hexadecimal === null) return undefined;
  const [, sign, digits = "", exponentText = "0"] = hexadecimal;
  const [whole = "", fraction = ""] = digits.split(".");
  const mantissa = Number(BigInt(`0x${whole}${fraction}`));
  const value = scaled(mantissa, Number(exponentText) - fraction.length * BITS_PER_HEX_DIGIT);
  return sign === "-" ? -value : value;
}

function scaled(mantissa: number, exponent: number): number {
  let value = mantissa;
  let left = exponent;
  while (left !== 0 && value !== 0 && Number.isFinite(value)) {
    const step = Math.max(-EXPONENT_STEP, Math.min(EXPONENT_STEP, left));
    value *= 2 ** step;
    left -= step;
  }
  return value;
}
