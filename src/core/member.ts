/**
 * A data node's core: one member of a group. Pure and deterministic: inputs and the time come in, effects go out.
 *
 * It never decides its own role. A sentinel's word makes it master or replica; its promise decides whose word counts.
 */
import { nextBeat } from "../base/beat.ts";
import { unreachable } from "../base/errors.ts";
import { EPOCH_ZERO, type Epoch, type Millis, nextEpoch, type Offset } from "../base/ids.ts";
import type { Instant } from "../base/instant.ts";
import type { NodeStatus } from "../protocol/peer/node-messages.ts";
import type { GroupRecord } from "../rules/group-record.ts";
import type { ClientDesk } from "./client-desk.ts";
import type { MemberInput, MemberOutbox } from "./member-io.ts";
import { MemberMessages } from "./member-messages.ts";
import { MemberParts } from "./member-parts.ts";
import type { MemberKeyspace, MemberSetup } from "./member-setup.ts";
import { MemberView } from "./member-view.ts";
import type { SnapshotRule } from "./own-snapshots.ts";
import { PassedPublications } from "./passed-publications.ts";
import type { ReplicationLog } from "./replication/replication-log.ts";
import { Roles } from "./roles.ts";
import { SentinelOrders } from "./sentinel-orders.ts";
import { staticRecord } from "./static-group.ts";
import { SyncRequests } from "./sync-requests.ts";

/** The wall clock may part from the monotonic one by this much between two ticks before leases are void. */
const CLOCK_JUMP_MS: Millis = 500;
const TICK_MS_MIN: Millis = 20;
const TICK_MS_MAX: Millis = 100;
/** One that runs is not without a step for as long. */
const STANDSTILL_MS: Millis = 2 * TICK_MS_MAX;

export class Member {
  readonly outbox: MemberOutbox;
  readonly desk: ClientDesk;
  readonly log: ReplicationLog;
  /** For those who look at the member, and want nothing of it. */
  readonly view: MemberView;
  readonly #parts: MemberParts;
  readonly #roles: Roles;
  readonly #orders: SentinelOrders;
  readonly #syncs: SyncRequests;
  readonly #messages: MemberMessages;
  /** Published here, and not yet sent to the replicas. */
  readonly #passed = new PassedPublications();
  #clockOffsetMs: number;
  #nextTickMs: Millis = 0;

