/** Numbers to text and back as C does it for Lua 5.1: printf's `%g`, strtod with hexadecimal integers. */

/** `tostring` and concatenation: `%.14g`. */
export function numberToText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e14 ? integral(value) : general(value, 14);
}

function integral(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** C's `%.<precision>g`. */
export function general(value: number, precision: number, alternate = false): string {
  if (!Number.isFinite(value)) return notFinite(value);
  const digits = Math.max(1, precision);
  const [mantissa = "", exponentText = "0"] = toEvenExponential(value, digits - 1).split("e");
  const exponent = Number(exponentText);
  const sign = Object.is(value, -0) ? "-" : "";
  if (exponent < -4 || exponent >= digits) {
    return `${sign}${alternate ? mantissa : trimmed(mantissa)}e${exponentOf(exponent)}`;
  }
  const decimals = Math.min(100, digits - 1 - exponent);
  return sign + (alternate ? toEvenFixed(value, decimals) : trimmed(toEvenFixed(value, decimals)));
}

/** C's `%.<precision>e`. */
export function scientific(value: number, precision: number): string {
  if (!Number.isFinite(value)) return notFinite(value);
  const [mantissa = "", exponent = "0"] = toEvenExponential(value, precision).split("e");
  return `${Object.is(value, -0) ? "-" : ""}${mantissa}e${exponentOf(Number(exponent))}`;
}

/** C's `%.<precision>f`. */
export function fixed(value: number, precision: number): string {
  if (!Number.isFinite(value)) return notFinite(value);
  const sign = Object.is(value, -0) ? "-" : "";
  if (Math.abs(value) < 1e21) return sign + toEvenFixed(value, precision);
  return BigInt(value).toString() + (precision > 0 ? `.${"0".repeat(precision)}` : "");
}

/** Digits beyond those wanted that tell whether a number lies exactly between two. */
const TIE_DIGITS = 40;
const TIE = /50{39}$/;

/** Both round ties to even as C does; JavaScript rounds them up. */
function toEvenFixed(value: number, precision: number): string {
  const rounded = value.toFixed(precision);
  const longer = value.toFixed(Math.min(100, precision + TIE_DIGITS));
  if (!TIE.test(longer)) return rounded;
  return toEven(rounded, longer.slice(0, -TIE_DIGITS).replace(/\.$/, ""));
}

function toEvenExponential(value: number, precision: number): string {
  const rounded = value.toExponential(precision);
  const [mantissa = "", exponent = ""] = value
    .toExponential(Math.min(100, precision + TIE_DIGITS))
    .split("e");
  if (!TIE.test(mantissa)) return rounded;
  return toEven(rounded, `${mantissa.slice(0, -TIE_DIGITS).replace(/\.$/, "")}e${exponent}`);
}

function toEven(rounded: string, truncated: string): string {
  const last = /\d(?=e|$)/.exec(truncated)?.[0] ?? "0";
  return Number(last) % 2 === 0 ? truncated : rounded;
}

function notFinite(value: number): string {
  // The sign of a NaN can't be seen here; what scripts make by 0/0 is negative on x86.
  if (Number.isNaN(value)) return "-nan";
  return value > 0 ? "inf" : "-inf";
}

function exponentOf(exponent: number): string {
  return `${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

function trimmed(decimal: string): string {
  return decimal.includes(".") ? decimal.replace(/\.?0+$/, "") : decimal;
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** With digits on either side of the point; the exponent is one of 2. */
const HEXADECIMAL = /^([+-]?)0x(?=\.?[0-9a-f])([0-9a-f]*)\.?([0-9a-f]*)(?:p([+-]?\d+))?$/i;
const BITS_PER_DIGIT = 4;

/** @returns `undefined` when the whole text, spaces around it aside, is no number. */
export function textToNumber(text: string): number | undefined {
  const body = text.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, "");
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

/** `value` times a power of 2, which by itself may be beyond what a double holds. */
function scaled(value: number, exponent: number): number {
  const half = Math.trunc(exponent / 2);
  return value * 2 ** half * 2 ** (exponent - half);
}

/** A C cast to long long: truncated; what does not fit becomes the smallest. */
export function toInt64(value: number): bigint {
  if (!(value >= -(2 ** 63) && value < 2 ** 63)) return -(2n ** 63n);
  return BigInt(Math.trunc(value));
}
