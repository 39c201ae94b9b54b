/** Sentinel cores and fake nodes on a virtual network in virtual time, deterministic. Checks the safety invariants at every step. */
import { expect } from "vitest";
import type { GroupConfig } from "../../../sentinel/core/core-config.ts";
import type { RefusalCode, SentinelEffect } from "../../../sentinel/core/outbox.ts";
import { SentinelCore } from "../../../sentinel/core/sentinel.ts";
import type { SentinelNotice } from "../../../sentinel/core/sentinel-event.ts";
import type { OperatorCommand, SentinelInput } from "../../../sentinel/core/sentinel-input.ts";
import type { SentinelState } from "../../../sentinel/core/sentinel-state.ts";
import type { GroupView } from "../../../sentinel/core/view.ts";
import { unreachable } from "../../../src/base/errors.ts";
import type { MemberId, Millis, SentinelId, StartId } from "../../../src/base/ids.ts";
import type { Instant } from "../../../src/base/instant.ts";
import { SeededRandomness } from "../../../src/base/randomness.ts";
import type { PeerTarget } from "../../../src/protocol/peer/identity.ts";
import type { SentinelToNode } from "../../../src/protocol/peer/node-messages.ts";
import type { SentinelMessage } from "../../../src/protocol/peer/sentinel-messages.ts";
import { FakeNode } from "./fake-node.ts";
import { type Process, Processes } from "./processes.ts";
import { type AnyMessage, type WireEnds, Wires } from "./wires.ts";
import { WorldChecks } from "./world-checks.ts";
import { groupConfigs, sentinelConfig, sentinelIdsOf, type WorldOptions } from "./world-config.ts";

const SAVE_MS = 1;

interface SentinelSeatHere {
  core: SentinelCore;
  disk: SentinelState | null;
  startId: StartId;
  targets: readonly PeerTarget[];
  tickAtMs: Millis | undefined;
}

export interface Seen {
  readonly atMs: Millis;
  readonly sentinel: string;
}

export class World {
  readonly nodes: Map<string, FakeNode> = new Map();
  readonly notices: (Seen & { readonly notice: SentinelNotice })[] = [];
  readonly replies: Map<number, { ok: boolean; text: string; code: RefusalCode | null }> = new Map();
  readonly logs: (Seen & Extract<SentinelEffect, { type: "log" }>)[] = [];
  readonly sent: (Seen & { readonly to: string; readonly message: AnyMessage })[] = [];
  readonly promotions: { readonly atMs: Millis; readonly id: MemberId; readonly epoch: number }[] = [];
  /** Saves of these sentinels never come back while they are named here. */
  readonly stuckDisks: Set<string> = new Set();
  #options: WorldOptions;
  readonly #processes = new Processes();
  readonly wires: Wires;
  readonly #checks = new WorldChecks();
  readonly #sentinels = new Map<string, SentinelSeatHere>();
  readonly #randomness: SeededRandomness;
  #operations = 0;

