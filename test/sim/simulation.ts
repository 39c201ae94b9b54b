/**
 * One whole simulated cluster: builds it from a plan, carries out its events and faults, and checks every promise
 * after each of them. First a phase with faults, where only safety is asked for; then they end, and the cluster must
 * serve again within a bound. The same plan gives the same events.
 */

import { checkKey } from "../../cluster/chaos/linearizability.ts";
import type { SentinelCoreConfig } from "../../sentinel/core/core-config.ts";
import type { SentinelEffect } from "../../sentinel/core/outbox.ts";
import { InvariantError, invariant } from "../../src/base/errors.ts";
import type { Epoch, MemberId, Millis, SentinelId } from "../../src/base/ids.ts";
import { SeededRandomness } from "../../src/base/randomness.ts";
import type { LinkId, PeerIdentity } from "../../src/protocol/peer/identity.ts";
import type { NodeMessage } from "../../src/protocol/peer/node-messages.ts";
import type { ElectionRules } from "../../src/rules/election-rules.ts";
import { type GroupRecord, memberOf } from "../../src/rules/group-record.ts";
import type { LogPosition } from "../../src/rules/log-position.ts";
import { majority, sealQuorum } from "../../src/rules/quorums.ts";
import type { ReplicationRules } from "../../src/rules/replication-rules.ts";
import { LogChecks } from "./checks/log-checks.ts";
import { PromiseChecks } from "./checks/promise-checks.ts";
import { SentinelChecks } from "./checks/sentinel-checks.ts";
import { Violation } from "./checks/violation.ts";
import { History, type Operation } from "./clients/history.ts";
import { SimClient } from "./clients/sim-client.ts";
import type { Plan } from "./swarm/plan.ts";
import { Trace, type TraceEvent } from "./trace.ts";
import { EventQueue } from "./world/event-queue.ts";
import { Network } from "./world/network.ts";
import { NodeDisk } from "./world/node-disk.ts";
import type { PeerDirectory } from "./world/peer-keeper.ts";
import type { Sabotage } from "./world/sabotage.ts";
import { GROUP, type NodeMonitor, SimNode } from "./world/sim-node.ts";
import { SimProcess } from "./world/sim-process.ts";
import { type SentinelMonitor, SimSentinel } from "./world/sim-sentinel.ts";

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

export class Simulation implements NodeMonitor, SentinelMonitor, PeerDirectory {
  readonly plan: Plan;
  readonly queue: EventQueue = new EventQueue();
  readonly network: Network;
  readonly nodes: readonly SimNode[];
  readonly sentinels: readonly SimSentinel[];
  readonly clients: readonly SimClient[];
  readonly history: History = new History((phase, operation) => this.trace.operation(phase, operation));
  readonly trace: Trace;
  readonly randomness: SeededRandomness;
  readonly #logChecks: LogChecks;
  readonly #promiseChecks: PromiseChecks;
  readonly #sentinelChecks: SentinelChecks;
  readonly #processes = new Map<string, SimProcess>();
  readonly #sabotage: Sabotage;

