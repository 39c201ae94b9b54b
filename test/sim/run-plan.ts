/**
 * Runs one plan from start to verdict: faults, then quiet. In the quiet the cluster must have a master again that
 * acknowledges (L1), everyone must follow it (L3), and all states must become the same (L5), in bounded time.
 */
import type { Millis } from "../../src/base/ids.ts";
import { SeededRandomness } from "../../src/base/randomness.ts";
import { majority } from "../../src/rules/quorums.ts";
import { Violation } from "./checks/violation.ts";
import { cutAroundCore, demandReign } from "./cut-for-good.ts";
import type { SimGroup } from "./group.ts";
import { Simulation, type SimulationOptions } from "./simulation.ts";
import { Faults } from "./swarm/faults.ts";
import type { Plan } from "./swarm/plan.ts";
import { CALM_FROM_MS } from "./swarm/wider-plan.ts";
import type { SimNode } from "./world/sim-node.ts";
import type { SimSentinel } from "./world/sim-sentinel.ts";

export interface Outcome {
  readonly seed: number;
  readonly violation: Violation | null;
  /** When it was found. */
  readonly atMs: Millis;
  readonly events: number;
  readonly simulatedMs: Millis;
  /** Reigns that began. */
  readonly reigns: number;
  readonly acknowledged: number;
  readonly committed: number;
  readonly traceHash: string;
}

/** From the end of the faults to a master that every client has written to. */
const SERVE_AGAIN_MS: Millis = 15_000;
/** From the end of the load to equal states everywhere. */
const CONVERGE_MS: Millis = 10_000;
const LOOK_EVERY_MS: Millis = 20;
/** What a cluster that was hurt beyond its promise is watched for, with and without load. */
const BEYOND_MS: Millis = 5000;
const BEYOND_QUIET_MS: Millis = 1000;
/** L2: a fault may cost a few epochs, never a stream of them. */
const EPOCHS_BASE = 8;
const EPOCHS_PER_FAULT = 5;

export function runPlan(plan: Plan, options: SimulationOptions = {}): Outcome {
  const simulation = new Simulation(plan, options);
  let violation: Violation | null = null;
  try {
    options.script?.(simulation);
    runToTheEnd(simulation);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = error;
  }
  return {
    seed: plan.seed,
    violation,
    atMs: simulation.queue.nowMs,
    events: simulation.queue.ran,
    simulatedMs: simulation.queue.nowMs,
    reigns: simulation.epochs,
    acknowledged: simulation.history.acknowledged,
    committed: simulation.committedOffset,
    traceHash: simulation.trace.hash,
  };
}

function runToTheEnd(simulation: Simulation): void {
  const { plan } = simulation;
  const faults = new Faults(simulation);
  faults.schedule(plan.faults);
  simulation.start();
  if (plan.kind === "calm") runCalm(simulation);
  else if (plan.kind !== "cutForGood") simulation.runUntil(plan.faultsUntilMs);
  if (plan.kind === "beyond") return runBeyond(simulation, faults);
  if (plan.kind === "cutForGood") return runCutForGood(simulation);
  const broken = plan.healsCoreOnly ? beyondTheCore(simulation) : new Set<SimNode | SimSentinel>();
  simulation.trace.note(`faults end; ${[...broken].map(({ id }) => id).join(" ") || "nobody"} stays away`);
  faults.end(broken);

  const writesBefore = simulation.clients.map((client) => client.writesDone);
  waitFor(simulation, SERVE_AGAIN_MS, "L1", () =>
    simulation.clients.every(
      (client, at) => client.isReader || client.writesDone > (writesBefore[at] as number),
    ),
  );
  for (const client of simulation.clients) client.stop();
  waitFor(simulation, CONVERGE_MS, "L5", () =>
    simulation.groups.every((group) => haveConverged(simulation, group)),
  );
  simulation.sampleStates();
  checkEpochs(simulation);
  simulation.checkHistory();
}

/** L4: pauses below the threshold, of nodes or of sentinels, cost no epoch. */
function runCalm(simulation: Simulation): void {
  const { plan, groups } = simulation;
  simulation.runUntil(CALM_FROM_MS);
  const before = groups.map(({ votedEpoch }) => votedEpoch);
  simulation.runUntil(plan.faultsUntilMs);
  for (const [at, { name, votedEpoch }] of groups.entries()) {
    if (votedEpoch === before[at] && votedEpoch > 0) continue;
    throw new Violation("L4", `${name} went from epoch ${before[at]} to ${votedEpoch} by short pauses alone`);
  }
}

/** Nobody promises that it serves again. What it has said must still be true. */
function runBeyond(simulation: Simulation, faults: Faults): void {
  simulation.trace.note("faults end");
  faults.end(new Set());
  simulation.runUntil(simulation.queue.nowMs + BEYOND_MS);
  for (const client of simulation.clients) client.stop();
  simulation.runUntil(simulation.queue.nowMs + BEYOND_QUIET_MS);
  simulation.sampleStates();
  simulation.checkHistory();
}

/** L1, where the rest of the network is no help and never will be. */
function runCutForGood(simulation: Simulation): void {
  const { groups, sentinels } = simulation;
  waitFor(simulation, SERVE_AGAIN_MS, "L1", () =>
    groups.every(
      (group) =>
        group.master()?.member?.status().established === true &&
        group.nodes.every((node) => !node.voting || group.isAdmitted(node)) &&
        sentinels.every(({ disk }) => disk?.groups[group.name]?.record != null),
    ),
  );
  cutAroundCore(simulation);
  demandReign(simulation, () => describe(simulation));
  for (const client of simulation.clients) client.stop();
  simulation.runUntil(simulation.queue.nowMs + LOOK_EVERY_MS);
  simulation.sampleStates();
  simulation.checkHistory();
}

