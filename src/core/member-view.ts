/**
 * What others see of a member: sentinels its status, at once when it has changed; INFO and ROLE its master or its replicas. Reads
 * the member's parts and changes none of them.
 *
 * What a status says, and which changes are worth a push, is decided in `member-status.ts`.
 */
import { EPOCH_ZERO, type MemberId, type Millis, type Offset } from "../base/ids.ts";
import type { NodeStatus } from "../protocol/peer/node-messages.ts";
import type { ClientAddress } from "../rules/group-record.ts";
import type { MemberParts } from "./member-parts.ts";
import { buildStatus, StatusChanges, type StatusSources } from "./member-status.ts";
import type { Roles } from "./roles.ts";

export interface ReplicaView {
  readonly id: MemberId;
  readonly client: ClientAddress;
  readonly received: Offset;
  readonly state: "fullSync" | "streaming";
  /** Since its last acknowledgement. */
  readonly silentMs: Millis;
}

export class MemberView {
  readonly #parts: MemberParts;
  readonly #roles: Roles;
  readonly #changes = new StatusChanges();

  constructor(parts: MemberParts, roles: Roles) {
    this.#parts = parts;
    this.#roles = roles;
  }

  status(): NodeStatus {
    const { setup, links, lease, now, limits } = this.#parts;
    return buildStatus(setup, this.#statusSources(), {
      sees: links.heardSince(now.monoMs - limits.downAfterMs / 2),
      leaseHeld: this.#roles.reign !== null && lease.holds(now.monoMs),
      nowMs: now.monoMs,
    });
  }

  /** At the end of every step: tells all linked sentinels, if they must hear of it before the next pong. */
  pushStatus(): void {
    if (!this.#changes.note(this.#statusSources())) return;
    const { links, outbox } = this.#parts;
    const sentinels = links.sentinels();
    if (sentinels.length === 0) return;
    const status = this.status();
    for (const { link } of sentinels) outbox.send(link, { type: "status", status });
  }

  /** The keyspace is not yet what the role needs it to be. */
  get loading(): boolean {
    const role = this.#roles.current;
    return this.#parts.applier.loading || (role.kind === "master" && !role.reign.applied);
  }

  /** On a replica: how long ago the master was last heard. */
  masterSilentMs(): Millis {
    const role = this.#roles.current;
    return role.kind === "replica" ? this.#parts.now.monoMs - role.follower.lastHeardMs : 0;
  }

  /** On a replica: where clients reach its master, as far as that is known. */
  masterClient(): ClientAddress | null {
    const { follower } = this.#roles;
    const recorded = this.#parts.book.record?.members.find(({ id }) => id === follower?.master);
    return recorded?.client ?? follower?.masterClient ?? null;
  }

  /** On a master: its replicas. */
  replicas(): ReplicaView[] {
    const { now } = this.#parts;
    return [...(this.#roles.reign?.replicas.replicas() ?? [])].map(
      ({ id, client, received, state, lastHeardMs }) => ({
        id,
        client,
        received,
        state: state.phase,
        silentMs: now.monoMs - lastHeardMs,
      }),
    );
  }

  /** Whether a snapshot of the own keyspace is being taken, or is wanted. */
  get takesSnapshot(): boolean {
    return this.#parts.snapshots.pending;
  }

  /** The latest snapshot of the own keyspace could not be kept. */
  get snapshotFailed(): boolean {
    return this.#parts.snapshots.lastFailed;
  }

  /** Changes that the standing snapshot does not hold. */
  get changesSinceSnapshot(): number {
    return this.#parts.snapshots.changesSince;
  }

  #statusSources(): StatusSources {
    const { incarnation, book, log, desk } = this.#parts;
    const { current: role, sealed, epoch } = this.#roles;
    return {
      incarnation,
      book,
      log,
      role: sealed ? "none" : role.kind,
      roleEpoch: sealed ? EPOCH_ZERO : epoch,
      reign: role.kind === "master" ? role.reign : null,
      follower: role.kind === "replica" ? role.follower : null,
      diskFull: desk.diskFull,
    };
  }
}
