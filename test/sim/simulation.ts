/**
 * One whole simulated cluster: builds it from a plan, carries out its events and faults, and checks every promise
 * after each of them. First a phase with faults, where only safety is asked for; then they end, and the cluster must
 * serve again within a bound. The same plan gives the same events.
 */

import type { SentinelCoreConfig } from "../../sentinel/core/core-config.ts";
import { InvariantError, invariant } from "../../src/base/errors.ts";
import type { Millis, SentinelId } from "../../src/base/ids.ts";
import { SeededRandomness } from "../../src/base/randomness.ts";
import type { ElectionRules } from "../../src/rules/election-rules.ts";
import type { ReplicationRules } from "../../src/rules/replication-rules.ts";
import { Violation } from "./checks/violation.ts";
import { History } from "./clients/history.ts";
import { SimClient } from "./clients/sim-client.ts";
import { SimGroup } from "./group.ts";
import { groupsOf, type Plan, type PlannedNode } from "./swarm/plan.ts";
import { Trace, type TraceEvent } from "./trace.ts";
import { Watch } from "./watch.ts";
import { EventQueue } from "./world/event-queue.ts";
import { Network } from "./world/network.ts";
import { type DiskCopy, NodeDisk } from "./world/node-disk.ts";
import type { PeerDirectory } from "./world/peer-keeper.ts";
import type { Sabotage } from "./world/sabotage.ts";
import { SimNode } from "./world/sim-node.ts";
import { SimProcess } from "./world/sim-process.ts";
import { SimSentinel } from "./world/sim-sentinel.ts";

export interface SimulationOptions {
  readonly replicationRules?: Partial<ReplicationRules>;
  readonly electionRules?: Partial<ElectionRules>;
  /** Shells that break their word, for tests that check that it matters. */
  readonly sabotage?: Sabotage;
  /** The check of votes is left out: it would tell of the cause, and its consequence is what is looked for. */
  readonly votesUnchecked?: boolean;
  /** Written by hand, beside the plan's faults; called once, at the beginning. */
  readonly script?: (simulation: Simulation) => void;
  /** Told of everything, for reading; the hash is made without it. */
  readonly onTrace?: (event: TraceEvent) => void;
}

const END_WORDS = {
  killed: "is killed",
  powerCut: "loses its power",
  stopped: "stops in good order",
} as const;

const SAMPLE_EVERY_MS: Millis = 50;

/** A process that has ended by itself is started again so much later, as a supervisor does. */
const SUPERVISED_AFTER_MS: Millis = 500;

export class Simulation implements PeerDirectory {
  readonly plan: Plan;
  readonly queue: EventQueue = new EventQueue();
  readonly network: Network;
  readonly groups: readonly SimGroup[];
  /** Of all groups. */
  readonly nodes: readonly SimNode[];
  readonly sentinels: readonly SimSentinel[];
  readonly clients: readonly SimClient[];
  readonly history: History = new History((phase, operation) => this.trace.operation(phase, operation));
  readonly trace: Trace;
  readonly randomness: SeededRandomness;
  readonly #processes = new Map<string, SimProcess>();
  readonly #sabotage: Sabotage;
  /** What nodes and sentinels tell of themselves goes through it. */
  readonly watch: Watch;
  #made = 0;

