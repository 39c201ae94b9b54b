/**
 * Measures, around each fault, how long no write was acknowledged. Pure.
 * It takes the longest gap between two acknowledged writes that reaches beyond the fault, up to the next one: a fault that hurt nobody shows the
 * ordinary distance between two writes. A gap that is still open at the next fault, or at the end, counts as far as it was seen.
 */
import type { Millis } from "../../src/base/ids.ts";
import { type FaultMark, type History, isAcknowledgedWrite, type Operation } from "./history.ts";

export interface Outage {
  readonly fault: FaultMark;
  /** From the last acknowledged write before the gap to the first after it, whichever clients they came from. */
  readonly anyClientMs: Millis;
  /** The same for the client that had to wait longest. */
  readonly everyClientMs: Millis;
  /**
   * False: before the next fault, or the end, no write was acknowledged that was sent once the fault was done, or none after it was mended.
   * An acknowledgement that was on its way when the fault came is no recovery.
   */
  readonly recovered: boolean;
}

/** One outage for each fault, in their order; marks that end a fault (a restart, a resume, a heal) are not given here. */
export function outagesOf(history: History): Outage[] {
  const all: Millis[] = [];
  const proofs: Proof[] = [];
  const byClient = new Map<number, Millis[]>();
  for (const operation of history.operations) {
    if (!isAcknowledgedWrite(operation)) continue;
    all.push(operation.returnedAtMs);
    proofs.push(operation);
    const own = byClient.get(operation.client);
    if (own === undefined) byClient.set(operation.client, [operation.returnedAtMs]);
    else own.push(operation.returnedAtMs);
  }
  all.sort((a, b) => a - b);
  for (const own of byClient.values()) own.sort((a, b) => a - b);

  return history.faults.map((fault, at) => {
    const untilMs = history.faults[at + 1]?.atMs ?? history.endedAtMs;
    const anyClientMs = longestGap(all, fault.atMs, untilMs);
    let everyClientMs = anyClientMs;
    for (const own of byClient.values()) {
      everyClientMs = Math.max(everyClientMs, longestGap(own, fault.atMs, untilMs));
    }
    return { fault, anyClientMs, everyClientMs, recovered: isRecovered(fault, untilMs, proofs) };
  });
}

type Proof = Pick<Operation, "invokedAtMs" | "returnedAtMs">;

function isRecovered(fault: FaultMark, untilMs: Millis, proofs: readonly Proof[]): boolean {
  const { brokenAtMs = fault.atMs, mendedAtMs = Number.NEGATIVE_INFINITY } = fault;
  return proofs.some(
    ({ invokedAtMs, returnedAtMs }) =>
      invokedAtMs >= brokenAtMs && returnedAtMs >= mendedAtMs && returnedAtMs <= untilMs,
  );
}

function longestGap(ascending: readonly Millis[], fromMs: Millis, untilMs: Millis): Millis {
  let at = firstAtOrAfter(ascending, fromMs);
  let previousMs = ascending[at - 1] ?? fromMs;
  let gapMs = 0;
  for (; at < ascending.length; at += 1) {
    const nextMs = ascending[at];
    if (nextMs === undefined || nextMs > untilMs) break;
    gapMs = Math.max(gapMs, nextMs - previousMs);
    previousMs = nextMs;
  }
  return Math.max(gapMs, untilMs - previousMs);
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
