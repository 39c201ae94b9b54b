/** Reads a duration from a flag's value. Refuses in words that fit after the flag's name. */
import { InvalidArgumentError } from "commander";

/** The longest that a timer waits; a longer one would fire at once. */
export const DURATION_FLAG_MS_MAX: number = 2 ** 31 - 1;

/** `250ms`, `5s`, `2m`, `1h`; a bare number is milliseconds. */
export function durationFlag(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  const ms = Number(match?.[1]) * units[(match?.[2] ?? "ms") as keyof typeof units];
  if (ms >= 1 && ms <= DURATION_FLAG_MS_MAX) return ms;
  throw new InvalidArgumentError("Give a time from 1ms to 24 days, such as 500ms, 5s or 2m.");
}