  constructor(plan: Plan, options: SimulationOptions = {}) {
    this.plan = plan;
    this.#sabotage = options.sabotage ?? {};
    this.randomness = new SeededRandomness(plan.seed);
    this.network = new Network(this.queue, this.randomness, plan);
    this.trace = new Trace(() => this.queue.nowMs, options.onTrace);
    this.groups = groupsOf(plan).map(
      (group, at) =>
        new SimGroup(at, group, {
          sentinels: () => this.sentinels,
          nowMs: () => this.queue.nowMs,
          mayLose: plan.kind === "beyond",
          checksVotes: options.votesUnchecked !== true,
        }),
    );
    this.watch = new Watch(this.groups, this.trace);
    for (const group of this.groups) this.#makeNodes(group, options.replicationRules ?? {});
    this.nodes = this.groups.flatMap((group) => group.nodes);
    this.sentinels = Array.from({ length: plan.sentinels }, (_, at) =>
      this.#makeSentinel(at, options.electionRules ?? {}),
    );
    this.clients = this.groups.flatMap((group) => this.#makeClients(group));
  }

  get epochs(): number {
    return sum(this.groups.map(({ promiseChecks }) => promiseChecks.epochs));
  }

  get committedOffset(): number {
    return sum(this.groups.map(({ logChecks }) => logChecks.committedOffset));
  }

  start(): void {
    for (const { start } of this.#startOrder()) start();
    for (const client of this.clients) client.start();
    this.#sampleLater();
  }

  /** Runs all events up to then. */
  runUntil(untilMs: Millis): void {
    while (this.runNext(untilMs)) {}
  }

  /** @throws Violation, also for a broken invariant inside a core. */
  runNext(untilMs: Millis): boolean {
    try {
      return this.queue.runNext(untilMs);
    } catch (error) {
      if (error instanceof InvariantError) {
        const violation = new Violation("core", error.message);
        violation.stack = error.stack ?? "";
        throw violation;
      }
      throw error;
    }
  }

  // ---- processes -------------------------------------------------------------------------------

  kill(one: SimNode | SimSentinel, how: "killed" | "powerCut" | "stopped" = "killed"): void {
    const { process } = one;
    if (!process.alive) return;
    this.trace.note(`${one.id} ${END_WORDS[how]}`, { type: "process", who: one.id, now: "down" });
    process.end();
    one.ended();
    if (one instanceof SimNode) {
      if (how === "powerCut") one.disk.powerCut(this.randomness);
      else if (how === "stopped" && one.disk.policy !== "memory") one.disk.closeCleanly();
      else one.disk.processCrashed();
    }
    if (how === "powerCut") {
      process.machineUp = false;
      process.boot++;
    }
    this.network.onProcessEnd(process, how === "powerCut" ? "powerCut" : "killed");
  }

  startAgain(one: SimNode | SimSentinel): void {
    if (one.process.alive) return;
    one.process.machineUp = true;
    this.trace.note(`${one.id} starts`, { type: "process", who: one.id, now: "up" });
    if (one.start() !== false) return;
    // What an operator does whom the error sends to a damaged file.
    this.trace.note(`${one.id} refuses to start with a damaged log`);
    this.wipe(one);
    one.start();
  }

  /** A write has failed, or what was read is not what was written: the process stops, and its incarnation is void. */
  failDisk(node: SimNode): void {
    this.kill(node);
    this.trace.note(`${node.id} has a disk that failed`);
    node.disk.fail(this.randomness);
  }

  pause(one: SimNode | SimSentinel): void {
    if (!one.process.running) return;
    this.trace.note(`${one.id} stands still`, { type: "process", who: one.id, now: "paused" });
    one.process.paused = true;
  }

  resume(one: SimNode | SimSentinel): void {
    if (!one.process.paused) return;
    this.trace.note(`${one.id} goes on`, { type: "process", who: one.id, now: "up" });
    one.resume();
  }

  wipe(one: SimNode | SimSentinel): void {
    invariant(!one.process.alive, "only the disk of a dead process is wiped");
    this.trace.note(`${one.id} is wiped`, { type: "process", who: one.id, now: "wiped" });
    if (one instanceof SimNode) one.disk.wipe();
    else {
      one.disk = null;
      for (const { sentinelChecks } of this.groups) sentinelChecks.onWiped(one);
    }
  }

  /** An older copy takes the place of what a dead node has on its disk. */
  putBack(node: SimNode, copy: DiskCopy): void {
    invariant(!node.process.alive, "only the disk of a dead process is replaced");
    this.trace.note(
      `${node.id} gets an older copy of its disk, up to ${copy.last.epoch}/${copy.last.offset}`,
    );
    node.disk.putBack(copy);
  }

  /** A dead node will start at another address. The sentinels hear of it by their files, at their next start. */
  move(node: SimNode, url: string): void {
    invariant(!node.process.alive, "only a dead node moves");
    this.trace.note(`${node.id} moves to ${url}`);
    if (this.#processes.get(node.url) === node.process) this.#processes.delete(node.url);
    this.#processes.set(url, node.process);
    node.url = url;
  }

  /** Of the first group. */
  master(): SimNode | undefined {
    return this.groups[0]?.master();
  }

  groupOf(node: SimNode): SimGroup {
    return this.watch.groupOf(node);
  }

  // ---- checks ----------------------------------------------------------------------------------

  /** @throws Violation S8. */
  checkHistory(): void {
    for (const group of this.groups) group.checkHistory(this.history);
  }

  sampleStates(): void {
    for (const { nodes, logChecks } of this.groups) for (const node of nodes) logChecks.sample(node);
  }

  // ---- who is where ----------------------------------------------------------------------------

  processOf(url: string): SimProcess | undefined {
    return this.#processes.get(url);
  }

  keeperOf(url: string): ReturnType<PeerDirectory["keeperOf"]> {
    const one = [...this.nodes, ...this.sentinels].find((each) => each.url === url);
    return one?.keeper ?? null;
  }

  // ---- building --------------------------------------------------------------------------------

  #process(id: string, clockRate: number): SimProcess {
    const { randomness } = this;
    const process = new SimProcess(id, this.#made++, {
      rate: clockRate,
      monoZeroMs: 1000 + randomness.below(100_000),
      wallSkewMs: ((randomness.below(20_000) - 10_000) * this.plan.wallSkewMsMax) / 10_000,
    });
    this.#processes.set(urlOf(id), process);
    return process;
  }

  #makeNodes(group: SimGroup, rules: Partial<ReplicationRules>): void {
    for (const [at, settings] of group.plan.nodes.entries()) {
      group.nodes.push(this.#makeNode(group, at, settings, rules));
    }
  }

  #makeNode(group: SimGroup, at: number, settings: PlannedNode, rules: Partial<ReplicationRules>): SimNode {
    const { plan } = group;
    const id = group.nodeId(at);
    const node = new SimNode(
      {
        id,
        url: urlOf(id),
        process: this.#process(id, settings.clockRate),
        disk: new NodeDisk(id, settings.policy, plan.logKeep),
        speed: { syncMs: this.plan.syncMs, touchMs: 0.1, slowness: 1 },
      },
      {
        ackTimeoutMs: plan.ackTimeoutMs,
        snapshotAfterBytes: plan.snapshotAfterBytes,
        priority: settings.priority,
        voting: settings.voting,
        rules,
        sabotage: this.#sabotage,
      },
      { ...this.#world(), monitor: this.watch },
    );
    node.onCrash = () => this.kill(node);
    node.onDiskFailure = () => {
      this.failDisk(node);
      // Perhaps long after the last fault, when nobody else sees to it.
      this.queue.after(SUPERVISED_AFTER_MS, () => this.startAgain(node));
    };
    return node;
  }

  #makeSentinel(at: number, rules: Partial<ElectionRules>): SimSentinel {
    const id = sentinelId(at);
    const clockRate = 1 + (this.randomness.next() - 0.5) * 0.01;
    const sentinel = new SimSentinel(
      { id, url: urlOf(id), process: this.#process(id, clockRate) },
      {
        config: () => this.#sentinelConfig(id),
        rules,
        saveMs: this.plan.syncMs,
        voteEarly: this.#sabotage.voteEarly === true,
      },
      { ...this.#world(), monitor: this.watch },
    );
    sentinel.onCrash = () => this.kill(sentinel);
    return sentinel;
  }

  #sentinelConfig(id: SentinelId): SentinelCoreConfig {
    const { plan } = this;
    return {
      id,
      host: id,
      clientPort: 26379,
      membershipVersion: 1,
      sentinels: Array.from({ length: plan.sentinels }, (_, at) => ({
        id: sentinelId(at),
        url: urlOf(sentinelId(at)),
      })),
      groups: this.groups.map((group) => this.#groupConfig(group)),
    };
  }

  #groupConfig(group: SimGroup): SentinelCoreConfig["groups"][number] {
    const { plan } = group;
    return {
      name: group.name,
      nodes: group.nodes.map(({ id, url }) => ({ id, url })),
      quorum: plan.quorum,
      downAfterMs: plan.downAfterMs,
      stallAfterMs: 2 * plan.downAfterMs,
      switchoverTimeoutMs: 2000,
      replication: { mode: plan.mode, copies: plan.copiesConfigured },
      crashEvidence: plan.crashEvidence,
    };
  }

  #makeClients(group: SimGroup): SimClient[] {
    const { name, prefix, plan, nodes, registers, counters, answerChecks } = group;
    const { queue, network, history, sentinels } = this;
    const names = (kind: string, count: number): string[] =>
      Array.from({ length: count }, (_, at) => `${prefix}${kind}${at + 1}`);
    const make = (id: string, at: number, readsReplicas: boolean): SimClient =>
      new SimClient(this.#process(id, 1), {
        queue,
        network,
        randomness: new SeededRandomness(this.plan.seed * 31 + at),
        history,
        sentinels,
        group: name,
        nodes,
        registers,
        counters,
        ttlShare: plan.ttlShare,
        ttlMsMax: plan.ttlMsMax,
        onAnswer: (node, operation, reply) => answerChecks.onAnswer(node, operation, reply),
        readsReplicas,
      });
    return [
      ...names("client", plan.clients).map((id, at) => make(id, at, false)),
      ...names("reader", plan.replicaReaders).map((id, at) => make(id, 100 + at, true)),
    ];
  }

  #world() {
    const { queue, network, randomness } = this;
    return { queue, network, randomness, directory: this };
  }

  /** In any order, as an operator's hands or a scheduler would. */
  #startOrder(): { readonly start: () => void }[] {
    const starts = [...this.nodes, ...this.sentinels].map((one) => ({
      at: this.randomness.next(),
      start: () => one.start(),
    }));
    return starts.sort((a, b) => a.at - b.at);
  }

  #sampleLater(): void {
    this.queue.after(SAMPLE_EVERY_MS, () => {
      this.sampleStates();
      this.#sampleLater();
    });
  }
}

function sentinelId(at: number): SentinelId {
  return `s${at + 1}` as SentinelId;
}

function urlOf(id: string): string {
  return `ws://${id}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