  constructor(options: WorldOptions = {}) {
    this.#options = options;
    this.#randomness = new SeededRandomness(options.seed ?? 1);
    this.wires = new Wires(this.#processes, this.#ends());
    for (const group of groupConfigs(options)) {
      for (const node of group.nodes) this.#addNode(node.id);
    }
    for (const id of this.sentinelIds()) {
      this.#processes.add(id, { alive: false, life: 0 });
      this.startSentinel(id, null);
    }
  }

  get nowMs(): Millis {
    return this.#processes.nowMs;
  }

  /** Who took the role, by group and epoch. */
  get reigns(): ReadonlyMap<string, MemberId> {
    return this.#checks.reigns;
  }

  sentinelIds(): string[] {
    return sentinelIdsOf(this.#options);
  }

  /** Members of the first group's present reign, without its master. */
  replicaIds(): string[] {
    return [...this.nodes.keys()].filter((id) => id !== this.masterId());
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

  isHolding(sentinel: string, group = "mymaster"): boolean {
    return this.#seat(sentinel).core.isHolding(group, this.#instant());
  }

  /** The master that this sentinel names to clients. */
  named(sentinel: string, group = "mymaster"): MemberId | null {
    return this.view(sentinel, group).standing?.master ?? null;
  }

  /** True when all live sentinels name the same master, which is established. */
  settled(group = "mymaster"): boolean {
    const live = this.sentinelIds().filter((id) => this.#processes.isRunning(id));
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
    this.#processes.end(id);
    this.wires.onEnd(id);
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
      config: sentinelConfig(id as SentinelId, this.#options),
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
    this.wires.cut(one, other);
  }

  heal(): void {
    this.wires.heal();
  }

  connected(a: string, b: string): boolean {
    return this.wires.reaches(a, b) && this.wires.reaches(b, a);
  }

  /** Puts a message on the wire as if `from` had sent it: for what a well-behaved core never does. */
  say(from: string, to: string, message: AnyMessage): void {
    const link = this.wires.linkBetween(from, to);
    if (link === undefined) throw new Error(`no link from ${from} to ${to}`);
    this.wires.send(from, link, message);
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
    while (this.#processes.runNext(endMs)) {}
    this.#processes.nowMs = endMs;
  }

  /** Runs until it holds. @returns the virtual time that it took. */
  until(what: string, holds: () => boolean, withinMs: Millis): Millis {
    const fromMs = this.nowMs;
    while (!holds()) {
      if (!this.#processes.runNext(fromMs + withinMs)) {
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
    this.#processes.add(id, { alive: true, life: 1 });
    const node = new FakeNode(id, 6379 + this.nodes.size, {
      now: () => this.nowMs,
      after: (ms, then) => this.#processes.afterInLife(id, ms, () => this.#processes.deliver(id, then)),
      send: (link, message) => this.wires.send(id, link, message),
      links: () => this.wires.linksTo(id),
      sees: () =>
        [...this.nodes.keys()].filter((other) => other !== id && this.wires.reaches(id, other)) as MemberId[],
      positionOf: (other) => {
        const reached = this.wires.reaches(id, other) ? this.node(other) : null;
        return reached?.role === "master" ? reached.position : null;
      },
      promoting: (epoch) => this.#onPromotion(id, epoch),
    });
    this.nodes.set(id, node);
  }

  #onPromotion(id: MemberId, epoch: number): void {
    const group = groupConfigs(this.#options).find(({ nodes }) => nodes.some((node) => node.id === id));
    this.#options.promoting?.(this.node(id));
    this.promotions.push({ atMs: this.nowMs, id, epoch });
    const others = (group?.nodes ?? []).filter((one) => one.id !== id && this.#process(one.id).alive);
    this.#checks.onPromotion(
      id,
      epoch,
      group?.name ?? "",
      others.map((one) => this.node(one.id)),
    );
  }

  #ends(): WireEnds {
    return {
      identity: (id) => {
        const node = this.nodes.get(id);
        return node === undefined
          ? { kind: "sentinel", id, startId: this.#seat(id).startId }
          : { kind: "node", id, startId: node.startId };
      },
      targetOf: (from, to) => this.#sentinels.get(from)?.targets.find(({ id }) => id === to),
      linkUp: (id, link, peer, dialled) => {
        if (!this.nodes.has(id)) this.#step(id, { type: "linkUp", link, peer, dialled });
      },
      linkDown: (id, link, peer) => {
        const node = this.nodes.get(id);
        if (node !== undefined) node.onLinkDown(peer, link);
        else this.#step(id, { type: "linkDown", link });
      },
      message: (id, link, from, message) => {
        const node = this.nodes.get(id);
        if (node !== undefined) node.onMessage(from, link, message as SentinelToNode);
        else this.#step(id, { type: "message", link, message: message as SentinelMessage });
      },
      probed: (id, target, outcome) => this.#step(id, { type: "probed", target, outcome }),
      sent: (from, to, message) => this.sent.push({ atMs: this.nowMs, sentinel: from, to, message }),
    };
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
        this.#checks.onSend(seat.disk, effect.message);
        this.wires.send(id, effect.link, effect.message);
        break;
      case "closeLink":
        this.wires.close(effect.link, id);
        break;
      case "setPeers":
        seat.targets = effect.targets;
        for (const target of effect.targets) this.wires.dial(id, target);
        break;
      case "probe":
        this.wires.probe(id, effect.target);
        break;
      case "saveState":
        this.#checks.onSave(id, effect.state);
        this.#processes.afterInLife(id, this.#options.saveMs ?? SAVE_MS, () => {
          if (this.stuckDisks.has(id)) return;
          seat.disk = effect.state;
          this.#processes.deliver(id, () => this.#step(id, { type: "stateSaved", version: effect.version }));
        });
        break;
      case "notice":
        this.notices.push({ ...seen, notice: effect.notice });
        break;
      case "operatorReply":
        expect(this.replies.has(effect.id), "one reply for each operator command").toBe(false);
        this.replies.set(effect.id, { ok: effect.ok, text: effect.text, code: effect.code });
        break;
      case "masterChanged": {
        const disks = [...this.#sentinels.values()].map(({ disk }) => disk);
        this.#checks.onTold(seat.startId, effect.group, effect.record.number, disks);
        break;
      }
      case "log":
        this.logs.push({ ...seen, ...effect });
        break;
      default:
        unreachable(effect);
    }
  }

  #arm(id: string, seat: SentinelSeatHere): void {
    const dueMs = seat.core.deadlineMs();
    if (dueMs === undefined || (seat.tickAtMs !== undefined && seat.tickAtMs <= dueMs)) return;
    seat.tickAtMs = dueMs;
    this.#processes.afterInLife(id, Math.max(0, dueMs - this.nowMs), () => {
      if (seat.tickAtMs !== dueMs) return;
      seat.tickAtMs = undefined;
      if (this.#process(id).paused) return;
      this.#step(id, { type: "tick" });
    });
  }

  #instant(): Instant {
    return this.#processes.instant();
  }

  #process(id: string): Process {
    return this.#processes.of(id);
  }

  #seat(id: string): SentinelSeatHere {
    const seat = this.#sentinels.get(id);
    if (seat === undefined) throw new Error(`no sentinel ${id}`);
    return seat;
  }
}

/** A world that has bootstrapped and has been quiet for a moment. */
export function settledWorld(options: WorldOptions = {}): World {
  const world = new World(options);
  world.until("the first master is established everywhere", () => world.settled(), 2000);
  world.run(1500);
  return world;
}
