/**
 * The sentinel's core: routes events to groups and peers, and settles the groups that an event concerns, with those whose time
 * has come. Pure and deterministic: the time comes in with each event, effects are left in the outbox, nothing else is touched.
 */
import { unreachable } from "../../src/base/errors.ts";
import type { MemberId, Millis, StartId } from "../../src/base/ids.ts";
import type { Instant } from "../../src/base/instant.ts";
import type { Randomness } from "../../src/base/randomness.ts";
import type { LinkId, PeerIdentity, PeerTarget } from "../../src/protocol/peer/identity.ts";
import type { NodeToSentinel } from "../../src/protocol/peer/node-messages.ts";
import type { SentinelMessage } from "../../src/protocol/peer/sentinel-messages.ts";
import { type ElectionRules, electionRules } from "../../src/rules/election-rules.ts";
import { checkCoreConfig, type SentinelCoreConfig } from "./core-config.ts";
import { DeadlineQueue } from "./deadline-queue.ts";
import { Group } from "./group.ts";
import { SentinelOutbox } from "./outbox.ts";
import { OwnClock } from "./own-clock.ts";
import { type SentinelPeer, SentinelPeers } from "./peers.ts";
import type { SentinelInput } from "./sentinel-input.ts";
import { type SentinelState, StateKeeper } from "./sentinel-state.ts";
import { PEER_SILENCE_MS, stallToleranceMs } from "./timing.ts";
import type { GroupView } from "./view.ts";

/** A deadline that has passed without effect is looked at again after this long, never at once. */
const OVERDUE_MS: Millis = 1;

export class SentinelCore {
  /** Effects since the last take. */
  readonly outbox: SentinelOutbox = new SentinelOutbox();
  readonly #config: SentinelCoreConfig;
  readonly #groups: ReadonlyMap<string, Group>;
  readonly #peers: SentinelPeers;
  readonly #keeper: StateKeeper;
  readonly #clock: OwnClock;
  readonly #nodeLinks = new Map<LinkId, { readonly group: Group; readonly id: MemberId }>();
  /** Of every group, as of its last settling: nothing but that moves it. */
  readonly #deadlines = new DeadlineQueue<Group>();
  /** Groups that the event at hand may have changed. */
  readonly #concerned = new Set<Group>();
  /** To some group a stall of this sentinel matters that is longer. */
  readonly #stallNoticedMs: Millis;
  /** Some group takes a sentinel that was silent for so long for gone. */
  readonly #silenceNoticedMs: Millis;

