/**
 * Decides whether the reads and writes of one key fit a single linearizable register, and which acknowledged writes were lost.
 * Pure. Exact for values written once each (Gibbons and Korach, "Testing shared memories", 1997), in O(n log n).
 *
 * All operations on one value form a *zone* between the first moment by which the value was certainly there and the last moment at which it was
 * certainly still there. While one value reigns, no other can: neither another reign that overlaps, nor a write that came and went inside.
 */
import type { Millis } from "../../src/base/ids.ts";
import type { Anomaly } from "./checker.ts";

export interface RegisterWrite {
  readonly value: string;
  readonly invokedAtMs: Millis;
  readonly returnedAtMs: Millis;
  /** False: it may take effect at any time from its call on, or never. */
  readonly acknowledged: boolean;
}

export interface RegisterRead {
  readonly value: string | null;
  readonly invokedAtMs: Millis;
  readonly returnedAtMs: Millis;
}

interface Zone {
  readonly value: string | null;
  readonly acknowledged: boolean;
  /** Call of the write; -Infinity for the initial absence. */
  readonly writtenFromMs: Millis;
  /** The earliest answer of an operation on this value: from here on it had certainly been written. */
  thereByMs: Millis;
  /** The latest call of an operation on this value: it was certainly not replaced for good before this. */
  untilMs: Millis;
  /** Whether an answer showed it: an indeterminate write that nobody saw proves nothing. */
  seen: boolean;
}

export function checkRegister(
  key: string,
  writes: readonly RegisterWrite[],
  reads: readonly RegisterRead[],
): { readonly lost: number; readonly anomalies: readonly Anomaly[] } {
  const anomalies: Anomaly[] = [];
  const zones = zonesOf(writes);
  for (const read of reads) {
    const zone = zones.get(read.value);
    if (zone === undefined) {
      anomalies.push({
        key,
        kind: "unknown-value",
        detail: `read ${show(read.value)}, which was never written`,
      });
    } else if (read.returnedAtMs < zone.writtenFromMs) {
      const detail = `read ${show(read.value)} at ${ms(read.returnedAtMs)}, written from ${ms(zone.writtenFromMs)} on`;
      anomalies.push({ key, kind: "read-from-the-future", detail });
    } else {
      zone.thereByMs = Math.min(zone.thereByMs, read.returnedAtMs);
      zone.untilMs = Math.max(zone.untilMs, read.invokedAtMs);
      zone.seen = true;
    }
  }

  // A reign: the value was certainly there over a whole interval. The others fit between two moments and only must not fall inside a reign.
  const reigns: Zone[] = [];
  const moments: Zone[] = [];
  for (const zone of zones.values()) {
    if (zone.thereByMs < zone.untilMs) reigns.push(zone);
    else if (zone.acknowledged || zone.seen) moments.push(zone);
  }
  reigns.sort((a, b) => a.thereByMs - b.thereByMs);

  let lost = 0;
  const report = (gone: Zone, survivor: Zone): void => {
    const kind = gone.acknowledged ? "lost-write" : "stale-read";
    if (gone.acknowledged) lost += 1;
    const detail =
      `${show(survivor.value)} was there by ${ms(survivor.thereByMs)} and still read at ${ms(survivor.untilMs)}, ` +
      `although ${show(gone.value)} was ${gone.acknowledged ? "acknowledged" : "seen"} at ${ms(gone.thereByMs)}`;
    anomalies.push({ key, kind, detail });
  };

  // The reign that reaches furthest among those begun so far: each later one must begin after its end.
  let widest: Zone | undefined;
  for (const reign of reigns) {
    // The later begun of two overlapping reigns is the newer value, gone when the older one was read again.
    if (widest !== undefined && reign.thereByMs < widest.untilMs) report(reign, widest);
    if (widest === undefined || reign.untilMs > widest.untilMs) widest = reign;
  }

  const furthest = furthestSoFar(reigns);
  for (const moment of moments) {
    const survivor = furthest[lastBefore(reigns, moment.untilMs)];
    if (survivor !== undefined && moment.thereByMs < survivor.untilMs) report(moment, survivor);
  }
  return { lost, anomalies };
}

function zonesOf(writes: readonly RegisterWrite[]): Map<string | null, Zone> {
  const zones = new Map<string | null, Zone>();
  const never = Number.NEGATIVE_INFINITY;
  zones.set(null, {
    value: null,
    acknowledged: false,
    writtenFromMs: never,
    thereByMs: never,
    untilMs: never,
    seen: true,
  });
  for (const write of writes) {
    zones.set(write.value, {
      value: write.value,
      acknowledged: write.acknowledged,
      writtenFromMs: write.invokedAtMs,
      thereByMs: write.acknowledged ? write.returnedAtMs : Number.POSITIVE_INFINITY,
      untilMs: write.invokedAtMs,
      seen: false,
    });
  }
  return zones;
}

/** For each reign, the one that lasts longest among it and those before it. */
function furthestSoFar(reigns: readonly Zone[]): Zone[] {
  const furthest: Zone[] = [];
  let best: Zone | undefined;
  for (const reign of reigns) {
    if (best === undefined || reign.untilMs > best.untilMs) best = reign;
    furthest.push(best);
  }
  return furthest;
}

/** Index of the last reign that began strictly before `atMs`; -1 when there is none. */
function lastBefore(reigns: readonly Zone[], atMs: Millis): number {
  let low = 0;
  let high = reigns.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((reigns[middle]?.thereByMs ?? Number.POSITIVE_INFINITY) < atMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function show(value: string | null): string {
  return value === null ? "(absent)" : value;
}

function ms(atMs: Millis): string {
  return Number.isFinite(atMs) ? `${atMs.toFixed(1)} ms` : "the start";
}
