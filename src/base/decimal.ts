/** Integers in bytes, in their only spelling: no spaces, no leading zeros or plus sign. */

/** So many digits surely fit in a double's 53 bits. */
const DIGITS_MAX = 15;
const MINUS = 0x2d;
const ZERO = 0x30;

/** @returns what the bytes from `start` to `end` spell; `undefined` for what is no integer, or has more than 15 digits. */
export function readInteger(bytes: Buffer, start: number, end: number): number | undefined {
  const negative = start < end && bytes[start] === MINUS;
  const first = negative ? start + 1 : start;
  const digits = end - first;
  if (digits < 1 || digits > DIGITS_MAX) return undefined;
  if (bytes[first] === ZERO) return digits === 1 && !negative ? 0 : undefined;
  let value = 0;
  for (let at = first; at < end; at += 1) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}

/** How many bytes `writeInteger` takes. @param value a safe integer. */
export function integerBytes(value: number): number {
  let length = value < 0 ? 2 : 1;
  for (let rest = Math.abs(value); rest >= 10; rest = Math.floor(rest / 10)) length += 1;
  return length;
}

/** Writes `value` in the bytes up to `end`: as many as `integerBytes` says. */
export function writeInteger(bytes: Buffer, value: number, end: number): void {
  let rest = Math.abs(value);
  let at = end;
  do {
    at -= 1;
    const above = Math.floor(rest / 10);
    bytes[at] = ZERO + (rest - above * 10);
    rest = above;
  } while (rest !== 0);
  if (value < 0) bytes[at - 1] = MINUS;
}
