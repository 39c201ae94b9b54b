/**
 * Who may sync from this member. A replica that was told to follow before this member was told to reign is not turned
 * away: both orders are on their way, and its request waits.
 */
import type { Epoch, MemberId } from "../base/ids.ts";
import type { LinkId } from "../protocol/peer/identity.ts";
import type { SyncRequest } from "../protocol/peer/node-messages.ts";
import type { MemberParts } from "./member-parts.ts";
import type { Roles } from "./roles.ts";

interface ParkedSync {
  readonly id: MemberId;
  readonly request: SyncRequest;
}

export class SyncRequests {
  readonly #parts: MemberParts;
  readonly #roles: Roles;
  /** At most one for each link. */
  readonly #parked = new Map<LinkId, ParkedSync>();

  constructor(parts: MemberParts, roles: Roles) {
    this.#parts = parts;
    this.#roles = roles;
  }

  onSync(link: LinkId, id: MemberId, request: SyncRequest): void {
    const { book, setup, now } = this.#parts;
    if (book.groupId !== null && request.groupId !== null && request.groupId !== book.groupId) {
      return this.#refuse(link, request.epoch, "another group's data");
    }
    const { reign } = this.#roles;
    if (reign !== null && request.epoch === reign.epoch) {
      return reign.replicas.onSync(link, id, request, now.monoMs);
    }
    const mayComeTrue = request.epoch > this.#roles.epoch && request.epoch >= book.promise.epoch;
    if (mayComeTrue && setup.static === null) this.#parked.set(link, { id, request });
    else this.#refuse(link, request.epoch, "not master of that epoch");
  }

  onLinkDown(link: LinkId): void {
    this.#parked.delete(link);
  }

  /** The role or the promise may have changed: looks at what waits again. */
  review(): void {
    if (this.#parked.size === 0) return;
    const parked = [...this.#parked];
    this.#parked.clear();
    for (const [link, { id, request }] of parked) this.onSync(link, id, request);
  }

  #refuse(link: LinkId, requested: Epoch, reason: string): void {
    this.#parts.outbox.send(link, {
      type: "syncRefused",
      epoch: this.#roles.epoch,
      requested,
      reason,
    });
  }
}
