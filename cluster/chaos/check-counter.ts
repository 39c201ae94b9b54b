/** Decides whether the increments and reads of one key fit a single counter that only grows, and how many were lost. Pure. */
import { InterrexError } from "../../src/base/errors.ts";
import type { Millis } from "../../src/base/ids.ts";
import type { Anomaly } from "./checker.ts";
import type { IncrementOperation, ReadOperation } from "./history.ts";

/** An answer that shows the counter: what it was before the operation, and after. */
interface Sighting {
  readonly before: number;
  readonly after: number;
  readonly invokedAtMs: Millis;
  readonly returnedAtMs: Millis;
  readonly acknowledgedIncrement: boolean;
}

/**
 * @param clientResends then too high a value proves nothing: a resent increment counts twice by the client's own doing.
 * @throws InterrexError COUNTER_NOT_A_NUMBER when a read of the counter shows something else.
 */
export function checkCounter(
  key: string,
  increments: readonly IncrementOperation[],
  reads: readonly ReadOperation[],
  clientResends: boolean,
): { readonly lost: number; readonly anomalies: readonly Anomaly[] } {
  const sightings = sightingsOf(increments, reads);
  const goneBack = findGoneBack(key, sightings);
  const missing = findMissing(key, sightings, goneBack.lost);
  const extra = clientResends ? [] : findExtra(key, increments, sightings);
  return {
    lost: goneBack.lost + missing.lost,
    anomalies: [...goneBack.anomalies, ...missing.anomalies, ...extra],
  };
}

function sightingsOf(
  increments: readonly IncrementOperation[],
  reads: readonly ReadOperation[],
): readonly Sighting[] {
  const sightings: Sighting[] = [];
  for (const { key, value, invokedAtMs, returnedAtMs } of reads) {
    const shown = value === null ? 0 : Number(value);
    if (!Number.isSafeInteger(shown)) {
      throw new InterrexError("COUNTER_NOT_A_NUMBER", `Counter ${key} reads as ${JSON.stringify(value)}`);
    }
    sightings.push({ before: shown, after: shown, invokedAtMs, returnedAtMs, acknowledgedIncrement: false });
  }
  for (const { outcome, result, invokedAtMs, returnedAtMs } of increments) {
    if (outcome !== "acknowledged" || result === null) continue;
    sightings.push({
      before: result - 1,
      after: result,
      invokedAtMs,
      returnedAtMs,
      acknowledgedIncrement: true,
    });
  }
  return sightings.sort((a, b) => a.invokedAtMs - b.invokedAtMs);
}

/** A counter seen lower than before has forgotten; every acknowledged increment above the low point is gone. */
function findGoneBack(key: string, sightings: readonly Sighting[]): { lost: number; anomalies: Anomaly[] } {
  const lowestFrom: number[] = new Array(sightings.length).fill(Number.POSITIVE_INFINITY);
  let lowest = Number.POSITIVE_INFINITY;
  for (let at = sightings.length - 1; at >= 0; at -= 1) {
    lowest = Math.min(lowest, sightings[at]?.before ?? lowest);
    lowestFrom[at] = lowest;
  }
  const anomalies: Anomaly[] = [];
  const surviving = new Set<number>();
  let lost = 0;
  for (const sighting of sightings) {
    const later = lowestFrom[firstAfter(sightings, sighting.returnedAtMs)] ?? Number.POSITIVE_INFINITY;
    const isGone = later < sighting.after;
    if (isGone) {
      const kind = sighting.acknowledgedIncrement ? "lost-increment" : "stale-read";
      const detail = `${sighting.after} was seen at ${sighting.returnedAtMs.toFixed(1)} ms, and later ${later}`;
      anomalies.push({ key, kind, detail });
    }
    if (!sighting.acknowledgedIncrement) continue;
    if (isGone) lost += 1;
    else if (surviving.has(sighting.after)) {
      lost += 1;
      const detail = `two increments were both answered with ${sighting.after}`;
      anomalies.push({ key, kind: "lost-increment", detail });
    } else surviving.add(sighting.after);
  }
  return { lost, anomalies };
}

/** A counter below the number of increments acknowledged before has lost at least the difference. */
function findMissing(
  key: string,
  sightings: readonly Sighting[],
  alreadyLost: number,
): { lost: number; anomalies: Anomaly[] } {
  const returns = sightings
    .filter((sighting) => sighting.acknowledgedIncrement)
    .map((sighting) => sighting.returnedAtMs)
    .sort((a, b) => a - b);
  let worst = 0;
  let detail = "";
  let acknowledgedBefore = 0;
  for (const sighting of sightings) {
    while ((returns[acknowledgedBefore] ?? Number.POSITIVE_INFINITY) < sighting.invokedAtMs)
      acknowledgedBefore += 1;
    const missing = acknowledgedBefore - sighting.before;
    if (missing <= worst) continue;
    worst = missing;
    detail = `showed ${sighting.before} after ${acknowledgedBefore} acknowledged increments`;
  }
  if (worst <= alreadyLost) return { lost: 0, anomalies: [] };
  return { lost: worst - alreadyLost, anomalies: [{ key, kind: "lost-increment", detail }] };
}

/** A counter above the number of increments that can have happened has counted one twice. */
function findExtra(
  key: string,
  increments: readonly IncrementOperation[],
  sightings: readonly Sighting[],
): Anomaly[] {
  const calls = increments
    .filter((increment) => increment.outcome !== "failed")
    .map((increment) => increment.invokedAtMs)
    .sort((a, b) => a - b);
  const byReturn = [...sightings].sort((a, b) => a.returnedAtMs - b.returnedAtMs);
  let possible = 0;
  for (const sighting of byReturn) {
    while ((calls[possible] ?? Number.POSITIVE_INFINITY) <= sighting.returnedAtMs) possible += 1;
    if (sighting.after > possible) {
      const detail = `showed ${sighting.after} when at most ${possible} increments can have happened`;
      return [{ key, kind: "extra-increment", detail }];
    }
  }
  return [];
}

/** Index of the first sighting invoked strictly after `atMs`. */
function firstAfter(sightings: readonly Sighting[], atMs: Millis): number {
  let low = 0;
  let high = sightings.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sightings[middle]?.invokedAtMs ?? Number.POSITIVE_INFINITY) > atMs) high = middle;
    else low = middle + 1;
  }
  return low;
}
