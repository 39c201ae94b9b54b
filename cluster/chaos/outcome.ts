/**
 * Judges an error of an ioredis client: did the operation definitely not happen, or may it have?
 * In doubt it says "may have": a wrong "failed" would let the checker accuse a correct store, or excuse a wrong one.
 */
import { InvariantError } from "../../src/base/errors.ts";
import type { Outcome } from "./history.ts";

/** Refusals after which nothing was executed, by the first word of the reply. */
const REFUSALS: ReadonlySet<string> = new Set([
  "READONLY",
  "NOREPLICAS",
  "MASTERDOWN",
  "LOADING",
  "MISCONF",
  "OOM",
  "EXECABORT",
  "NOAUTH",
  "WRONGPASS",
  "NOPERM",
]);

/** ioredis's own words for a command that it never sent. */
const NEVER_SENT =
  /^Stream isn't writeable and enableOfflineQueue options is false|ECONNREFUSED|^All sentinels/;

/** @throws `error` itself when it is a mistake of this program: that must not pass for a fault of the server. */
export function rethrowOwnMistake(error: unknown): void {
  const isOwn = error instanceof TypeError || error instanceof RangeError || error instanceof InvariantError;
  if (isOwn || error instanceof ReferenceError) throw error;
}

export function outcomeOfError(error: unknown): Exclude<Outcome, "acknowledged"> {
  rethrowOwnMistake(error);
  const message = error instanceof Error ? error.message : String(error);
  if (NEVER_SENT.test(message)) return "failed";
  const word = message.split(" ", 1)[0] ?? "";
  return REFUSALS.has(word) ? "failed" : "indeterminate";
}
