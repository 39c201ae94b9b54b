/** What a member tells of itself, and when that has changed enough to be pushed. */
import type { Epoch, IncarnationId, MemberId, Millis, Offset } from "../base/ids.ts";
import type { NodeStatus } from "../protocol/peer/node-messages.ts";
import { isAdmitted } from "../rules/group-record.ts";
import type { MemberSetup } from "./member-setup.ts";
import type { PromiseBook } from "./promise-book.ts";
import type { Reign } from "./reign.ts";
import type { Follower } from "./replication/follower.ts";
import type { ReplicationLog } from "./replication/replication-log.ts";

export interface StatusSources {
  readonly incarnation: IncarnationId;
  readonly book: PromiseBook;
  readonly log: ReplicationLog;
  readonly role: NodeStatus["role"];
  readonly roleEpoch: Epoch;
  readonly reign: Reign | null;
  readonly follower: Follower | null;
  readonly diskFull: boolean;
}

/** What passes with time alone, and so is never pushed. */
export interface StatusMoment {
  readonly sees: readonly MemberId[];
  readonly leaseHeld: boolean;
  readonly nowMs: Millis;
}

export function buildStatus(setup: MemberSetup, sources: StatusSources, moment: StatusMoment): NodeStatus {
  const { book, log, reign, follower } = sources;
  return {
    id: setup.id,
    startId: setup.startId,
    groupId: book.groupId,
    incarnation: sources.incarnation,
    doubtfulByReboot: isDoubtfulByReboot(setup, sources),
    role: sources.role,
    roleEpoch: sources.roleEpoch,
    established: reign?.established ?? false,
    promise: book.promise,
    position: log.tail.position,
    committed: Math.min(log.committed, log.persisted) as Offset,
    applied: log.applied,
    record: book.record?.number ?? null,
    following: follower === null ? null : { master: follower.master, linkUp: follower.streaming },
    sees: moment.sees,
    oldestUncommittedMs: reign?.oldestUncommittedMs(moment.nowMs) ?? 0,
    diskFailing: sources.diskFull,
    handover: reign?.handover ?? null,
    waiting: reign?.replicas.waiting() ?? [],
    replicas: reign?.replicas.replicaStatuses() ?? [],
    leaseHeld: moment.leaseHeld,
    client: setup.client,
    priority: setup.priority,
    zone: setup.zone,
    voting: setup.voting,
  };
}

/** One that was wiped, and rebooted before it was admitted again, has lost more than a reboot takes. */
function isDoubtfulByReboot(setup: MemberSetup, { incarnation, book }: StatusSources): boolean {
  const { record } = book;
  // A later incarnation of this process began for another reason.
  if (record === null || incarnation !== setup.incarnation) return false;
  return setup.doubts.some((before) => isAdmitted(record, setup.id, before));
}

/**
 * Tells when something changed that the sentinels must hear before the next pong: who reigns (their pings are its
 * lease), record, switchover, disk, incarnation, who waits to be admitted. That a replica is sealed its leader hears in
 * the answer, and how its link is nobody decides upon; pushed to all in the midst of a failover, it took the machine's
 * time from it. Looked at after every step, so it builds no status.
 */
export class StatusChanges {
  #last: readonly unknown[] = [];

  /** @returns true at the first call and whenever something changed since the last one. */
  note(sources: StatusSources): boolean {
    const { book, reign } = sources;
    const now = [
      sources.role === "master" ? sources.roleEpoch : null,
      sources.incarnation,
      sources.diskFull,
      book.record,
      book.groupId,
      reign?.established,
      reign?.handoverTarget,
      reign?.handoverReady,
      reign?.replicas.waitingCount(),
    ];
    const last = this.#last;
    let same = last.length === now.length;
    for (let at = 0; same && at < now.length; at++) same = now[at] === last[at];
    this.#last = now;
    return !same;
  }
}
