/**
 * A data node as far as sentinels can see: it promises, takes roles, answers pings and counts its lease as design
 * section 5 says. It keeps no data: its log is a position that the test moves.
 */
import type {
  Epoch,
  GroupId,
  IncarnationId,
  MemberId,
  Millis,
  Offset,
  StartId,
} from "../../../src/base/ids.ts";
import type { LinkId } from "../../../src/protocol/peer/identity.ts";
import type {
  MemberPromise,
  NodeStatus,
  NodeToSentinel,
  Ping,
  SentinelToNode,
} from "../../../src/protocol/peer/node-messages.ts";
import { compareRecordNumbers, type GroupRecord, type Leader } from "../../../src/rules/group-record.ts";
import { EMPTY_POSITION, type LogPosition } from "../../../src/rules/log-position.ts";
import { replicationRules } from "../../../src/rules/replication-rules.ts";

const PROMISE_SAVE_MS = 0.5;
const PARITY_MS = 2;
/** The time that a follower takes to hold what its master holds. */
const COPY_MS = 1;

export interface NodeHost {
  now(): Millis;
  after(ms: Millis, then: () => void): void;
  send(link: LinkId, message: NodeToSentinel): void;
  links(): readonly { readonly link: LinkId; readonly peer: string }[];
  sees(): MemberId[];
  /** Where that member's log ends; `null` when its records can't be had. */
  positionOf(id: MemberId): LogPosition | null;
  /** Called right before the role is taken: the place for the invariants. */
  promoting(epoch: Epoch): void;
}

export class FakeNode {
  readonly id: MemberId;
  readonly host: NodeHost;
  startId: StartId;
  groupId: GroupId | null = null;
  incarnation: IncarnationId;
  doubtfulByReboot = false;
  role: NodeStatus["role"] = "none";
  roleEpoch: Epoch = 0 as Epoch;
  established = false;
  promise: MemberPromise = { epoch: 0 as Epoch, leader: null };
  position: LogPosition = EMPTY_POSITION;
  record: GroupRecord | null = null;
  following: NodeStatus["following"] = null;
  handover: NodeStatus["handover"] = null;
  waiting: { id: MemberId; incarnation: IncarnationId }[] = [];
  oldestUncommittedMs = 0;
  diskFailing = false;
  /** Records of its log that it has not applied yet: it has restarted. */
  unapplied = 0;
  client: { host: string; port: number };
  zone = "";
  voting = true;
  /** Everything that the sentinels have ordered, for tests to look at. */
  readonly heard: SentinelToNode[] = [];
  /** What an order is refused with, by its type; for tests. */
  readonly refuses: Map<string, string> = new Map();
  ignoresSeals = false;
  /** How long a promise is on its way to the disk. */
  promiseSaveMs: Millis = PROMISE_SAVE_MS;
  #lives = 1;
  #leases = new Map<string, { link: LinkId; sent: Map<number, Millis>; endsMs: Millis }>();
  #sentinels = 0;

  constructor(id: MemberId, port: number, host: NodeHost) {
    this.id = id;
    this.host = host;
    this.client = { host: "127.0.0.1", port };
    this.startId = `${id}-life1` as StartId;
    this.incarnation = `${id}-data1` as IncarnationId;
  }

  /** As a process that comes back: its role is gone, what is durable stays. */
  restart(loses: "nothing" | "unsynced" | "everything" = "nothing"): void {
    this.#lives++;
    this.startId = `${this.id}-life${this.#lives}` as StartId;
    this.role = "none";
    this.roleEpoch = 0 as Epoch;
    this.established = false;
    this.following = null;
    this.handover = null;
    this.#leases.clear();
    if (loses !== "nothing") this.incarnation = `${this.id}-data${this.#lives}` as IncarnationId;
    this.doubtfulByReboot = loses === "unsynced";
    if (loses !== "everything") return;
    this.groupId = null;
    this.promise = { epoch: 0 as Epoch, leader: null };
    this.position = EMPTY_POSITION;
    this.record = null;
  }

  status(): NodeStatus {
    return {
      id: this.id,
      startId: this.startId,
      groupId: this.groupId,
      incarnation: this.incarnation,
      doubtfulByReboot: this.doubtfulByReboot,
      role: this.role,
      roleEpoch: this.roleEpoch,
      established: this.established,
      promise: this.promise,
      position: this.position,
      committed: this.position.offset,
      applied: (this.position.offset - this.unapplied) as Offset,
      record: this.record?.number ?? null,
      following: this.following,
      sees: this.host.sees(),
      oldestUncommittedMs: this.oldestUncommittedMs,
      diskFailing: this.diskFailing,
      handover: this.handover,
      waiting: this.waiting,
      replicas: [],
      leaseHeld: this.holdsLease(),
      client: this.client,
      priority: 100,
      zone: this.zone,
      voting: this.voting,
    };
  }