/** Whom the cluster must do without: all but a sentinel majority and quorum, and max(W, R) admitted members. */
function beyondTheCore({ plan, groups, sentinels }: Simulation): Set<SimNode | SimSentinel> {
  const randomness = new SeededRandomness(plan.seed + 7);
  if (groups.some((group) => group.recordAtMajority() === null)) return new Set();
  const broken = new Set<SimNode | SimSentinel>();
  for (const group of groups) breakNodes(group, randomness, broken);
  const areKnown = sentinels.every((one) => groups.every(({ name }) => one.disk?.groups[name] !== undefined));
  const needed = Math.max(majority(sentinels.length), ...groups.map((group) => group.plan.quorum));
  let seats = sentinels.length;
  for (const sentinel of sentinels) {
    if (!areKnown || seats <= needed || randomness.next() < 0.4) continue;
    seats--;
    broken.add(sentinel);
  }
  return broken;
}

function breakNodes(group: SimGroup, randomness: SeededRandomness, broken: Set<SimNode | SimSentinel>): void {
  const { nodes, plan } = group;
  const needed = Math.max(plan.copies, group.sealQuorum);
  const admitted = nodes.filter((node) => node.voting && group.isAdmitted(node));
  // What is lost for ever must have been spared before: memory outlives no process.
  const spared = nodes.filter((node) => !admitted.includes(node) || node.disk.policy !== "memory");
  let left = admitted.length;
  for (const node of spared) {
    const counts = admitted.includes(node);
    if (counts && left <= needed) continue;
    if (!counts && left < needed) continue;
    if (randomness.next() < 0.3) continue;
    if (counts) left--;
    broken.add(node);
  }
}

function waitFor(simulation: Simulation, withinMs: Millis, invariant: string, holds: () => boolean): void {
  const endMs = simulation.queue.nowMs + withinMs;
  while (!holds()) {
    if (simulation.queue.nowMs >= endMs) {
      throw new Violation(invariant, `not within ${withinMs} ms\n${describe(simulation)}`);
    }
    simulation.runUntil(simulation.queue.nowMs + LOOK_EVERY_MS);
  }
}

/** Everyone alive follows one master, and all have applied the same. */
function haveConverged(simulation: Simulation, group: SimGroup): boolean {
  const statuses = group.nodes.flatMap((node) => node.member?.status() ?? []);
  const masters = statuses.filter((status) => status.role === "master");
  const [master] = masters;
  if (master === undefined || masters.length !== 1 || !master.established) return false;
  const areNamed = simulation.sentinels.every((sentinel) => {
    const view = sentinel.view(group.name);
    return view === undefined || (view.standing?.master === master.id && !view.holding);
  });
  if (!areNamed) return false;
  return statuses.every(
    (status) =>
      (status === master || (status.following?.master === master.id && status.following.linkUp)) &&
      status.position.epoch === master.position.epoch &&
      status.position.offset === master.position.offset &&
      status.applied === master.position.offset &&
      status.committed === master.position.offset,
  );
}

function checkEpochs({ plan, groups }: Simulation): void {
  const bound = EPOCHS_BASE + EPOCHS_PER_FAULT * plan.faults.length;
  for (const { name, votedEpoch } of groups) {
    if (votedEpoch <= bound) continue;
    throw new Violation(
      "L2",
      `${votedEpoch} epochs of ${name} for ${plan.faults.length} faults; ${bound} are allowed`,
    );
  }
}

/** What everyone thinks, for a failed wait. */
function describe(simulation: Simulation): string {
  return simulation.groups.map((group) => describeGroup(simulation, group)).join("\n");
}

function describeGroup({ sentinels }: Simulation, group: SimGroup): string {
  const views = sentinels.map((sentinel) => {
    const view = sentinel.view(group.name);
    if (view === undefined) return `${sentinel.id} dead`;
    const { votedEpoch, stored, standing, failover, obstacles, holding } = view;
    return (
      `${sentinel.id} voted ${votedEpoch} stored ${JSON.stringify(stored?.number)} ${stored?.master} ` +
      `standing ${JSON.stringify(standing?.number)} ${standing?.master} holding ${holding} ` +
      `failover ${JSON.stringify(failover)} obstacles ${JSON.stringify(obstacles)}`
    );
  });
  const nodes = group.nodes.map((node) => {
    const status = node.member?.status();
    if (status === undefined) return `${node.id} dead, incarnation ${node.disk.incarnation}`;
    const { role, roleEpoch, established, promise, position, committed, applied, following, incarnation } =
      status;
    return (
      `${node.id} ${role} ${roleEpoch} established ${established} promise ${promise.epoch} ` +
      `at ${position.epoch}/${position.offset} committed ${committed} applied ${applied} ` +
      `following ${JSON.stringify(following)} ${incarnation} admitted ${group.isAdmitted(node)} ` +
      `waiting ${JSON.stringify(status.waiting)} handover ${JSON.stringify(status.handover)} disk ${status.diskFailing}`
    );
  });
  return [group.name, ...views, ...nodes].join("\n");
}
