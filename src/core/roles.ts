/**
 * The member's role and its changes: none, replica, master, and sealed in between. It carries changes out; whether one
 * may happen was decided by the orders that ask for it.
 */
import { invariant } from "../base/errors.ts";
import { EPOCH_ZERO, type Epoch, type MemberId, type Millis } from "../base/ids.ts";
import type { PeerTarget } from "../protocol/peer/identity.ts";
import type { GroupRecord, Leader } from "../rules/group-record.ts";
import { READONLY } from "./commands/errors.ts";
import type { MemberParts } from "./member-parts.ts";
import { Reign } from "./reign.ts";
import { Follower } from "./replication/follower.ts";
import type { Service } from "./service.ts";

/** A demoted node whose sentinels never say "published" closes its clients after this long all the same. */
const PUBLISH_WAIT_MS: Millis = 2000;

export type Role =
  | { readonly kind: "none" }
  | { readonly kind: "replica"; readonly epoch: Epoch; readonly follower: Follower }
  | { readonly kind: "master"; readonly epoch: Epoch; readonly reign: Reign };

export class Roles {
  readonly #parts: MemberParts;
  #role: Role = { kind: "none" };
  /** Demoted: when its clients are closed if nobody says that the new master is published. */
  #closeClientsAtMs: Millis | null = null;
  /** The keyspace holds a committed state that has not gone back since: replicas may read it, however old. */
  #readable = false;
  #peersKey = "";

  constructor(parts: MemberParts) {
    this.#parts = parts;
  }

  /** The role as it was given; it counts for nothing while the member is sealed in a higher epoch. */
  get current(): Role {
    return this.#role;
  }

  /** Epoch of the role; 0 without one. */
  get epoch(): Epoch {
    return this.#role.kind === "none" ? EPOCH_ZERO : this.#role.epoch;
  }

  /** Promised to a higher epoch than the role's: nothing of the role's epoch is accepted, counted or executed. */
  get sealed(): boolean {
    const { rules, book, setup } = this.#parts;
    // A promise from its time in a group of sentinels binds nobody in a group without them.
    if (setup.static !== null) return false;
    return this.#role.kind !== "none" && !rules.mayActIn(this.#role.epoch, book.promise.epoch);
  }

  /** The reign, unless this member is no master or is sealed. */
  get reign(): Reign | null {
    return this.#role.kind === "master" && !this.sealed ? this.#role.reign : null;
  }

  /** The follower, unless this member is no replica or is sealed. */
  get follower(): Follower | null {
    return this.#role.kind === "replica" && !this.sealed ? this.#role.follower : null;
  }

