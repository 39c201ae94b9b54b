/**
 * How often a key is used, in a number up to 255, as Redis counts it: the greater, the less likely it is to grow by one more
 * use, and it shrinks with the minutes that pass without one.
 */
import type { Randomness } from "../../base/randomness.ts";
import type { Bookkeeping } from "./bookkeeping.ts";
import type { KeyTable } from "./key-table.ts";

/** New keys begin here, so that they are not the first to go. */
export const FREQUENCY_INITIAL = 5;
const FREQUENCY_MAX = 255;

export function afterUse(frequency: number, logFactor: number, random: Randomness): number {
  if (frequency >= FREQUENCY_MAX) return FREQUENCY_MAX;
  const chance = 1 / (Math.max(0, frequency - FREQUENCY_INITIAL) * logFactor + 1);
  return random.next() < chance ? frequency + 1 : frequency;
}

/** @param decayMinutes it shrinks by one for each so many minutes; 0 for never. */
export function decayed(frequency: number, usedSec: number, nowSec: number, decayMinutes: number): number {
  if (decayMinutes === 0) return frequency;
  const minutes = Math.floor(nowSec / 60) - Math.floor(usedSec / 60);
  return Math.max(0, frequency - Math.max(0, Math.floor(minutes / decayMinutes)));
}

/** A command has looked at the key at `at`, or has set it. */
export function noteUse(table: KeyTable, at: number, { useCounting, memory, nowSec }: Bookkeeping): void {
  if (useCounting !== null) {
    const before = decayed(table.frequency(at), table.usedSec(at), nowSec, memory.lfuDecayMinutes);
    table.setFrequency(at, afterUse(before, memory.lfuLogFactor, useCounting));
  }
  table.setUsed(at, nowSec);
}
