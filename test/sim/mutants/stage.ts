/**
 * Where a hand-written scenario plays: a small plain cluster, a client that writes, and hands for what the scenario
 * does to them. What is cut is healed at the end, so that the run's second phase is as any other's.
 */
import { invariant } from "../../../src/base/errors.ts";
import type { Millis } from "../../../src/base/ids.ts";
import { majority } from "../../../src/rules/quorums.ts";
import type { Simulation } from "../simulation.ts";
import { cutWords } from "../swarm/cut-words.ts";
import { type Plan, planOf } from "../swarm/plan.ts";
import type { SimNode } from "../world/sim-node.ts";
import type { SimProcess } from "../world/sim-process.ts";
import type { SimSentinel } from "../world/sim-sentinel.ts";

type Actor = SimNode | SimSentinel;

const LOOK_EVERY_MS: Millis = 0.5;

/** Three nodes and three sentinels, W 2, that differ by the seed in nothing but chance. */
export function plainPlan(seed: number): Plan {
  return plainPlanOf(3, seed);
}

/** After what happens nobody promises that the cluster serves again. */
export function beyondPlan(seed: number): Plan {
  return { ...plainPlan(seed), kind: "beyond" };
}

/** Many clients that lose patience soon: some move on while others stay. */
export function crowdedPlan(seed: number): Plan {
  return { ...plainPlan(seed), clients: 12, registers: 12, ackTimeoutMs: 300 };
}

/** @param nodes W is a majority of them. */
export function plainPlanOf(nodes: number, seed: number): Plan {
  return {
    ...planOf(seed),
    nodes: Array.from({ length: nodes }, () => ({
      policy: "always" as const,
      priority: 100,
      clockRate: 1,
      voting: true,
    })),
    ...{
      sentinels: 3,
      mode: "semi-sync" as const,
      copiesConfigured: null,
      copies: majority(nodes),
      quorum: 2,
      crashEvidence: true,
    },
    ...{ downAfterMs: 500, ackTimeoutMs: 1000, latencyMsMin: 0.05, latencyMsMax: 0.3, syncMs: 0.3 },
    ...{ snapshotAfterBytes: 100_000, logKeep: 40, clients: 2, replicaReaders: 0, registers: 2, counters: 1 },
    ...{ faultsUntilMs: 5000, faults: [], healsCoreOnly: false },
  };
}

export class Stage {
  readonly sim: Simulation;
  #cuts = 0;

  constructor(simulation: Simulation) {
    this.sim = simulation;
  }

  at(atMs: Millis, act: () => void): void {
    this.sim.queue.at(atMs, act);
  }

  after(delayMs: Millis, act: () => void): void {
    this.sim.queue.after(delayMs, act);
  }

  /** Once it is so; looks again and again. */
  when(isSo: () => boolean, act: () => void): void {
    if (isSo()) act();
    else this.after(LOOK_EVERY_MS, () => this.when(isSo, act));
  }

  /** The reigning node first, then the others. */
  cast(): [master: SimNode, one: SimNode, other: SimNode, ...rest: SimNode[]] {
    const { nodes } = this.sim;
    const master = this.sim.master();
    const [one, other, ...rest] = nodes.filter((node) => node !== master);
    invariant(
      master !== undefined && one !== undefined && other !== undefined,
      "three nodes, one of them master",
    );
    return [master, one, other, ...rest];
  }

  /** @returns heals it. */
  cut(some: readonly Actor[], others: readonly Actor[]): () => void {
    const pairs = some.flatMap((a) =>
      others.flatMap((b) => [[a.process, b.process] as const, [b.process, a.process] as const]),
    );
    return this.#cut(pairs);
  }

  /** Nothing that `some` say reaches `others`. @returns heals it. */
  cutOneWay(some: readonly Actor[], others: readonly Actor[]): () => void {
    return this.#cut(some.flatMap((a) => others.map((b) => [a.process, b.process] as const)));
  }

  kill(...actors: readonly Actor[]): void {
    for (const actor of actors) this.sim.kill(actor);
  }

  /** Everything on its disk is lost. */
  wipe(...actors: readonly Actor[]): void {
    this.kill(...actors);
    for (const actor of actors) this.sim.wipe(actor);
  }

  start(...actors: readonly Actor[]): void {
    for (const actor of actors) this.sim.startAgain(actor);
  }

  #cut(pairs: readonly (readonly [SimProcess, SimProcess])[]): () => void {
    const { network, trace, queue, plan } = this.sim;
    const number = ++this.#cuts;
    const named = pairs.map(([from, to]) => [from.id, to.id] as const);
    let isCut = true;
    const heal = (): void => {
      if (!isCut) return;
      isCut = false;
      network.heal(pairs);
      trace.note(`cut ${number} is healed`, { type: "healed", number });
    };
    network.cut(pairs);
    trace.note(`cut ${number}: ${cutWords(named)}`, { type: "cut", number, pairs: named });
    queue.at(plan.faultsUntilMs, heal);
    return heal;
  }
}
