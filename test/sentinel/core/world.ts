/**
 * Sentinel cores and fake nodes on a virtual network in virtual time. Everything is deterministic: one queue of
 * events, ordered by time, then by the order in which they were made. Checks the safety invariants at every step.
 */
import { expect } from "vitest";
import type { GroupConfig, SentinelCoreConfig } from "../../../sentinel/core/core-config.ts";
import type { SentinelEffect } from "../../../sentinel/core/outbox.ts";
import { SentinelCore } from "../../../sentinel/core/sentinel.ts";
import type { SentinelNotice } from "../../../sentinel/core/sentinel-event.ts";
import type { OperatorCommand, SentinelInput } from "../../../sentinel/core/sentinel-input.ts";
import type { SentinelState } from "../../../sentinel/core/sentinel-state.ts";
import type { GroupView } from "../../../sentinel/core/view.ts";
import { unreachable } from "../../../src/base/errors.ts";
import type { MemberId, Millis, SentinelId, StartId } from "../../../src/base/ids.ts";
import type { Instant } from "../../../src/base/instant.ts";
import { SeededRandomness } from "../../../src/base/randomness.ts";
import type { LinkId, PeerTarget } from "../../../src/protocol/peer/identity.ts";
import type { NodeToSentinel, SentinelToNode } from "../../../src/protocol/peer/node-messages.ts";
import type { SentinelMessage } from "../../../src/protocol/peer/sentinel-messages.ts";
import type { ElectionRules } from "../../../src/rules/election-rules.ts";
import { compareRecordNumbers, type RecordNumber } from "../../../src/rules/group-record.ts";
import { FakeNode } from "./fake-node.ts";

const LATENCY_MS = 0.25;
const SAVE_MS = 1;
const REDIAL_MS = 50;
const WALL_ZERO_MS = 1_750_000_000_000;

type AnyMessage = NodeToSentinel | SentinelToNode | SentinelMessage;

interface Link {
  readonly id: LinkId;
  readonly from: string;
  readonly to: string;
  up: boolean;
  lostSomething: boolean;
}

interface Process {
  alive: boolean;
  paused: boolean;
  /** Counts lives, so that what was meant for an earlier one is dropped. */
  life: number;
  inbox: (() => void)[];
}

interface SentinelSeatHere {
  core: SentinelCore;
  disk: SentinelState | null;
  startId: StartId;
  targets: readonly PeerTarget[];
  standing: Map<string, RecordNumber>;
  tickAtMs: Millis | undefined;
}

export interface Seen {
  readonly atMs: Millis;
  readonly sentinel: string;
}

export interface WorldOptions {
  readonly nodes?: number;
  readonly sentinels?: number;
  readonly seed?: number;
  readonly saveMs?: Millis;
  readonly rules?: Partial<ElectionRules>;
  /** One group each; the first is `mymaster` with n1, n2, ...; further ones get nodes of their own. */
  readonly groups?: readonly string[];
  readonly group?: Partial<GroupConfig>;
  /** Called right before a node takes the role, for further invariants. */
  readonly promoting?: (node: FakeNode) => void;
}

export class World {
  nowMs: Millis = 0;
  readonly nodes: Map<string, FakeNode> = new Map();
  readonly notices: (Seen & { readonly notice: SentinelNotice })[] = [];
  readonly replies: Map<number, { ok: boolean; text: string }> = new Map();
  readonly logs: (Seen & Extract<SentinelEffect, { type: "log" }>)[] = [];
  readonly sent: (Seen & { readonly to: string; readonly message: AnyMessage })[] = [];
  /** Who took the role, by group and epoch. */
  readonly reigns: Map<string, MemberId> = new Map();
  readonly promotions: { readonly atMs: Millis; readonly id: MemberId; readonly epoch: number }[] = [];
  /** Saves of these sentinels never come back while they are named here. */
  readonly stuckDisks: Set<string> = new Set();
  #options: WorldOptions;
  readonly #processes = new Map<string, Process>();
  readonly #sentinels = new Map<string, SentinelSeatHere>();
  readonly #links = new Map<LinkId, Link>();
  readonly #cut = new Set<string>();
  /** For whom each sentinel has voted, by sentinel, group and epoch. */
  readonly #votes = new Map<string, string>();
  readonly #randomness: SeededRandomness;
  #queue: { atMs: Millis; order: number; run: () => void }[] = [];
  #order = 0;
  #nextLink = 1;
  #operations = 0;

