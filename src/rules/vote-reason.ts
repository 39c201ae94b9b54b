/** Why a sentinel asks for votes in a new epoch. A voter grants only what it finds true for itself. */

/**
 * - `down`: the recorded master is held down.
 * - `no-master`: the recorded master's process holds no role in the recorded epoch, or none is recorded yet.
 * - `broken-reign`: somebody is above the recorded epoch, and no leader of that epoch is heard.
 * - `stalled`: the master can't commit or write, and enough others see each other without it.
 * - `planned`: the master has stopped for a switchover and given up its lease.
 * - `forced`, `recover`: an operator's word; `recover` accepts a loss.
 * - `reconfigure`: the steward is gone and a record must be written; the master is meant to stay.
 * - `bootstrap`, `adopt`: no record exists anywhere; all is empty, or an operator names whose data counts.
 */
export type VoteReason = (typeof VOTE_REASONS)[number];

export const VOTE_REASONS: readonly [
  "down",
  "no-master",
  "broken-reign",
  "stalled",
  "planned",
  "forced",
  "recover",
  "reconfigure",
  "bootstrap",
  "adopt",
] = [
  "down",
  "no-master",
  "broken-reign",
  "stalled",
  "planned",
  "forced",
  "recover",
  "reconfigure",
  "bootstrap",
  "adopt",
];

/** Reasons that maintenance (`interrex pause`) switches off. A broken reign has been begun, so it may end. */
export function isHeldByPause(reason: VoteReason): boolean {
  return reason === "down" || reason === "no-master" || reason === "stalled";
}
