/** Numbers to text as C's printf does it. */

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

/**
 * Only a number whose last binary digit is just so far behind the point can end in a decimal 5 right behind those wanted; where
 * one decimal more is wanted than there are, it may be one digit before that.
 */
function mayTie(value: number, decimals: number): boolean {
  const scaled = value * 2 ** (decimals + 1);
  return Number.isInteger(scaled) && scaled % 4 !== 0;
}

/** Both round ties to even as C does; JavaScript rounds them up. */
function toEvenFixed(value: number, precision: number): string {
  const rounded = value.toFixed(precision);
  if (!mayTie(value, precision)) return rounded;
  const longer = value.toFixed(Math.min(100, precision + TIE_DIGITS));
  if (!TIE.test(longer)) return rounded;
  return toEven(rounded, longer.slice(0, -TIE_DIGITS).replace(/\.$/, ""));
}

function toEvenExponential(value: number, precision: number): string {
  const rounded = value.toExponential(precision);
  const exponentOfRounded = Number(rounded.slice(rounded.indexOf("e") + 1));
  if (!mayTie(value, precision - exponentOfRounded + 1)) return rounded;
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
