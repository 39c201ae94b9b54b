/**
 * The arithmetic of INCRBYFLOAT: x87 extended precision (64 bits of mantissa), as Redis computes it on x86, so that
 * 10.5 + 0.1 is 10.6 and results are byte for byte the same. Exact, with bigints; not meant for a hot path.
 */

/** mantissa * 2^exponent; the mantissa has at most 64 bits. */
export interface LongDouble {
  readonly mantissa: bigint;
  readonly exponent: number;
}

const MANTISSA_BITS = 64;
/** Greatest exponent of the leading bit, and the least one of any bit. */
const LEADING_EXPONENT_MAX = 16383;
const EXPONENT_MIN = -16445;
/** Longer texts than this are refused, as in Redis (MAX_LONG_DOUBLE_CHARS). */
const TEXT_MAX = 5 * 1024;
const PRINTED_DECIMALS = 17;

const DECIMAL = /^([+-]?)(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d+))?$/;
const HEXADECIMAL = /^([+-]?)0[xX]([\da-fA-F]+\.?[\da-fA-F]*|\.[\da-fA-F]+)(?:[pP]([+-]?\d+))?$/;
const INFINITE = /^([+-]?)(?:inf|infinity)$/i;

/** @returns "infinite" for an infinity, `undefined` when the text is no number or out of range. */
export function parseLongDouble(text: string): LongDouble | "infinite" | undefined {
  if (text.length > TEXT_MAX) return undefined;
  if (INFINITE.test(text)) return "infinite";
  const decimal = DECIMAL.exec(text);
  if (decimal !== null) return fromDigits(decimal, 10n, 10n, 1);
  const hexadecimal = HEXADECIMAL.exec(text);
  return hexadecimal === null ? undefined : fromDigits(hexadecimal, 16n, 2n, 4);
}

/** @returns `undefined` when the sum is beyond the greatest long double. */
export function addLongDoubles(one: LongDouble, other: LongDouble): LongDouble | undefined {
  const exponent = Math.min(one.exponent, other.exponent);
  const sum =
    (one.mantissa << BigInt(one.exponent - exponent)) + (other.mantissa << BigInt(other.exponent - exponent));
  const rounded = roundToMantissa(sum, exponent, false);
  return isTooLarge(rounded) ? undefined : rounded;
}

/** As C's `%.17Lf` without trailing zeros. */
export function formatLongDouble(value: LongDouble): string {
  const negative = value.mantissa < 0n;
  const magnitude = negative ? -value.mantissa : value.mantissa;
  const scaled = magnitude * 10n ** BigInt(PRINTED_DECIMALS);
  const printed =
    value.exponent >= 0 ? scaled << BigInt(value.exponent) : shiftRounded(scaled, -value.exponent, false);
  const digits = String(printed).padStart(PRINTED_DECIMALS + 1, "0");
  const whole = digits.slice(0, -PRINTED_DECIMALS);
  const fraction = digits.slice(-PRINTED_DECIMALS).replace(/0+$/, "");
  const text = fraction === "" ? whole : `${whole}.${fraction}`;
  return negative && text !== "0" ? `-${text}` : text;
}

function fromDigits(
  match: RegExpExecArray,
  base: bigint,
  exponentBase: bigint,
  exponentPerDigit: number,
): LongDouble | undefined {
  const [, sign, digits = "", exponentText = "0"] = match;
  const [whole = "", fraction = ""] = digits.split(".");
  const mantissa = base === 10n ? BigInt(whole + fraction) : BigInt(`0x${whole}${fraction}`);
  if (mantissa === 0n) return { mantissa: 0n, exponent: 0 };
  const exponent = Number(exponentText) - fraction.length * exponentPerDigit;
  // Beyond any long double whatever the digits are; keeps the powers below affordable.
  if (Math.abs(exponent) > 20_000 + TEXT_MAX * exponentPerDigit) return undefined;
  const value = scale(sign === "-" ? -mantissa : mantissa, exponentBase, exponent);
  return value.mantissa === 0n || isTooLarge(value) ? undefined : value;
}

/** mantissa * base^exponent, rounded once. */
function scale(mantissa: bigint, base: bigint, exponent: number): LongDouble {
  const power = base ** BigInt(Math.abs(exponent));
  if (exponent >= 0) return roundToMantissa(mantissa * power, 0, false);
  // Enough further bits that the quotient has more than the mantissa holds; the rest only says whether it is exact.
  const extra = MANTISSA_BITS + 2 + Math.max(0, bitLength(power) - bitLength(mantissa));
  const shifted = mantissa << BigInt(extra);
  return roundToMantissa(shifted / power, -extra, shifted % power !== 0n);
}

/** @param inexact something smaller than the last bit was dropped already. */
function roundToMantissa(mantissa: bigint, exponent: number, inexact: boolean): LongDouble {
  const drop = Math.max(bitLength(mantissa) - MANTISSA_BITS, EXPONENT_MIN - exponent);
  if (drop <= 0) return { mantissa, exponent };
  const negative = mantissa < 0n;
  const magnitude = shiftRounded(negative ? -mantissa : mantissa, drop, inexact);
  return { mantissa: negative ? -magnitude : magnitude, exponent: exponent + drop };
}

/** Drops `bits` bits, to the nearest, ties to even. */
function shiftRounded(magnitude: bigint, bits: number, inexact: boolean): bigint {
  const shift = BigInt(bits);
  const kept = magnitude >> shift;
  const dropped = magnitude - (kept << shift);
  const half = 1n << (shift - 1n);
  const up = dropped > half || (dropped === half && (inexact || (kept & 1n) === 1n));
  return up ? kept + 1n : kept;
}

function isTooLarge(value: LongDouble): boolean {
  return bitLength(value.mantissa) + value.exponent - 1 > LEADING_EXPONENT_MAX;
}

function bitLength(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  if (magnitude === 0n) return 0;
  const hex = magnitude.toString(16);
  return (hex.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(hex[0] ?? "0", 16)));
}
