/** Points in time as commands give them: SET and GETEX options, and the arithmetic of relative and absolute expiry. */
import type { Millis } from "../../base/ids.ts";
import { type Argv, arg } from "./command.ts";
import { invalidExpireTime, NOT_AN_INTEGER } from "./errors.ts";
import { INT64_MAX, INT64_MIN, parseInteger } from "./numbers.ts";

export type TimeUnit = "EX" | "PX" | "EXAT" | "PXAT";

export interface StringOptions {
  condition: "NX" | "XX" | undefined;
  get: boolean;
  keepTtl: boolean;
  persist: boolean;
  expiry: { readonly unit: TimeUnit; readonly text: string } | undefined;
}

/** Expiries beyond what a double holds exactly (the year 287396) are brought down to this. */
const EXPIRE_AT_MAX: Millis = Number.MAX_SAFE_INTEGER;

/** @returns `undefined` for a syntax error. @param from index of the first option. */
export function parseStringOptions(
  argv: Argv,
  from: number,
  command: "set" | "getex",
): StringOptions | undefined {
  const options: StringOptions = {
    condition: undefined,
    get: false,
    keepTtl: false,
    persist: false,
    expiry: undefined,
  };
  const isSet = command === "set";
  for (let at = from; at < argv.length; at += 1) {
    const option = arg(argv, at).toUpperCase();
    if (isSet && (option === "NX" || option === "XX")) {
      if (options.condition !== undefined && options.condition !== option) return undefined;
      options.condition = option;
    } else if (isSet && option === "GET") {
      options.get = true;
    } else if (isSet && option === "KEEPTTL") {
      if (options.expiry !== undefined) return undefined;
      options.keepTtl = true;
    } else if (!isSet && option === "PERSIST") {
      if (options.expiry !== undefined) return undefined;
      options.persist = true;
    } else if (option === "EX" || option === "PX" || option === "EXAT" || option === "PXAT") {
      const clash = options.expiry !== undefined && options.expiry.unit !== option;
      if (clash || options.keepTtl || options.persist || at + 1 >= argv.length) return undefined;
      at += 1;
      options.expiry = { unit: option, text: arg(argv, at) };
    } else {
      return undefined;
    }
  }
  return options;
}

/**
 * The point in time that SET, SETEX or GETEX asks for; it must be positive.
 *
 * @returns the point, or an encoded error.
 */
export function expiryOf(
  expiry: { readonly unit: TimeUnit; readonly text: string },
  nowMs: Millis,
  command: string,
): Millis | string {
  const amount = parseInteger(expiry.text);
  if (amount === undefined) return NOT_AN_INTEGER;
  if (amount <= 0) return invalidExpireTime(command);
  const seconds = expiry.unit === "EX" || expiry.unit === "EXAT";
  const relative = expiry.unit === "EX" || expiry.unit === "PX";
  return pointInTime(amount, seconds, relative ? nowMs : 0) ?? invalidExpireTime(command);
}

/** @returns the Unix time in milliseconds, or `undefined` when it leaves 64 bits. */
export function pointInTime(amount: number | bigint, seconds: boolean, baseMs: Millis): Millis | undefined {
  if (typeof amount === "number") {
    const atMs = (seconds ? amount * 1000 : amount) + baseMs;
    if (Number.isSafeInteger(atMs)) return atMs;
  }
  const scaled = seconds ? BigInt(amount) * 1000n : BigInt(amount);
  const exact = scaled + BigInt(baseMs);
  if (scaled > INT64_MAX || scaled < INT64_MIN || exact > INT64_MAX) return undefined;
  return Math.min(Number(exact), EXPIRE_AT_MAX);
}