  constructor(setup: MemberSetup, keyspace: MemberKeyspace) {
    this.#parts = new MemberParts(setup, keyspace);
    this.#roles = new Roles(this.#parts);
    this.view = new MemberView(this.#parts, this.#roles);
    this.#orders = new SentinelOrders(this.#parts, this.#roles, this.view);
    this.#syncs = new SyncRequests(this.#parts, this.#roles);
    this.#messages = new MemberMessages(this.#parts, {
      roles: this.#roles,
      orders: this.#orders,
      syncs: this.#syncs,
      view: this.view,
    });
    this.outbox = this.#parts.outbox;
    this.desk = this.#parts.desk;
    this.log = this.#parts.log;
    this.#clockOffsetMs = setup.now.wallMs - setup.now.monoMs;
    this.desk.snapshotOffset = setup.snapshotOffset;
    this.desk.onPublication = (channel, message) => this.#publish(channel, message);
  }

  get incarnation(): MemberSetup["incarnation"] {
    return this.#parts.incarnation;
  }

  /** The newest group record that this member has been handed. */
  get record(): GroupRecord | null {
    return this.#parts.book.record;
  }

  status(): NodeStatus {
    return this.view.status();
  }

  /** CONFIG's `save`. */
  set snapshotRules(rules: readonly SnapshotRule[]) {
    this.#parts.snapshots.rules = rules;
  }

  /** BGSAVE. */
  wantSnapshot(): void {
    this.#parts.snapshots.want();
  }

  /** Monotonic time at which a `tick` is due, if nothing comes before. */
  deadlineMs(): Millis {
    const { desk } = this.#parts;
    return Math.min(
      this.#nextTickMs,
      desk.deadlineMs,
      this.#roles.reign?.deadlineMs() ?? Number.POSITIVE_INFINITY,
    );
  }

  /** Whether this turn must end with a `flush`: records to write out, frames to send, records to apply, messages to deliver. */
  get wantsFlush(): boolean {
    const { log, now, applier, desk } = this.#parts;
    if (log.writer.count > 0 || desk.hasRunnable || desk.wantsTurn || this.#passed.size > 0) return true;
    const { reign, follower } = this.#roles;
    if (reign !== null) return reign.replicas.wantsFlush(now.monoMs);
    return follower !== null && applier.idle && log.applied < this.#applyLimit();
  }

  /** Begins a batch of client commands: call right after the socket was read, then `desk.run` for each. */
  beginCommands(now: Instant): void {
    this.#setTime(now);
    this.desk.beginBatch(now);
  }

  step(now: Instant, input: MemberInput): void {
    this.#setTime(now);
    const { applier, book, snapshots } = this.#parts;
    const { reign } = this.#roles;
    switch (input.type) {
      case "start":
        this.#start();
        break;
      case "tick":
        this.#tick();
        break;
      case "flush":
        break;
      case "linkUp":
        this.#messages.onLinkUp(input);
        break;
      case "linkDown":
        this.#messages.onLinkDown(input.link);
        break;
      case "message":
        this.#messages.onMessage(input.link, input.message);
        break;
      case "persisted":
        this.#onPersisted(input.lastOffset);
        break;
      case "stateSaved":
        this.#orders.afterSaves(book.onSaved(input.version));
        break;
      case "disk":
        this.desk.diskFull = input.full;
        if (!input.full) this.#roles.follower?.retry();
        break;
      case "clientClosed":
        this.desk.remove(input.client);
        break;
      case "logRead":
        if (input.link !== null) reign?.replicas.onLogRead(input.link, input.from, input.bytes, now.monoMs);
        else applier.onLogRead(input.from, input.bytes, this.#applyLimit());
        break;
      case "snapshotLoad":
        applier.onSnapshotLoad(input.bytes);
        break;
      case "snapshotLoaded":
        applier.onSnapshotLoaded(input.position);
        snapshots.onLoaded();
        break;
      case "snapshotOpened":
        reign?.replicas.onSnapshotOpened(input.link, input.snapshot, now.monoMs);
        break;
      case "snapshotDamaged":
        snapshots.replaceDamaged();
        break;
      case "snapshotRead":
        reign?.replicas.onSnapshotRead(input.link, input.bytes, now.monoMs);
        break;
      case "snapshotWritten":
        if (input.kind === "own") snapshots.onWritten();
        else this.#roles.follower?.onSnapshotWritten();
        break;
      case "snapshotCommitted":
        this.#onSnapshotCommitted(input);
        break;
      case "snapshotFailed":
        this.#onSnapshotFailed(input.kind);
        break;
      case "logDropped":
        this.#parts.keptLog.onDropped();
        reign?.replicas.onLogDropped(input);
        break;
      case "incarnationStarted":
        this.#parts.incarnation = input.incarnation;
        this.#roles.follower?.retry();
        break;
      default:
        unreachable(input);
    }
    this.#settle(input.type === "flush" || input.type === "tick");
  }

  // ---- the end of every step -----------------------------------------------------------------------

  /** Draws the conclusions of a step: what is committed, applied, established, and whom to tell. */
  #settle(flush: boolean): void {
    const { book, keptLog, keyspace, log, now, snapshots } = this.#parts;
    this.#syncs.review();
    keptLog.review(this.#logNeededAfter(), now.monoMs);
    if (flush) this.#roles.reign?.flush(now.monoMs);
    this.#apply(flush);
    if (this.#roles.reign?.settle(now)) snapshots.onCommitMoved();
    if (flush) this.desk.turnListening();
    this.#serve();
    this.#passOn();
    if (flush) keyspace.forgetTombstones(log.committed);
    this.#orders.afterSaves(book.commit());
    this.#orders.answerSeals();
    this.view.pushStatus();
  }

  /** A replica applies at the end of a turn, after its acks; in sync mode at once, since the master waits for it. */
  #apply(flush: boolean): void {
    const { applier, snapshots, book } = this.#parts;
    const { follower } = this.#roles;
    const isSync = book.record?.mode === "sync";
    if (follower !== null && !flush && !isSync && follower.synced) return;
    applier.run(this.#applyLimit());
    follower?.noteApplied();
    if (isSync) follower?.acknowledgeApplied();
    if (follower !== null) snapshots.onCommitMoved();
  }

  /** A master applies all that came before its reign; everybody else only what is committed. */
  #applyLimit(): Offset {
    const { rules, log } = this.#parts;
    const { reign } = this.#roles;
    return reign?.replicas.epochStart ?? rules.applicable(log.tail.lastOffset, log.committed);
  }

  /** Tells the desk what it may do for clients now, and runs what was on hold when it may. */
  #serve(): void {
    const { desk, now } = this.#parts;
    const { reign } = this.#roles;
    desk.service = this.#roles.service();
    // Also while commands are on hold for a switchover: what was executed before is still confirmed.
    if (reign?.established) {
      desk.advance(reign.replicas.safeOffset(), reign.replicas.confirmedRound());
    }
    // Their records go out with the flush that ends the turn.
    desk.serveBlocked(now);
    if (desk.hasRunnable) desk.drain(now);
  }

  // ---- time ------------------------------------------------------------------------------------

  #setTime(now: Instant): void {
    const offsetMs = now.wallMs - now.monoMs;
    const byMs = offsetMs - this.#clockOffsetMs;
    if (Math.abs(byMs) > CLOCK_JUMP_MS) {
      this.outbox.log("warn", "clock-jump", { byMs }, "leases are void");
      this.#parts.lease.void();
      this.#clockOffsetMs = offsetMs;
    }
    this.#noteStandstill(now.monoMs - this.#parts.now.monoMs);
    this.#parts.now = now;
    this.desk.onClock(now.monoMs);
  }

  /**
   * While this process did not run, or ran one long command, it could hear nobody: that is no silence of the replicas. Had it been for
   * as long as down-after, they may follow another master by now; a reply waits for them in any case.
   */
  #noteStandstill(sinceLastStepMs: Millis): void {
    const { downAfterMs } = this.#parts.limits;
    if (sinceLastStepMs > STANDSTILL_MS) this.desk.gate.excuseSilence(sinceLastStepMs);
    // One that runs ticks more often.
    if (sinceLastStepMs <= downAfterMs / 4 || sinceLastStepMs >= downAfterMs) return;
    this.#roles.reign?.replicas.excuseSilence(sinceLastStepMs);
  }

  #tick(): void {
    const { now, limits, snapshots } = this.#parts;
    // The clocks may drift apart slowly for ever; only a jump counts.
    this.#clockOffsetMs = now.wallMs - now.monoMs;
    if (now.monoMs >= this.#nextTickMs) {
      const periodMs = Math.min(TICK_MS_MAX, Math.max(TICK_MS_MIN, limits.downAfterMs / 10));
      this.#nextTickMs = nextBeat(now, periodMs);
      this.#messages.beat();
      this.#roles.reign?.tick(now);
      this.#roles.follower?.tick();
      this.#roles.tick();
      if (this.#mayTakeSnapshot()) {
        snapshots.runIfDue(now.monoMs, this.#logNeededAfter() !== null);
      }
    }
    // What the passing of time has ended (a switchover, say) must be known before clients are told of it.
    this.#serve();
    this.desk.tick(now);
  }

  #logNeededAfter(): Offset | null {
    return this.#roles.reign?.replicas.logNeededAfter(this.#parts.snapshots.base) ?? null;
  }

  #mayTakeSnapshot(): boolean {
    const { applier, log } = this.#parts;
    if (applier.loading || this.desk.diskFull) return false;
    if (this.#roles.reign !== null) return log.writer.count === 0;
    return this.#roles.follower?.streaming === true;
  }

  // ---- the beginning ---------------------------------------------------------------------------------

  #start(): void {
    const { setup, applier, book, incarnation, log, now } = this.#parts;
    this.#nextTickMs = now.monoMs;
    if (setup.snapshotOffset > 0) applier.rebuild();
    const { static: fixed } = setup;
    if (fixed === null) {
      if (book.record !== null) this.#roles.keepLinks(book.record);
    } else if (fixed.role === "master") {
      const epoch = Math.max(log.tail.position.epoch, book.promise.epoch) as Epoch;
      this.#roles.reignOver(staticRecord(setup, incarnation, nextEpoch(epoch)), true);
    } else {
      const master = { kind: "node", id: fixed.masterId, url: fixed.masterUrl } as const;
      this.outbox.push({ type: "setPeers", targets: [master] });
      this.#roles.followStatic(EPOCH_ZERO, fixed.masterId);
    }
  }

  // ---- replication ---------------------------------------------------------------------------------

  #onPersisted(lastOffset: Offset): void {
    const { log } = this.#parts;
    // What has been cut meanwhile does not count any more.
    const persisted = Math.min(lastOffset, log.tail.lastOffset) as Offset;
    if (persisted > log.persisted) log.persisted = persisted;
    this.#roles.follower?.onPersisted();
  }

  #onSnapshotCommitted(input: Extract<MemberInput, { type: "snapshotCommitted" }>): void {
    const { snapshots, received, now } = this.#parts;
    const { kind, position, bytes, rollback } = input;
    snapshots.onCommitted(position, bytes);
    this.desk.onSnapshot(position.offset);
    if (kind === "own") return;
    received.onCommitted(rollback, now.monoMs);
    this.#roles.follower?.retry();
  }

  #onSnapshotFailed(kind: "own" | "received"): void {
    const { snapshots, received } = this.#parts;
    this.desk.onSnapshotFailed();
    if (kind === "own") return snapshots.onFailed();
    received.onFailed();
    this.#roles.follower?.onSnapshotFailed();
  }

  #publish(channel: string, message: string): void {
    this.desk.publishHere(channel, message);
    if (this.#roles.reign !== null) this.#passed.add({ channel, message });
  }

  #passOn(): void {
    for (const published of this.#passed.take()) {
      const message = { type: "publications", published } as const;
      for (const replica of this.#roles.reign?.replicas.replicas() ?? []) {
        this.outbox.send(replica.link, message);
      }
    }
  }
}