  holdsLease(): boolean {
    const ends = [...this.#leases.values()].map((lease) => lease.endsMs);
    return (
      this.role === "master" && this.host.now() < replicationRules.leaseHeldUntilMs(ends, this.#sentinels)
    );
  }

  push(): void {
    for (const { link } of this.host.links()) this.host.send(link, { type: "status", status: this.status() });
  }

  onLinkDown(peer: string, link: LinkId): void {
    if (this.#leases.get(peer)?.link === link) this.#leases.delete(peer);
  }

  onMessage(peer: string, link: LinkId, message: SentinelToNode): void {
    if (message.type !== "ping") this.heard.push(message);
    switch (message.type) {
      case "ping":
        return this.#onPing(peer, link, message);
      case "seal":
        if (this.ignoresSeals) return;
        return this.#promiseThen(link, "seal", message.epoch, message.leader, () => {
          this.groupId ??= message.groupId;
          this.role = "none";
          this.handover = null;
          this.host.send(link, { type: "sealed", epoch: message.epoch, status: this.status() });
        });
      case "promote": {
        const fits =
          this.promise.epoch === message.epoch &&
          this.promise.leader?.startId === message.leader.startId &&
          this.position.offset === message.position.offset;
        if (!fits || this.refuses.has("promote")) return this.#refuse(link, "promote", message.epoch);
        this.host.promoting(message.epoch);
        this.role = "master";
        this.roleEpoch = message.epoch;
        this.established = false;
        this.following = null;
        this.#leases.clear();
        this.position = { epoch: message.epoch, offset: (this.position.offset + 1) as Offset };
        this.host.send(link, { type: "promoted", epoch: message.epoch });
        return this.push();
      }
      case "follow":
        return this.#promiseThen(link, "follow", message.epoch, message.leader, () => {
          this.#follow(message.record);
          this.host.send(link, { type: "following", epoch: message.epoch });
        });
      case "standing":
        return this.#onStanding(message.record);
      case "published":
        return;
      case "prepareHandover": {
        if (this.refuses.has("prepareHandover")) return this.#refuse(link, "prepareHandover", message.epoch);
        const { startId } = this;
        this.handover = { target: message.target, ready: false };
        this.push();
        this.host.after(PARITY_MS, () => {
          if (this.startId !== startId || this.handover === null || this.refuses.has("parity")) return;
          this.handover = { ...this.handover, ready: true };
          this.push();
        });
        return;
      }
      case "cancelHandover":
        this.handover = null;
        return this.push();
      default:
        message satisfies never;
    }
  }

  #onPing(peer: string, link: LinkId, ping: Ping): void {
    this.#sentinels = ping.sentinels;
    this.#copy();
    let lease = this.#leases.get(peer);
    if (lease?.link !== link) {
      lease = { link, sent: new Map(), endsMs: 0 };
      this.#leases.set(peer, lease);
    }
    const sentMs = lease.sent.get(ping.sawPong);
    if (ping.leaseEpoch !== this.roleEpoch) lease.endsMs = 0;
    else if (sentMs !== undefined) {
      lease.endsMs = replicationRules.leaseEndsMs(sentMs, ping.downAfterMs, this.host.now());
    }
    if (this.role === "master") lease.sent.set(ping.seq, this.host.now());
    this.host.send(link, { type: "pong", seq: ping.seq, status: this.status() });
  }

  #onStanding(record: GroupRecord): void {
    if (this.record !== null && compareRecordNumbers(record.number, this.record.number) < 0) return;
    if (record.number.epoch < this.promise.epoch) return;
    if (this.groupId !== null && this.groupId !== record.groupId) return;
    this.groupId = record.groupId;
    this.record = record;
    if (record.master === this.id) {
      if (this.role === "master" && this.roleEpoch === record.number.epoch) this.established = true;
    } else {
      this.promise = { epoch: record.number.epoch, leader: record.steward };
      this.#follow(record);
    }
    this.push();
  }

  #follow(record: GroupRecord): void {
    if (record.master === null || record.master === this.id) return;
    this.role = "replica";
    this.roleEpoch = record.number.epoch;
    this.established = false;
    this.handover = null;
    this.following = { master: record.master, linkUp: true };
    this.host.after(COPY_MS, () => this.#copy());
  }

  #copy(): void {
    const position = this.following === null ? null : this.host.positionOf(this.following.master);
    if (position !== null) this.position = position;
  }

  #promiseThen(link: LinkId, what: "seal" | "follow", epoch: Epoch, leader: Leader, then: () => void): void {
    if (!replicationRules.mayPromise(this.promise, epoch, leader)) return this.#refuse(link, what, epoch);
    this.promise = { epoch, leader };
    const { startId } = this;
    this.host.after(this.promiseSaveMs, () => {
      if (this.startId === startId && this.promise.epoch === epoch) then();
    });
  }

  #refuse(link: LinkId, what: "seal" | "promote" | "follow" | "prepareHandover", epoch: Epoch): void {
    const reason = this.refuses.get(what) ?? "promised otherwise";
    this.host.send(link, { type: "refused", what, epoch, promise: this.promise, reason });
  }
}
