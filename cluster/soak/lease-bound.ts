/**
 * Whether what async mode lost is within what it may lose. Pure.
 *
 * A failover keeps a prefix of the old master's log, and that master acknowledges for one lease at most after it has lost touch, and nothing
 * after another reigns: so of one failover, all lost writes were acknowledged before the new reign began, and within `down-after` of each other.
 */
import type { Millis } from "../../src/base/ids.ts";

/** A write that was acknowledged at some moment between these two, and is gone. */
export interface LostWrite {
  readonly key: string;
  readonly invokedAtMs: Millis;
  readonly returnedAtMs: Millis;
}

/** A member became master; one that was chosen again in place loses nothing, and is left out. */
export interface Reign {
  readonly master: string;
  readonly atMs: Millis;
}

export interface LeaseLoss {
  readonly reign: Reign;
  readonly lost: number;
  /** At least so long from the first of them to the last. */
  readonly spanMs: Millis;
}

export function lossesByReign(
  lost: readonly LostWrite[],
  reigns: readonly Reign[],
): { readonly losses: readonly LeaseLoss[]; readonly withoutReign: readonly LostWrite[] } {
  const ascending = [...reigns].sort((a, b) => a.atMs - b.atMs);
  const byReign = new Map<Reign, LostWrite[]>();
  const withoutReign: LostWrite[] = [];
  for (const write of lost) {
    const reign = ascending.find(({ atMs }) => atMs >= write.invokedAtMs);
    if (reign === undefined) withoutReign.push(write);
    else byReign.set(reign, [...(byReign.get(reign) ?? []), write]);
  }
  const losses = [...byReign].map(([reign, writes]) => {
    const firstMs = Math.min(...writes.map(({ returnedAtMs }) => returnedAtMs));
    const lastMs = Math.max(...writes.map(({ invokedAtMs }) => invokedAtMs));
    return { reign, lost: writes.length, spanMs: Math.max(0, lastMs - firstMs) };
  });
  return { losses, withoutReign };
}

/** @returns in words what goes beyond the lease; empty when nothing does. */
export function beyondLease(
  { losses, withoutReign }: ReturnType<typeof lossesByReign>,
  downAfterMs: Millis,
): string[] {
  const problems = losses
    .filter(({ spanMs }) => spanMs > downAfterMs)
    .map(
      ({ reign, lost, spanMs }) =>
        `${lost} writes lost to the reign of ${reign.master}, acknowledged over ${Math.round(spanMs)} ms: more than one lease`,
    );
  if (withoutReign.length > 0) problems.push(`${withoutReign.length} writes lost that no failover explains`);
  return problems;
}
