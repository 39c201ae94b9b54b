/** What a member may do for Redis clients at a moment, as its role says it, and which commands it then refuses. */
import { unreachable } from "../base/errors.ts";
import type { Epoch, Millis, Offset } from "../base/ids.ts";
import type { Instant } from "../base/instant.ts";
import { type Command, FLAGS } from "./commands/command.ts";
import { LOADING, MASTERDOWN, READONLY } from "./commands/errors.ts";
import type { ClientSession } from "./session.ts";

/** What the node may do for clients at this moment. Recomputed by the member when anything of it changes. */
export type Service =
  /** No role, or a replica that does not hold a committed state of the present master. */
  | { readonly kind: "none" }
  | { readonly kind: "loading" }
  | { readonly kind: "replica" }
  /** A master that may not execute now: not yet established, sealed, or in a switchover. Data commands wait. */
  | { readonly kind: "held"; readonly untilMs: Millis }
  | { readonly kind: "master"; readonly reign: ServingReign };

/** The reign as the desk needs it. */
export interface ServingReign {
  readonly epoch: Epoch;
  /** `undefined` when writes are taken now, else the refusal. */
  refuseWrite(now: Instant): string | undefined;
  /** The round that a read must see confirmed; 0 when a lease (or the mode) makes that needless; -1: refuse it. */
  readRound(now: Instant): number;
  /** Cut off from sentinels and replicas alike: its clients are better off asking the sentinels again. */
  isIsolated(now: Instant): boolean;
  /** Somebody waits for acks: ask the replicas now. */
  hurry(): void;
  /** Replicas, of whatever standing, that have received all up to there. */
  countReceived(offset: Offset): number;
}

const ENDS_MULTI: ReadonlySet<string> = new Set(["exec", "discard", "quit", "reset"]);

/**
 * Whether a command is refused for want of memory. Inside MULTI all are but those that end it: the queue could grow without bound.
 *
 * @param flags of the command; for EXEC those of the queued commands too.
 */
export function needsMemory(command: Command, { transaction }: ClientSession, flags: number): boolean {
  return (flags & FLAGS.denyoom) !== 0 || (transaction !== null && !ENDS_MULTI.has(command.fullName));
}

/**
 * Whether a command that looks at data, or changes it, may run.
 *
 * @param isQueued MULTI queues it: it does not run yet.
 * @returns an error text, or `undefined` to let it pass.
 */
export function refusalOf(
  service: Service,
  now: Instant,
  isWrite: boolean,
  isQueued: boolean,
): string | undefined {
  switch (service.kind) {
    case "none":
      return MASTERDOWN;
    case "loading":
      return LOADING;
    case "replica":
      return isWrite ? READONLY : undefined;
    case "held":
      return isQueued ? undefined : MASTERDOWN;
    case "master":
      return isWrite ? service.reign.refuseWrite(now) : undefined;
    default:
      return unreachable(service);
  }
}
