/** Keeps a cause that repeats, such as a wrong secret at every redial, from filling the log. Drops no first line. */
import type { Millis } from "../../base/ids.ts";
import type { LogFields, Logger } from "../logger.ts";

const KEYS_MAX = 256;
/** Lines in an interval, whatever their keys: strangers choose what they are refused for. */
const LINES_MAX = 64;

export class RateLimitedLog {
  readonly #log: Logger;
  readonly #everyMs: Millis;
  #windowFromMs: Millis = Number.NEGATIVE_INFINITY;
  #windowLines = 0;
  readonly #seen = new Map<string, { atMs: Millis; suppressed: number }>();

  constructor(log: Logger, everyMs: Millis = 10_000) {
    this.#log = log;
    this.#everyMs = everyMs;
  }

  /** Warns, at most once per interval for each `key`; the next line says how many were left out. */
  warn(key: string, fields: LogFields, text: string): void {
    const nowMs = performance.now();
    const seen = this.#seen.get(key);
    if (seen !== undefined && nowMs - seen.atMs < this.#everyMs) {
      seen.suppressed += 1;
      return;
    }
    if (nowMs - this.#windowFromMs >= this.#everyMs) {
      this.#windowFromMs = nowMs;
      this.#windowLines = 0;
    }
    if (this.#windowLines >= LINES_MAX) return;
    this.#windowLines += 1;
    // Keys may come from strangers: forgetting all costs a few repeated lines, remembering all costs memory.
    if (this.#seen.size >= KEYS_MAX) this.#seen.clear();
    this.#seen.set(key, { atMs: nowMs, suppressed: 0 });
    this.#log.warn(seen === undefined ? fields : { ...fields, suppressed: seen.suppressed }, text);
  }
}