  /** Takes a promise in. From here on nothing of an older epoch is accepted, acknowledged or executed (S5). */
  promise(epoch: Epoch, leader: Leader): void {
    const { book } = this.#parts;
    const before = book.promise.epoch;
    book.raise(epoch, leader);
    invariant(book.promise.epoch >= before, "S4: a promise never decreases");
    if (this.#role.kind === "replica" && this.sealed) this.#role.follower.stop();
  }

  reignOver(record: GroupRecord, isStatic: boolean): void {
    const { setup, log, outbox, lease, desk, rules, now, limits } = this.#parts;
    const inPlace = this.#role.kind === "master";
    const { epoch } = record.number;
    if (this.#role.kind === "replica") this.#role.follower.stop();
    else if (this.#role.kind === "master") this.#role.reign.replicas.end();
    lease.void();
    this.#closeClientsAtMs = null;
    // In place, replies wait on for what they waited for: in sync mode that is more than the commit.
    if (inPlace) desk.gate.forgetRounds();
    else desk.gate.reset(log.committed);
    log.writeOut(outbox);
    const { id: self, client, reads, ackTimeoutMs } = setup;
    const reign = new Reign({
      ...{ record, isStatic, self, client, reads, ackTimeoutMs, limits },
      ...{ log, outbox, rules, lease, now },
    });
    this.#role = { kind: "master", epoch, reign };
    this.keepLinks(record);
    const from = reign.replicas.epochStart;
    outbox.log("info", "reign", { epoch, from, inPlace }, "this member is master");
    // Last: there may be thousands of them, and the epoch-start record waits for nobody.
    if (!inPlace) desk.closeAll();
  }

  /** Follows `master` in the record's epoch; asks and acknowledges once the promise is durable. */
  follow(record: GroupRecord, leader: Leader, master: MemberId): void {
    const { book } = this.#parts;
    const { epoch } = record.number;
    this.promise(epoch, leader);
    book.joinGroup(record.groupId);
    book.keepRecord(record);
    this.keepLinks(record);
    const role = this.#role;
    if (role.kind === "replica" && role.epoch === epoch && role.follower.master === master) return;
    invariant(role.kind !== "master" || role.epoch < epoch, "S1: one master per epoch");
    // Who came while there was no role yet may take this member for the master that it was.
    if (role.kind === "none") this.#parts.desk.closeAll();
    this.#endReign();
    this.#beginFollowing(epoch, master, record.mode === "async");
    book.afterSave({ type: "allowFollower", epoch });
  }

  /** In a group without sentinels there is no promise to wait for. */
  followStatic(epoch: Epoch, master: MemberId): void {
    this.#beginFollowing(epoch, master, true).allow();
  }

  /** Keeps a link to every other member ready, so that following a new master needs no dial. */
  keepLinks(record: GroupRecord): void {
    const targets: PeerTarget[] = record.members
      .filter(({ id }) => id !== this.#parts.setup.id)
      .map(({ id, url }) => ({ kind: "node", id, url }));
    const key = JSON.stringify(targets);
    if (key === this.#peersKey) return;
    this.#peersKey = key;
    this.#parts.outbox.push({ type: "setPeers", targets });
  }

  /** The new master is published, so stock clients that lose their socket now find it. */
  onPublished(epoch: Epoch): void {
    if (epoch < this.#parts.book.promise.epoch) return;
    // Each sentinel says it once it knows: until the last one did, clients that asked that one were sent here.
    if (this.#closeClientsAtMs === null && this.#role.kind === "replica") this.#parts.desk.closeMisled();
    this.closeDemotedClients();
  }

  tick(): void {
    if (this.#closeClientsAtMs !== null && this.#parts.now.monoMs >= this.#closeClientsAtMs) {
      this.closeDemotedClients();
    }
  }

  closeDemotedClients(): void {
    if (this.#closeClientsAtMs === null) return;
    this.#closeClientsAtMs = null;
    this.#parts.desk.refuseHeld(READONLY);
    this.#parts.desk.closeAll();
  }

  /** What the node may do for clients now. */
  service(): Service {
    const role = this.#role;
    const { applier, now } = this.#parts;
    if (role.kind === "master") {
      const untilMs = role.reign.heldUntilMs(now.monoMs, this.sealed);
      return untilMs === undefined ? { kind: "master", reign: role.reign } : { kind: "held", untilMs };
    }
    // A demoted node's clients wait for the publish, then ask the sentinels again.
    if (this.#closeClientsAtMs !== null) return { kind: "held", untilMs: this.#closeClientsAtMs };
    if (role.kind === "none") return { kind: "none" };
    if (applier.loading) {
      this.#readable = false;
      return { kind: "loading" };
    }
    this.#readable ||= role.follower.synced;
    return this.#readable ? { kind: "replica" } : { kind: "none" };
  }

  #beginFollowing(epoch: Epoch, master: MemberId, mayLoseCommitted: boolean): Follower {
    const { setup, log, applier, received, outbox, rules, book, snapshots, links } = this.#parts;
    const follower = new Follower({
      ...{ epoch, master, mayLoseCommitted, log, applier, received, outbox, rules },
      describe: () => ({
        groupId: book.groupId,
        incarnation: this.#parts.incarnation,
        client: setup.client,
        base: snapshots.floor,
      }),
      beforeCut: () => snapshots.abort(),
    });
    this.#role = { kind: "replica", epoch, follower };
    const link = links.dialledTo(master);
    if (link !== undefined) follower.onLinkUp(link);
    outbox.log("info", "follow", { epoch, master }, "this member is a replica");
    return follower;
  }

  /** The reign is over for good: executed commands are uncertain, held ones were never executed. */
  #endReign(): void {
    if (this.#role.kind !== "master") return;
    const { log, outbox, lease, desk, now } = this.#parts;
    log.writeOut(outbox);
    this.#role.reign.replicas.end();
    lease.void();
    this.#readable = false;
    desk.onDemoted();
    this.#closeClientsAtMs = now.monoMs + PUBLISH_WAIT_MS;
  }
}
