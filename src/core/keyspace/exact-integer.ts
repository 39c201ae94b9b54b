/** Integers that may pass 2^53, exactly: JS numbers as long as these are safe, bigints beyond. Compare them as they are. */

/** Always a number when it is safe, so that equal ones are `===`. */
export type ExactInteger = number | bigint;

/** A number when it is safe, else the bigint. */
export function exact(value: bigint): ExactInteger {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

export function sum(one: ExactInteger, other: ExactInteger): ExactInteger {
  if (typeof one === "number" && typeof other === "number") {
    const result = one + other;
    if (Number.isSafeInteger(result)) return result;
  }
  return exact(BigInt(one) + BigInt(other));
}

export function difference(one: ExactInteger, other: ExactInteger): ExactInteger {
  if (typeof one === "number" && typeof other === "number") {
    const result = one - other;
    if (Number.isSafeInteger(result)) return result;
  }
  return exact(BigInt(one) - BigInt(other));
}

/** As C's conversion to 64 bits with a sign, in which Redis replies with its counters. */
export function int64(value: ExactInteger): ExactInteger {
  return typeof value === "number" ? value : exact(BigInt.asIntN(64, value));
}
