/** How many copies make a write safe, and how many seals make a promotion safe. */
import type { ReplicationMode } from "./group-record.ts";

/** More than half of `count`. */
export function majority(count: number): number {
  return Math.floor(count / 2) + 1;
}

/**
 * R: admitted sealed members needed before a promotion.
 *
 * `n - W + 1` in semi-sync and sync, so every possible ack set meets every allowed seal set (S6).
 * 1 in async, where an acknowledged write has one copy only.
 */
export function sealQuorum(mode: ReplicationMode, voters: number, copies: number): number {
  return mode === "async" ? 1 : coverQuorum(voters, copies);
}

/** So many voting members hold, between them, every write with `copies` copies: `n - W + 1`. */
export function coverQuorum(voters: number, copies: number): number {
  return voters - copies + 1;
}

/** W when the operator names none: a majority of n, and 1 in async. */
export function defaultCopies(mode: ReplicationMode, voters: number): number {
  return mode === "async" ? 1 : majority(voters);
}