  constructor(options: WorldOptions = {}) {
    this.#options = options;
    this.#randomness = new SeededRandomness(options.seed ?? 1);
    for (const group of this.#groups()) {
      for (const node of group.nodes) this.#addNode(node.id);
    }
    for (const id of this.sentinelIds()) {
      this.#processes.set(id, { alive: false, paused: false, life: 0, inbox: [] });
      this.startSentinel(id, null);
    }
  }

  sentinelIds(): string[] {
    return Array.from({ length: this.#options.sentinels ?? 3 }, (_, at) => `s${at + 1}`);
  }

  node(id: string): FakeNode {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`no node ${id}`);
    return node;
  }

  view(sentinel: string, group = "mymaster"): GroupView {
    const view = this.#seat(sentinel).core.view(group, this.#instant());
    if (view === undefined) throw new Error(`no group ${group}`);
    return view;
  }

  /** The master that this sentinel names to clients. */
  named(sentinel: string, group = "mymaster"): MemberId | null {
    return this.view(sentinel, group).standing?.master ?? null;
  }

  /** True when all live sentinels name the same master, which is established. */
  settled(group = "mymaster"): boolean {
    const live = this.sentinelIds().filter((id) => this.#process(id).alive && !this.#process(id).paused);
    const names = new Set(live.map((id) => this.named(id, group)));
    const [only] = names;
    if (names.size !== 1 || only == null) return false;
    const master = this.node(only);
    return this.#process(only).alive && master.role === "master" && master.established;
  }

  masterId(group = "mymaster"): MemberId {
    for (const id of this.sentinelIds()) {
      const name = this.#process(id).alive ? this.named(id, group) : null;
      if (name !== null) return name;
    }
    throw new Error("no master is named");
  }

  // ---- faults ----------------------------------------------------------------------------------

  kill(id: string): void {
    const process = this.#process(id);
    process.alive = false;
    process.paused = false;
    process.life++;
    process.inbox = [];
    for (const link of [...this.#links.values()]) {
      if (link.up && (link.from === id || link.to === id)) this.#breakLink(link, id);
    }
  }

  restartNode(id: string, loses?: "nothing" | "unsynced" | "everything"): void {
    this.node(id).restart(loses);
    this.#process(id).alive = true;
  }

  /** @param disk what it finds on its disk; by default what it had last made durable. */
  startSentinel(id: string, disk: SentinelState | null | undefined = undefined): void {
    const process = this.#process(id);
    process.alive = true;
    process.life++;
    const startId = `${id}-life${process.life}` as StartId;
    const kept = disk === undefined ? (this.#sentinels.get(id)?.disk ?? null) : disk;
    const core = new SentinelCore({
      config: this.#config(id as SentinelId),
      startId,
      recovered: kept,
      rules: this.#options.rules ?? {},
      randomness: new SeededRandomness(this.#randomness.below(1_000_000)),
      now: this.#instant(),
    });
    this.#sentinels.set(id, {
      core,
      disk: kept,
      startId,
      targets: [],
      standing: new Map(),
      tickAtMs: undefined,
    });
    this.#step(id, { type: "start" });
  }

  /** What sentinels that start from now on are told of their groups. */
  reconfigure(group: Partial<GroupConfig>): void {
    this.#options = { ...this.#options, group: { ...this.#options.group, ...group } };
  }

  pause(id: string): void {
    this.#process(id).paused = true;
  }

  resume(id: string): void {
    const process = this.#process(id);
    process.paused = false;
    const { inbox } = process;
    process.inbox = [];
    if (this.#sentinels.has(id)) this.#step(id, { type: "tick" });
    for (const run of inbox) run();
  }

  /** Cuts all between the two sides, silently. */
  partition(one: readonly string[], other: readonly string[]): void {
    for (const a of one) for (const b of other) this.#cut.add(pair(a, b));
  }

  heal(): void {
    this.#cut.clear();
    for (const link of [...this.#links.values()]) {
      if (link.up && link.lostSomething) this.#breakLink(link, null);
    }
  }

  connected(a: string, b: string): boolean {
    const up = [a, b].every((id) => this.#process(id).alive && !this.#process(id).paused);
    return up && !this.#cut.has(pair(a, b));
  }

  /** Puts a message on the wire as if `from` had sent it: for what a well-behaved core never does. */
  say(from: string, to: string, message: AnyMessage): void {
    const link = [...this.#links.values()].find((one) => one.up && one.from === from && one.to === to);
    if (link === undefined) throw new Error(`no link from ${from} to ${to}`);
    this.#send(from, link.id, message);
  }

  startIdOf(sentinel: string): StartId {
    return this.#seat(sentinel).startId;
  }

  operator(sentinel: string, command: OperatorCommand): number {
    const id = ++this.#operations;
    this.#step(sentinel, { type: "operator", id, command });
    return id;
  }

  disk(sentinel: string): SentinelState | null {
    return this.#seat(sentinel).disk;
  }

  // ---- time ------------------------------------------------------------------------------------

  run(forMs: Millis): void {
    const endMs = this.nowMs + forMs;
    while (this.#runNext(endMs)) {}
    this.nowMs = endMs;
  }

  /** Runs until it holds. @returns the virtual time that it took. */
  until(what: string, holds: () => boolean, withinMs: Millis): Millis {
    const fromMs = this.nowMs;
    while (!holds()) {
      if (!this.#runNext(fromMs + withinMs)) {
        throw new Error(`not within ${withinMs} ms: ${what}\n${this.describe()}`);
      }
    }
    return this.nowMs - fromMs;
  }

  /** For failing tests: what everyone thinks. */
  describe(): string {
    const sentinels = this.sentinelIds().map((id) => {
      if (!this.#process(id).alive) return `${id} dead`;
      const view = this.view(id);
      return `${id} voted ${view.votedEpoch} stored ${JSON.stringify(view.stored?.number)} of ${view.stored?.master} standing ${view.standing?.master} failover ${JSON.stringify(view.failover)} obstacles ${JSON.stringify(view.obstacles)}`;
    });
    const nodes = [...this.nodes.values()].map(
      (node) =>
        `${node.id} ${node.role} ${node.roleEpoch} promise ${node.promise.epoch} at ${JSON.stringify(node.position)}`,
    );
    const logs = this.logs
      .filter((log) => log.level !== "debug")
      .slice(-20)
      .map((log) => `${log.atMs} ${log.sentinel} ${log.event} ${JSON.stringify(log.fields)}`);
    return [...sentinels, ...nodes, ...logs].join("\n");
  }

  // ---- inside ----------------------------------------------------------------------------------

  #addNode(id: MemberId): void {
    this.#processes.set(id, { alive: true, paused: false, life: 1, inbox: [] });
    const node = new FakeNode(id, 6379 + this.nodes.size, {
      now: () => this.nowMs,
      after: (ms, then) => {
        const { life } = this.#process(id);
        this.#at(ms, () => {
          if (this.#process(id).life === life) this.#deliver(id, then);
        });
      },
      send: (link, message) => this.#send(id, link, message),
      links: () =>
        [...this.#links.values()]
          .filter((link) => link.up && link.to === id)
          .map((link) => ({ link: link.id, peer: link.from })),
      sees: () =>
        [...this.nodes.keys()].filter(
          (other) =>
            other !== id &&
            this.#process(other).alive &&
            !this.#process(other).paused &&
            !this.#cut.has(pair(id, other)),
        ) as MemberId[],
      positionOf: (other) => {
        const { alive, paused } = this.#process(other);
        const reachable = alive && !paused && !this.#cut.has(pair(id, other));
        return reachable && this.node(other).role === "master" ? this.node(other).position : null;
      },
      promoting: (epoch) => this.#checkPromotion(id, epoch),
    });
    this.nodes.set(id, node);
  }

  /** S1, and the fence: no other live node may serve by its lease while this one takes the role. */
  #checkPromotion(id: MemberId, epoch: number): void {
    const group = this.#groups().find((one) => one.nodes.some((node) => node.id === id));
    const key = `${group?.name} ${epoch}`;
    expect(this.reigns.get(key) ?? id, `S1: one master in ${key}`).toBe(id);
    this.reigns.set(key, id);
    this.#options.promoting?.(this.node(id));
    this.promotions.push({ atMs: this.nowMs, id, epoch });
    for (const other of group?.nodes ?? []) {
      const node = this.node(other.id);
      if (other.id === id || !this.#process(other.id).alive || node.handover?.ready === true) continue;
      // A promotion that was long under way finds a later master: that one's lease is right.
      if (node.roleEpoch > epoch) continue;
      expect(node.holdsLease(), `${other.id} still holds its lease while ${id} is promoted`).toBe(false);
    }
  }

  #step(id: string, input: SentinelInput): void {
    const seat = this.#seat(id);
    seat.core.step(this.#instant(), input);
    for (const effect of seat.core.outbox.take()) this.#carryOut(id, seat, effect);
    this.#arm(id, seat);
  }

  #carryOut(id: string, seat: SentinelSeatHere, effect: SentinelEffect): void {
    const seen = { atMs: this.nowMs, sentinel: id };
    switch (effect.type) {
      case "send":
        this.#checkVote(seat, effect.message);
        this.#send(id, effect.link, effect.message);
        break;
      case "closeLink": {
        const link = this.#links.get(effect.link);
        if (link?.up === true) this.#breakLink(link, id);
        break;
      }
      case "setPeers":
        seat.targets = effect.targets;
        for (const target of effect.targets) this.#dial(id, target);
        break;
      case "probe":
        this.#probe(id, effect.target);
        break;
      case "saveState": {
        this.#checkVotesOnce(id, effect.state);
        const { life } = this.#process(id);
        this.#at(this.#options.saveMs ?? SAVE_MS, () => {
          if (this.#process(id).life !== life || this.stuckDisks.has(id)) return;
          seat.disk = effect.state;
          this.#deliver(id, () => this.#step(id, { type: "stateSaved", version: effect.version }));
        });
        break;
      }
      case "notice":
        this.notices.push({ ...seen, notice: effect.notice });
        break;
      case "operatorReply":
        expect(this.replies.has(effect.id), "one reply for each operator command").toBe(false);
        this.replies.set(effect.id, { ok: effect.ok, text: effect.text });
        break;
      case "masterChanged": {
        const before = seat.standing.get(effect.group);
        if (before !== undefined) {
          expect(
            compareRecordNumbers(effect.record.number, before),
            "S9: answers go forward",
          ).toBeGreaterThan(0);
        }
        seat.standing.set(effect.group, effect.record.number);
        this.#checkStands(effect.group, effect.record.number);
        break;
      }
      case "log":
        this.logs.push({ ...seen, ...effect });
        break;
      default:
        unreachable(effect);
    }
  }

  #checkVotesOnce(id: string, state: SentinelState): void {
    for (const [group, { votedEpoch, votedFor }] of Object.entries(state.groups)) {
      if (votedFor === null) continue;
      const key = `${id} ${group} ${votedEpoch}`;
      expect(this.#votes.get(key) ?? votedFor.startId, `S1: one vote of ${key}`).toBe(votedFor.startId);
      this.#votes.set(key, votedFor.startId);
    }
  }

  /** A vote may only be spoken of once it is on disk. */
  #checkVote(seat: SentinelSeatHere, message: SentinelToNode | SentinelMessage): void {
    if (message.type !== "vote" || !message.granted || message.pre) return;
    expect(seat.disk?.groups[message.group]?.votedEpoch, "a vote is durable before it is said").toBe(
      message.epoch,
    );
  }

  /** S9: what clients are told stands at a majority, or a newer record does. */
  #checkStands(group: string, number: RecordNumber): void {
    const holders = [...this.#sentinels.values()].filter((seat) => {
      const held = seat.disk?.groups[group]?.record?.number;
      return held !== undefined && compareRecordNumbers(held, number) >= 0;
    });
    expect(holders.length, "S9: only what stands at a majority is named").toBeGreaterThan(
      this.#sentinels.size / 2,
    );
  }

  #send(from: string, linkId: LinkId, message: AnyMessage): void {
    const link = this.#links.get(linkId);
    if (link === undefined || !link.up) return;
    const to = link.from === from ? link.to : link.from;
    this.sent.push({ atMs: this.nowMs, sentinel: from, to, message });
    if (this.#cut.has(pair(from, to))) {
      link.lostSomething = true;
      return;
    }
    const { life } = this.#process(to);
    this.#at(LATENCY_MS, () => {
      if (this.#process(to).life !== life || !link.up) return;
      this.#deliver(to, () => {
        const node = this.nodes.get(to);
        if (node !== undefined) node.onMessage(from, linkId, message as SentinelToNode);
        else this.#step(to, { type: "message", link: linkId, message: message as SentinelMessage });
      });
    });
  }

  #dial(from: string, target: PeerTarget): void {
    const { life } = this.#process(from);
    const again = (): void => {
      this.#at(REDIAL_MS, () => {
        if (this.#process(from).life === life) this.#dial(from, target);
      });
    };
    this.#at(LATENCY_MS * 2, () => {
      if (this.#process(from).life !== life) return;
      const other = this.#process(target.id);
      if (
        !other.alive ||
        other.paused ||
        this.#process(from).paused ||
        this.#cut.has(pair(from, target.id))
      ) {
        again();
        return;
      }
      const link: Link = { id: this.#nextLink++, from, to: target.id, up: true, lostSomething: false };
      this.#links.set(link.id, link);
      this.#deliver(from, () =>
        this.#step(from, { type: "linkUp", link: link.id, peer: this.#identity(target.id), dialled: true }),
      );
      if (this.nodes.has(target.id)) return;
      this.#deliver(target.id, () =>
        this.#step(target.id, { type: "linkUp", link: link.id, peer: this.#identity(from), dialled: false }),
      );
    });
  }

  #breakLink(link: Link, by: string | null): void {
    link.up = false;
    this.#links.delete(link.id);
    for (const end of [link.from, link.to]) {
      const { life, alive } = this.#process(end);
      if (!alive || end === by) continue;
      this.#at(LATENCY_MS, () => {
        if (this.#process(end).life !== life) return;
        const peer = end === link.from ? link.to : link.from;
        this.#deliver(end, () => {
          const node = this.nodes.get(end);
          if (node !== undefined) node.onLinkDown(peer, link.id);
          else this.#step(end, { type: "linkDown", link: link.id });
        });
      });
    }
    const { life, alive } = this.#process(link.from);
    const target = this.#sentinels.get(link.from)?.targets.find((one) => one.id === link.to);
    if (!alive || target === undefined) return;
    this.#at(REDIAL_MS, () => {
      if (this.#process(link.from).life === life) this.#dial(link.from, target);
    });
  }

  #probe(from: string, target: PeerTarget): void {
    const { life } = this.#process(from);
    this.#at(LATENCY_MS * 2, () => {
      const other = this.#process(target.id);
      const silent = this.#cut.has(pair(from, target.id)) || other.paused;
      const outcome = silent
        ? ({ result: "silent" } as const)
        : other.alive
          ? ({ result: "reached", identity: this.#identity(target.id) } as const)
          : ({ result: "refused" } as const);
      if (this.#process(from).life === life) {
        this.#deliver(from, () => this.#step(from, { type: "probed", target, outcome }));
      }
    });
  }

  #identity(id: string): { kind: "node" | "sentinel"; id: string; startId: StartId } {
    const node = this.nodes.get(id);
    return node === undefined
      ? { kind: "sentinel", id, startId: this.#seat(id).startId }
      : { kind: "node", id, startId: node.startId };
  }

  #arm(id: string, seat: SentinelSeatHere): void {
    const dueMs = seat.core.deadlineMs();
    if (dueMs === undefined || (seat.tickAtMs !== undefined && seat.tickAtMs <= dueMs)) return;
    seat.tickAtMs = dueMs;
    const { life } = this.#process(id);
    this.#at(Math.max(0, dueMs - this.nowMs), () => {
      if (this.#process(id).life !== life || seat.tickAtMs !== dueMs) return;
      seat.tickAtMs = undefined;
      if (this.#process(id).paused) return;
      this.#step(id, { type: "tick" });
    });
  }

  #deliver(id: string, run: () => void): void {
    const process = this.#process(id);
    if (!process.alive) return;
    if (process.paused) process.inbox.push(run);
    else run();
  }

  #at(afterMs: Millis, run: () => void): void {
    this.#queue.push({ atMs: this.nowMs + afterMs, order: this.#order++, run });
  }

  #runNext(limitMs: Millis): boolean {
    let next = this.#queue[0];
    for (const entry of this.#queue) {
      if (
        next === undefined ||
        entry.atMs < next.atMs ||
        (entry.atMs === next.atMs && entry.order < next.order)
      ) {
        next = entry;
      }
    }
    if (next === undefined || next.atMs > limitMs) return false;
    this.#queue = this.#queue.filter((entry) => entry !== next);
    this.nowMs = Math.max(this.nowMs, next.atMs);
    next.run();
    return true;
  }

  #instant(): Instant {
    return { monoMs: this.nowMs, wallMs: WALL_ZERO_MS + this.nowMs };
  }

  #process(id: string): Process {
    const process = this.#processes.get(id);
    if (process === undefined) throw new Error(`no process ${id}`);
    return process;
  }

  #seat(id: string): SentinelSeatHere {
    const seat = this.#sentinels.get(id);
    if (seat === undefined) throw new Error(`no sentinel ${id}`);
    return seat;
  }

  #groups(): GroupConfig[] {
    const names = this.#options.groups ?? ["mymaster"];
    return names.map((name, at) => ({
      name,
      nodes: Array.from({ length: this.#options.nodes ?? 3 }, (_, index) => {
        const id = `${at === 0 ? "n" : `${name}-n`}${index + 1}` as MemberId;
        return { id, url: `ws://${id}` };
      }),
      quorum: Math.floor((this.#options.sentinels ?? 3) / 2) + 1,
      downAfterMs: 1000,
      stallAfterMs: 2000,
      switchoverTimeoutMs: 5000,
      replication: { mode: "semi-sync", copies: null },
      crashEvidence: true,
      ...this.#options.group,
    }));
  }

  #config(id: SentinelId): SentinelCoreConfig {
    return {
      id,
      host: "127.0.0.1",
      clientPort: 26378 + Number(id.slice(1)),
      membershipVersion: 1,
      sentinels: this.sentinelIds().map((seat) => ({ id: seat as SentinelId, url: `ws://${seat}` })),
      groups: this.#groups(),
    };
  }
}

function pair(a: string, b: string): string {
  return a < b ? `${a}|${b}` : `${b}|${a}`;
}

/** A world that has bootstrapped and has been quiet for a moment. */
export function settledWorld(options: WorldOptions = {}): World {
  const world = new World(options);
  world.until("the first master is established everywhere", () => world.settled(), 2000);
  world.run(1500);
  return world;
}