  /** @throws InterrexError `BAD_CONFIG`. */
  constructor(setup: {
    config: SentinelCoreConfig;
    startId: StartId;
    recovered: SentinelState | null;
    rules?: Partial<ElectionRules>;
    randomness: Randomness;
    now: Instant;
  }) {
    const { config, now } = setup;
    checkCoreConfig(config);
    this.#config = config;
    this.#peers = new SentinelPeers(config.sentinels, config.id);
    this.#keeper = new StateKeeper(config.id, setup.recovered);
    const shortestMs = Math.min(...config.groups.map((group) => group.downAfterMs));
    this.#clock = new OwnClock(now);
    this.#stallNoticedMs = stallToleranceMs(shortestMs);
    this.#silenceNoticedMs = Math.min(shortestMs, PEER_SILENCE_MS);
    const self = {
      id: config.id,
      startId: setup.startId,
      client: { host: config.host, port: config.clientPort },
      membership: config.membershipVersion,
      startedAtMs: now.monoMs,
    };
    const shared = {
      self,
      sentinels: config.sentinels.length,
      rules: { ...electionRules, ...setup.rules },
      randomness: setup.randomness,
      outbox: this.outbox,
      peers: this.#peers,
      keeper: this.#keeper,
      now,
    };
    this.#groups = new Map(
      config.groups.map((group) => [group.name, new Group({ ...shared, config: group })]),
    );
  }

  groups(): readonly string[] {
    return [...this.#groups.keys()];
  }

  /** `undefined` for a group that is not configured. */
  view(group: string, now: Instant): GroupView | undefined {
    return this.#groups.get(group)?.view(now);
  }

  /** Whether replies about the group's master are to be held; as in its view. */
  isHolding(group: string, now: Instant): boolean {
    return this.#groups.get(group)?.isHolding(now) === true;
  }

  /** On the monotonic clock; the shell sends a `tick` then. */
  deadlineMs(): Millis | undefined {
    return this.#deadlines.earliestMs;
  }

  step(now: Instant, event: SentinelInput): void {
    const stalledMs = this.#clock.observe(now, event.type === "start" ? undefined : this.deadlineMs());
    if (stalledMs > this.#stallNoticedMs) this.#onStall(stalledMs, now);
    this.#handle(event, now);
    this.#settle(now);
    const save = this.#keeper.takeSave();
    if (save !== undefined) this.outbox.push({ type: "saveState", ...save });
  }

  #settle(now: Instant): void {
    const nowMs = now.monoMs;
    for (const group of this.#deadlines.takeDue(nowMs)) this.#concerned.add(group);
    for (const group of this.#concerned) {
      group.settle(now);
      this.#deadlines.set(group, Math.max(group.deadlineMs(nowMs), nowMs + OVERDUE_MS));
    }
    this.#concerned.clear();
  }

  #onStall(stalledMs: Millis, now: Instant): void {
    this.outbox.log("warn", "stalled", { stalledMs }, "this sentinel did not run: silence starts afresh");
    for (const group of this.#groups.values()) {
      if (group.onStall(stalledMs, now)) this.#concerned.add(group);
    }
  }

  /** All groups see the other sentinels through the same links. */
  #concernAll(): void {
    for (const group of this.#groups.values()) this.#concerned.add(group);
  }

  #handle(event: SentinelInput, now: Instant): void {
    switch (event.type) {
      case "start":
        this.outbox.push({ type: "setPeers", targets: this.#targets() });
        this.#concernAll();
        break;
      case "tick":
        break;
      case "linkUp":
        if (event.peer.kind === "node") this.#onNodeLink(event.link, event.peer, now);
        else this.#onPeerLink(event.link, event.peer, event.dialled, now);
        break;
      case "linkDown":
        this.#onLinkDown(event.link, now);
        break;
      case "message":
        this.#onMessage(event.link, event.message, now);
        break;
      case "probed": {
        const group = this.#concern(this.#groupOf(event.target.id));
        group?.onProbed(event.target.id as MemberId, event.outcome, now);
        break;
      }
      case "stateSaved":
        for (const name of this.#keeper.saved(event.version, now)) this.#concern(this.#groups.get(name));
        break;
      case "operator": {
        const group = this.#concern(this.#groups.get(event.command.group));
        if (group !== undefined) group.onOperator(event.id, event.command, now);
        else {
          const text = `no such group: ${event.command.group}`;
          this.outbox.push({ type: "operatorReply", id: event.id, ok: false, text, code: null });
        }
        break;
      }
      default:
        unreachable(event);
    }
  }

  #onNodeLink(link: LinkId, identity: PeerIdentity, now: Instant): void {
    const group = this.#concern(this.#groupOf(identity.id));
    if (group === undefined) {
      this.#refuseLink(link, identity, "no group has this node");
      return;
    }
    const id = identity.id as MemberId;
    this.#nodeLinks.set(link, { group, id });
    const replaced = group.onMemberLinkUp(id, link, identity, now);
    if (replaced !== null) this.#closeLink(replaced);
  }

  #onPeerLink(link: LinkId, identity: PeerIdentity, dialled: boolean, now: Instant): void {
    const peer = this.#peers.byId(identity.id);
    if (peer === undefined) {
      this.#refuseLink(link, identity, "it is no member of this sentinel set");
      return;
    }
    const restarted = peer.startId !== null && peer.startId !== identity.startId;
    for (const stale of this.#peers.onLinkUp(peer, link, identity, dialled, now.monoMs))
      this.#closeLink(stale);
    this.#concernAll();
    for (const group of this.#groups.values()) {
      if (restarted) group.onPeerRestarted(peer);
      group.onPeerLink(peer, link);
    }
  }

  #onLinkDown(link: LinkId, now: Instant): void {
    const node = this.#nodeLinks.get(link);
    this.#nodeLinks.delete(link);
    if (node !== undefined) this.#concern(node.group).onMemberLinkDown(node.id, link, now);
    else this.#forgetPeerLink(link);
  }

  #onMessage(link: LinkId, message: NodeToSentinel | SentinelMessage, now: Instant): void {
    const node = this.#nodeLinks.get(link);
    if (node !== undefined) {
      if (isFromNode(message)) this.#concern(node.group).onMemberMessage(node.id, link, message, now);
      return;
    }
    const peer = this.#peers.byLink(link);
    if (peer === undefined || isFromNode(message)) return;
    this.#hear(peer, now.monoMs);
    if (message.type === "report" && message.membership !== this.#config.membershipVersion) {
      const identity = { kind: "sentinel" as const, id: peer.id, startId: peer.startId };
      const why = `its membership version is ${message.membership}, not ${this.#config.membershipVersion}`;
      this.#refuseLink(link, identity, why);
      return;
    }
    this.#concern(this.#groups.get(message.group))?.onPeerMessage(peer, link, message, now);
  }

  /** A message about one group ends the sentinel's silence for all of them. */
  #hear(peer: SentinelPeer, nowMs: Millis): void {
    if (peer.lastHeardMs === null || nowMs - peer.lastHeardMs >= this.#silenceNoticedMs) this.#concernAll();
    peer.lastHeardMs = nowMs;
  }

  #refuseLink(link: LinkId, identity: { kind: string; id: string }, why: string): void {
    this.outbox.log("error", "peer.refused", { kind: identity.kind, peer: identity.id, why }, "link refused");
    this.#closeLink(link);
  }

  /** Its `linkDown` may come later, or not at all: it is forgotten now. */
  #closeLink(link: LinkId): void {
    this.#nodeLinks.delete(link);
    this.#forgetPeerLink(link);
    this.outbox.push({ type: "closeLink", link });
  }

  #forgetPeerLink(link: LinkId): void {
    if (this.#peers.onLinkDown(link)) this.#concernAll();
  }

  /** It is settled after this event. */
  #concern<Concerned extends Group | undefined>(group: Concerned): Concerned {
    if (group !== undefined) this.#concerned.add(group);
    return group;
  }

  #groupOf(node: string): Group | undefined {
    for (const group of this.#groups.values()) if (group.watches(node as MemberId)) return group;
    return undefined;
  }

  #targets(): PeerTarget[] {
    return [
      ...this.#peers.all.map((peer) => ({ kind: "sentinel" as const, id: peer.id, url: peer.seat.url })),
      ...[...this.#groups.values()].flatMap((group) => group.targets()),
    ];
  }
}

function isFromNode(message: NodeToSentinel | SentinelMessage): message is NodeToSentinel {
  switch (message.type) {
    case "pong":
    case "status":
    case "sealed":
    case "promoted":
    case "following":
    case "refused":
      return true;
    default:
      return false;
  }
}
