/**
 * One group of a simulation: its nodes, the load on it, and the checks that watch it. Knows who may lose what by its
 * configuration. Starts and ends nothing.
 */

import type { MemberId, Millis } from "../../src/base/ids.ts";
import { type GroupRecord, memberOf } from "../../src/rules/group-record.ts";
import { majority, sealQuorum } from "../../src/rules/quorums.ts";
import { AnswerChecks } from "./checks/answer-checks.ts";
import { checkKeys, untilLoss } from "./checks/history-checks.ts";
import { LogChecks } from "./checks/log-checks.ts";
import { PromiseChecks } from "./checks/promise-checks.ts";
import { SealChecks } from "./checks/seal-checks.ts";
import { SentinelChecks } from "./checks/sentinel-checks.ts";
import type { History } from "./clients/history.ts";
import { type GroupPlan, groupPrefix } from "./swarm/plan.ts";
import { GROUP, type SimNode } from "./world/sim-node.ts";
import type { SimSentinel } from "./world/sim-sentinel.ts";

export class SimGroup {
  readonly name: string;
  /** Of the names of its nodes, clients and keys. */
  readonly prefix: string;
  readonly plan: GroupPlan;
  readonly nodes: SimNode[] = [];
  /** Keys that are set and read, and keys that are counted up. */
  readonly registers: readonly string[];
  readonly counters: readonly string[];
  readonly logChecks: LogChecks;
  readonly answerChecks: AnswerChecks;
  readonly promiseChecks: PromiseChecks;
  readonly sentinelChecks: SentinelChecks;
  readonly #sentinels: () => readonly SimSentinel[];
  readonly #nowMs: () => Millis;
  /** When more was lost than is promised to survive, and it was said. */
  #lostAtMs: Millis | null = null;

  constructor(
    at: number,
    plan: GroupPlan,
    world: {
      readonly sentinels: () => readonly SimSentinel[];
      readonly nowMs: () => Millis;
      /** Whether faults go beyond what the configuration survives. */
      readonly mayLose: boolean;
      readonly checksVotes: boolean;
    },
  ) {
    this.prefix = groupPrefix(at);
    this.name = at === 0 ? GROUP : `group${at + 1}`;
    this.plan = plan;
    this.registers = this.#keys("r", plan.registers);
    this.counters = this.#keys("c", plan.counters);
    this.#sentinels = world.sentinels;
    this.#nowMs = world.nowMs;
    const isLossless = plan.mode !== "async";
    const seals = new SealChecks(
      { voters: this.#voterIds(), copies: plan.copies, isLossless, mayLose: world.mayLose },
      (incarnation) => this.logChecks.wasAdmitted(incarnation),
    );
    this.logChecks = new LogChecks(plan.copies, isLossless, () => this.nodes, {
      onRecord: (epoch, offset, bytes) => this.answerChecks.onRecord(epoch, offset, bytes),
      onCommit: (epoch, members) => seals.onCommit(epoch, members),
      onLoss: () => {
        this.#lostAtMs ??= this.#nowMs();
      },
    });
    this.answerChecks = new AnswerChecks(plan.mode, plan.copies, this.logChecks);
    this.promiseChecks = new PromiseChecks(() => this.nodes, world.nowMs);
    this.sentinelChecks = new SentinelChecks(
      this.name,
      this.#sentinels,
      this.logChecks,
      seals,
      world.checksVotes,
    );
  }

  nodeId(at: number): MemberId {
    return `${this.prefix}n${at + 1}` as MemberId;
  }

  has(id: MemberId): boolean {
    return this.nodes.some((node) => node.id === id);
  }

  get voters(): number {
    return this.plan.nodes.filter(({ voting }) => voting).length;
  }

  get sealQuorum(): number {
    return sealQuorum(this.plan.mode, this.voters, this.plan.copies);
  }

  /** Newest record that a majority of the sentinels holds, or a later one. */
  recordAtMajority(): GroupRecord | null {
    const sentinels = this.#sentinels();
    const records = sentinels
      .flatMap(({ disk }) => disk?.groups[this.name]?.record ?? [])
      .sort((a, b) => b.number.epoch - a.number.epoch || b.number.seq - a.number.seq);
    return records[majority(sentinels.length) - 1] ?? null;
  }

  isAdmitted(node: SimNode): boolean {
    const record = this.recordAtMajority();
    const member = record === null ? undefined : memberOf(record, node.id);
    if (member === undefined || node.disk.isDamaged) return false;
    return member.admitted && member.incarnation === node.disk.incarnation;
  }

  /** Whether the configuration promises to survive that this node loses its state now. */
  mayLose(node: SimNode): boolean {
    if (this.recordAtMajority() === null) return false;
    if (!node.voting) return true;
    const voters = this.nodes.filter((one) => one.voting);
    const lost = voters.filter((one) => one !== node && !this.isAdmitted(one)).length + 1;
    return lost <= (this.plan.mode === "async" ? voters.length : this.plan.copies) - 1;
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

  /** @throws Violation S8. */
  checkHistory({ operations }: History): void {
    // In async a failover may lose acknowledged writes, so only what happened in one reign can be judged.
    if (this.plan.mode === "async" && this.promiseChecks.epochs > 1) return;
    const keys = [...this.registers, ...this.counters];
    checkKeys(untilLoss(operations, this.#lostAtMs), keys, this.#clockSpreadMs());
  }

  /** The most that two nodes' wall clocks, or one of them at two times, have differed by, beside the passing of time. */
  #clockSpreadMs(): Millis {
    const errors = this.nodes.flatMap((node) => node.process.wallErrorMs(this.#nowMs()));
    return Math.max(...errors) - Math.min(...errors);
  }

  #voterIds(): Set<MemberId> {
    return new Set(this.plan.nodes.flatMap(({ voting }, at) => (voting ? [this.nodeId(at)] : [])));
  }

  /** The greatest epoch that any sentinel has voted for. */
  get votedEpoch(): number {
    return Math.max(...this.#sentinels().map(({ disk }) => disk?.groups[this.name]?.votedEpoch ?? 0));
  }

  #keys(kind: string, count: number): string[] {
    return Array.from({ length: count }, (_, at) => `${this.prefix}${kind}${at + 1}`);
  }
}
