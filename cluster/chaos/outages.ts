/**
 * Measures, around each fault, how long no write was acknowledged. Pure.
 * It takes the longest gap between two acknowledged writes that ends after the fault and before the next one: a fault that hurt nobody shows the
 * ordinary distance between two writes.
 */
import type { Millis } from "../../src/base/ids.ts";
import { type FaultMark, type History, isAcknowledgedWrite } from "./history.ts";

export interface Outage {
  readonly fault: FaultMark;
  /** From the last acknowledged write before the gap to the first after it, whichever clients they came from. */
  readonly anyClientMs: Millis;
  /** The same for the client that had to wait longest. */
  readonly everyClientMs: Millis;
  /** False: no write was acknowledged again before the next fault or the end. */
  readonly recovered: boolean;
}

/** One outage for each fault, in their order; marks that end a fault (a restart, a resume, a heal) are not given here. */
export function outagesOf(history: History): Outage[] {
  const all: Millis[] = [];
  const byClient = new Map<number, Millis[]>();
  for (const operation of history.operations) {
    if (!isAcknowledgedWrite(operation)) continue;
    all.push(operation.returnedAtMs);
    const own = byClient.get(operation.client);
    if (own === undefined) byClient.set(operation.client, [operation.returnedAtMs]);
    else own.push(operation.returnedAtMs);
  }
  all.sort((a, b) => a - b);
  for (const own of byClient.values()) own.sort((a, b) => a - b);

  return history.faults.map((fault, at) => {
    const untilMs = history.faults[at + 1]?.atMs ?? history.endedAtMs;
    const any = longestGap(all, fault.atMs, untilMs);
    let everyClientMs = any.gapMs;
    for (const own of byClient.values()) {
      everyClientMs = Math.max(everyClientMs, longestGap(own, fault.atMs, untilMs).gapMs);
    }
    return { fault, anyClientMs: any.gapMs, everyClientMs, recovered: any.recovered };
  });
}

function longestGap(
  ascending: readonly Millis[],
  fromMs: Millis,
  untilMs: Millis,
): { gapMs: Millis; recovered: boolean } {
  let at = firstAtOrAfter(ascending, fromMs);
  let previousMs = ascending[at - 1] ?? fromMs;
  let gapMs = 0;
  let recovered = false;
  for (; at < ascending.length; at += 1) {
    const nextMs = ascending[at];
    if (nextMs === undefined || nextMs > untilMs) break;
    gapMs = Math.max(gapMs, nextMs - previousMs);
    previousMs = nextMs;
    recovered = true;
  }
  // What is still open at the end counts as far as it was seen, and only if nothing was acknowledged at all is it "not recovered".
  return { gapMs: recovered ? gapMs : untilMs - previousMs, recovered };
}

function firstAtOrAfter(ascending: readonly Millis[], atMs: Millis): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? Number.POSITIVE_INFINITY) >= atMs) high = middle;
    else low = middle + 1;
  }
  return low;
}
