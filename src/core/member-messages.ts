/**
 * Who is linked to this member, and whose message goes to which of its parts. What a message leads to is decided there.
 */
import type { Epoch, MemberId } from "../base/ids.ts";
import type { LinkId } from "../protocol/peer/identity.ts";
import type { NodeMessage, Ping } from "../protocol/peer/node-messages.ts";
import type { MemberInput } from "./member-io.ts";
import type { MemberParts } from "./member-parts.ts";
import type { MemberView } from "./member-view.ts";
import type { Roles } from "./roles.ts";
import type { SentinelOrders } from "./sentinel-orders.ts";
import type { SyncRequests } from "./sync-requests.ts";

/** Where messages go, beside the parts that all share. */
interface Hearers {
  readonly roles: Roles;
  readonly orders: SentinelOrders;
  readonly syncs: SyncRequests;
  readonly view: MemberView;
}

export class MemberMessages {
  readonly #parts: MemberParts;
  readonly #hears: Hearers;

  constructor(parts: MemberParts, hears: Hearers) {
    this.#parts = parts;
    this.#hears = hears;
  }

  onLinkUp({ link, peer, dialled }: Extract<MemberInput, { type: "linkUp" }>): void {
    const { links, now } = this.#parts;
    links.up({ link, peer, dialled });
    if (peer.kind === "sentinel") {
      this.#parts.outbox.send(link, { type: "status", status: this.#hears.view.status() });
      return;
    }
    links.heard(peer.id as MemberId, now.monoMs);
    if (!dialled) return;
    this.#beatOn(link);
    const role = this.#hears.roles.current;
    if (role.kind === "replica" && role.follower.master === peer.id) role.follower.onLinkUp(link);
  }

  /** To the members that have heard nothing else since this was called last: a master's rounds and their acks show as much. */
  beat(): void {
    const { links, outbox } = this.#parts;
    for (const link of links.unheardMembers(outbox.takeSpokenOn())) this.#beatOn(link);
  }

  onLinkDown(link: LinkId): void {
    const { links, lease } = this.#parts;
    const known = links.down(link);
    this.#hears.syncs.onLinkDown(link);
    this.#hears.orders.onLinkDown(link);
    lease.onLinkDown(link);
    if (known?.peer.kind !== "node") return;
    this.#hears.roles.reign?.replicas.onLinkDown(link);
    const role = this.#hears.roles.current;
    if (role.kind === "replica") role.follower.onLinkDown(link);
  }

  onMessage(link: LinkId, message: NodeMessage): void {
    const { links, now } = this.#parts;
    const from = links.get(link);
    if (from === undefined) return;
    if (from.peer.kind === "sentinel") return this.#onSentinelMessage(link, from.peer.id, message);
    links.heard(from.peer.id as MemberId, now.monoMs);
    this.#onMemberMessage(link, from.peer.id as MemberId, message);
  }

  #beatOn(link: LinkId): void {
    const { outbox, book } = this.#parts;
    outbox.send(link, { type: "beat", epoch: book.promise.epoch });
  }

  #onSentinelMessage(link: LinkId, sentinel: string, message: NodeMessage): void {
    switch (message.type) {
      case "ping":
        return this.#onPing(link, sentinel, message);
      case "seal":
        return this.#hears.orders.onSeal(link, message);
      case "promote":
        return this.#hears.orders.onPromote(link, message);
      case "follow":
        return this.#hears.orders.onFollow(link, message);
      case "standing":
        return this.#hears.orders.onStanding(message);
      case "published":
        return this.#hears.roles.onPublished(message.epoch);
      case "prepareHandover":
        return this.#hears.orders.onPrepareHandover(link, message);
      case "cancelHandover":
        return this.#hears.orders.onCancelHandover(message.epoch);
      default:
        this.#parts.outbox.log("warn", "unexpected-message", { sentinel, type: message.type }, "ignored");
    }
  }

  #onPing(link: LinkId, sentinel: string, ping: Ping): void {
    const { lease, limits, now } = this.#parts;
    limits.note(sentinel, ping);
    const { reign } = this.#hears.roles;
    if (reign !== null) {
      lease.onPing(link, sentinel, ping, reign.epoch, now.monoMs);
      lease.onPongSent(link, sentinel, ping.seq, now.monoMs);
    }
    this.#parts.outbox.send(link, { type: "pong", seq: ping.seq, status: this.#hears.view.status() });
  }

  #onMemberMessage(link: LinkId, id: MemberId, message: NodeMessage): void {
    const { follower, reign } = this.#hears.roles;
    const { now, snapshots } = this.#parts;
    switch (message.type) {
      case "beat":
        return;
      case "sync":
        return this.#hears.syncs.onSync(link, id, message);
      case "ack":
        if (reign?.replicas.onAck(link, message, now.monoMs)) reign.onAcks();
        return;
      case "syncPartial":
        return follower?.onSyncPartial(link, message);
      case "syncFull":
        snapshots.abort();
        return follower?.onSyncFull(link, message, now.monoMs);
      case "snapshotChunk":
        return follower?.onSnapshotChunk(link, message);
      case "syncRefused":
        if (follower?.onSyncRefused(link, message)) {
          this.#parts.outbox.push({
            type: "startIncarnation",
            reason: "it showed less than it had acknowledged",
          });
        }
        return this.#onStaticEpoch(id, message.epoch);
      case "records":
        if (this.#parts.desk.diskFull && message.bytes.length > 0)
          this.#parts.outbox.push({ type: "closeLink", link });
        else follower?.onRecords(link, message, now.monoMs);
        return;
      case "publications":
        if (follower?.master === id) this.#parts.desk.publish(message.published);
        return;
      default:
        this.#parts.outbox.log("warn", "unexpected-message", { member: id, type: message.type }, "ignored");
    }
  }

  /** A replica without sentinels learns the master's epoch from its refusal. */
  #onStaticEpoch(master: MemberId, epoch: Epoch): void {
    if (this.#parts.setup.static !== null && epoch > this.#hears.roles.epoch)
      this.#hears.roles.followStatic(epoch, master);
  }
}
