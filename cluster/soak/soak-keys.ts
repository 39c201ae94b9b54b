/**
 * Which keys the clients of a soak use at a moment: few, so that they meet on them, and others after a while, so that the history of one key
 * stays short enough for a search. Pure: the time comes from outside.
 */
import type { Millis } from "../../src/base/ids.ts";

/** A few hundred operations. */
const GENERATION_MS = 6000;
/** Rarely used keys live through several failovers. */
const SLOW_GENERATION_MS = 60_000;

export interface SoakKeys {
  /** Written, compared and set, and read. */
  readonly registers: readonly string[];
  readonly counter: string;
}

export function keysAt(prefix: string, elapsedMs: Millis, slow: boolean): SoakKeys {
  const generation = Math.floor(elapsedMs / (slow ? SLOW_GENERATION_MS : GENERATION_MS));
  const base = `${prefix}${slow ? "slow" : "fast"}:${generation}:`;
  return { registers: [`${base}register:0`, `${base}register:1`], counter: `${base}counter` };
}

/** Written once and never again: whether it is there at the end tells whether that write was lost. */
export function onceKey(prefix: string, client: number, sequence: number): string {
  return `${prefix}once:${client}:${sequence}`;
}

export function isOnceKey(prefix: string, key: string): boolean {
  return key.startsWith(`${prefix}once:`);
}