  constructor(plan: Plan, options: SimulationOptions = {}) {
    this.plan = plan;
    this.#sabotage = options.sabotage ?? {};
    this.randomness = new SeededRandomness(plan.seed);
    this.network = new Network(this.queue, this.randomness, plan);
    this.trace = new Trace(() => this.queue.nowMs, options.onTrace);
    this.#logChecks = new LogChecks(plan.copies, plan.mode !== "async", () => this.nodes);
    this.#promiseChecks = new PromiseChecks(
      () => this.nodes,
      () => this.queue.nowMs,
    );
    this.#sentinelChecks = new SentinelChecks(
      plan.sentinels,
      this.#logChecks,
      options.votesUnchecked !== true,
    );
    this.nodes = plan.nodes.map((_, at) => this.#makeNode(at, options.replicationRules ?? {}));
    this.sentinels = Array.from({ length: plan.sentinels }, (_, at) =>
      this.#makeSentinel(at, options.electionRules ?? {}),
    );
    this.clients = this.#makeClients();
  }

  get epochs(): number {
    return this.#promiseChecks.epochs;
  }

  get committedOffset(): number {
    return this.#logChecks.committedOffset;
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
    one.start();
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
      this.#sentinelChecks.onWiped(one);
    }
  }

  /** Newest record that a majority of the sentinels holds, or a later one. */
  recordAtMajority(): GroupRecord | null {
    const records = this.sentinels
      .flatMap(({ disk }) => disk?.groups[GROUP]?.record ?? [])
      .sort((a, b) => b.number.epoch - a.number.epoch || b.number.seq - a.number.seq);
    return records[majority(this.plan.sentinels) - 1] ?? null;
  }

  isAdmitted(node: SimNode): boolean {
    const record = this.recordAtMajority();
    const member = record === null ? undefined : memberOf(record, node.id);
    return member?.admitted === true && member.incarnation === node.disk.incarnation;
  }

  /** Whether the configuration promises to survive that this node loses its state now. */
  mayLose(node: SimNode): boolean {
    if (this.recordAtMajority() === null) return false;
    const lost = this.nodes.filter((one) => one !== node && !this.isAdmitted(one)).length + 1;
    return lost <= (this.plan.mode === "async" ? this.nodes.length : this.plan.copies) - 1;
  }

  get sealQuorum(): number {
    return sealQuorum(this.plan.mode, this.nodes.length, this.plan.copies);
  }

  /** The node that reigns in the greatest epoch, whether it can serve or not. */
  master(): SimNode | undefined {
    let master: SimNode | undefined;
    let greatest = 0;
    for (const node of this.nodes) {
      const status = node.member?.status();
      if (status?.role !== "master" || status.roleEpoch <= greatest) continue;
      greatest = status.roleEpoch;
      master = node;
    }
    return master;
  }

  // ---- checks ----------------------------------------------------------------------------------

  /** @throws Violation S8. */
  checkHistory(): void {
    // In async a failover may lose acknowledged writes, so only what happened in one reign can be judged.
    if (this.plan.mode === "async" && this.epochs > 1) return;
    const byKey = new Map<string, Operation[]>();
    for (const operation of this.history.operations) {
      const operations = byKey.get(operation.key);
      if (operations === undefined) byKey.set(operation.key, [operation]);
      else operations.push(operation);
    }
    for (const [key, operations] of byKey) {
      const verdict = checkKey(operations);
      if (verdict.ok) continue;
      const { stuckAt } = verdict;
      throw new Violation(
        "S8",
        `no order explains the answers on ${key}; stuck at ${stuckAt.client} ` +
          `${JSON.stringify(stuckAt.action)} = ${stuckAt.result}, asked at ${stuckAt.askedAtMs.toFixed(1)} ms, ` +
          `heard at ${stuckAt.heardAtMs.toFixed(1)} ms`,
        stuckAt,
      );
    }
  }

  sampleStates(): void {
    for (const node of this.nodes) this.#logChecks.sample(node);
  }

  nodeStarted(node: SimNode): void {
    this.#promiseChecks.onStart(node);
    this.#logChecks.onStart(node);
  }

  nodeStepped(node: SimNode): void {
    this.#logChecks.onStep(node);
  }

  nodeSends(node: SimNode, _link: LinkId, to: PeerIdentity | null, message: NodeMessage): void {
    this.trace.message(node.id, to?.id ?? "nobody", message);
    this.#promiseChecks.onSend(node, message);
    if (message.type === "ack") this.#logChecks.onAck(node, message);
  }

  nodeAppends(node: SimNode, bytes: Buffer): void {
    this.#logChecks.onAppend(node, bytes);
  }

  nodeCuts(node: SimNode, lastOffset: number): void {
    this.trace.note(`${node.id} cuts its log at ${lastOffset}`);
    this.#logChecks.onCut(node, lastOffset);
  }

  nodeReplacesLog(node: SimNode, position: LogPosition): void {
    this.#logChecks.onFullSync(node, position);
  }

  nodeLogs(node: SimNode, event: string, fields: Readonly<Record<string, unknown>>): void {
    this.trace.log(node.id, event, fields);
    if (event === "established") this.#sentinelChecks.onEstablished(node.id, fields.epoch as Epoch);
    if (event !== "reign") return;
    const epoch = fields.epoch as Epoch;
    this.#promiseChecks.onReign(node, epoch);
    this.#logChecks.onReign(node, epoch);
  }

  sentinelStarted(_sentinel: SimSentinel): void {}

  sentinelEffect(sentinel: SimSentinel, effect: SentinelEffect): void {
    if (effect.type === "send") {
      const peer = sentinel.keeper?.peerOf(effect.link) ?? null;
      this.trace.message(sentinel.id, peer?.id ?? "nobody", effect.message);
    }
    if (effect.type === "log") this.trace.log(sentinel.id, effect.event, effect.fields);
    this.#sentinelChecks.onEffect(sentinel, effect);
  }

  sentinelSaved(sentinel: SimSentinel): void {
    this.#sentinelChecks.onSaved(sentinel);
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
    const process = new SimProcess(id, this.#processes.size, {
      rate: clockRate,
      monoZeroMs: 1000 + randomness.below(100_000),
      wallSkewMs: randomness.below(20_000) - 10_000,
    });
    this.#processes.set(urlOf(id), process);
    return process;
  }

  #makeNode(at: number, rules: Partial<ReplicationRules>): SimNode {
    const { plan } = this;
    const settings = plan.nodes[at];
    invariant(settings !== undefined, "a node is planned");
    const id = nodeId(at);
    const node = new SimNode(
      {
        id,
        url: urlOf(id),
        process: this.#process(id, settings.clockRate),
        disk: new NodeDisk(id, settings.policy, plan.logKeep),
        speed: { syncMs: plan.syncMs, touchMs: 0.1, slowness: 1 },
      },
      {
        ackTimeoutMs: plan.ackTimeoutMs,
        snapshotAfterBytes: plan.snapshotAfterBytes,
        priority: settings.priority,
        rules,
        sabotage: this.#sabotage,
      },
      { ...this.#world(), monitor: this },
    );
    node.onCrash = () => this.kill(node);
    return node;
  }

  #makeSentinel(at: number, rules: Partial<ElectionRules>): SimSentinel {
    const id = sentinelId(at);
    const clockRate = 1 + (this.randomness.next() - 0.5) * 0.01;
    const sentinel = new SimSentinel(
      { id, url: urlOf(id), process: this.#process(id, clockRate) },
      {
        config: this.#sentinelConfig(id),
        rules,
        saveMs: this.plan.syncMs,
        voteEarly: this.#sabotage.voteEarly === true,
      },
      { ...this.#world(), monitor: this },
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
      groups: [
        {
          name: GROUP,
          nodes: plan.nodes.map((_, at) => ({ id: nodeId(at), url: urlOf(nodeId(at)) })),
          quorum: plan.quorum,
          downAfterMs: plan.downAfterMs,
          stallAfterMs: 2 * plan.downAfterMs,
          switchoverTimeoutMs: 2000,
          replication: { mode: plan.mode, copies: plan.copiesConfigured },
          crashEvidence: plan.crashEvidence,
        },
      ],
    };
  }

  #makeClients(): SimClient[] {
    const { plan, queue, network, history, sentinels, nodes } = this;
    const names = (prefix: string, count: number): string[] =>
      Array.from({ length: count }, (_, at) => `${prefix}${at + 1}`);
    const make = (id: string, at: number, readsReplicas: boolean): SimClient =>
      new SimClient(this.#process(id, 1), {
        queue,
        network,
        randomness: new SeededRandomness(plan.seed * 31 + at),
        history,
        sentinels,
        nodes,
        registers: names("r", plan.registers),
        counters: names("c", plan.counters),
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

function nodeId(at: number): MemberId {
  return `n${at + 1}` as MemberId;
}

function sentinelId(at: number): SentinelId {
  return `s${at + 1}` as SentinelId;
}

function urlOf(id: string): string {
  return `ws://${id}`;
}
