/**
 * A network that has parted for good, anyhow: only a core is still mutually connected, just enough for L1, of which
 * every link to others, and theirs to each other, may be lost. Draws the core and the cut; judges who reigns after it.
 */
import type { Millis } from "../../src/base/ids.ts";
import { type Randomness, SeededRandomness } from "../../src/base/randomness.ts";
import { majority } from "../../src/rules/quorums.ts";
import { Violation } from "./checks/violation.ts";
import type { SimGroup } from "./group.ts";
import type { Simulation } from "./simulation.ts";
import { cutWords } from "./swarm/cut-words.ts";
import { pick } from "./swarm/plan.ts";
import type { SimNode } from "./world/sim-node.ts";
import type { SimSentinel } from "./world/sim-sentinel.ts";

/** By then a master must reign to which nothing happens any more. */
const REIGNS_WITHIN_MS: Millis = 9000;
/** In which it must commit something, a probe record at least. */
const COMMITS_WITHIN_MS: Millis = 3000;
const ONE_WAY_SHARE = 0.3;

type One = SimNode | SimSentinel;

/** Of the cluster as it is now: all up, all admitted. */
export function cutAroundCore({ plan, groups, nodes, sentinels, network, trace }: Simulation): void {
  const randomness = new SeededRandomness(plan.seed * 104_729 + 11);
  const core = new Set<One>(groups.flatMap((group) => coreNodes(group, randomness)));
  const seats = Math.max(majority(sentinels.length), ...groups.map((group) => group.plan.quorum));
  for (const sentinel of shuffled(sentinels, randomness).slice(0, seats)) core.add(sentinel);
  const all: One[] = [...nodes, ...sentinels];
  const share = pick(randomness, [0.2, 0.5, 0.9]);
  const isOneWay = randomness.next() < ONE_WAY_SHARE;
  const lost = all.flatMap((a, at) =>
    all.slice(at + 1).flatMap((b): (readonly [One, One])[] => {
      if (core.has(a) && core.has(b)) return [];
      const [there, back] = [randomness.next() < share, randomness.next() < share];
      return [...(there ? [[a, b] as const] : []), ...((isOneWay ? back : there) ? [[b, a] as const] : [])];
    }),
  );
  network.cut(lost.map(([from, to]) => [from.process, to.process]));
  const pairs = lost.map(([from, to]) => [from.id, to.id] as const);
  const words = [...core].map(({ id }) => id).join(" ");
  trace.note(`cut for good around ${words}: ${cutWords(pairs)}`, { type: "cut", number: 0, pairs });
}

/** max(W, R) admitted members. */
function coreNodes(group: SimGroup, randomness: Randomness): SimNode[] {
  const admitted = group.nodes.filter((node) => node.voting && group.isAdmitted(node));
  return shuffled(admitted, randomness).slice(0, Math.max(group.plan.copies, group.sealQuorum));
}

function shuffled<Item>(items: readonly Item[], randomness: Randomness): Item[] {
  return items
    .map((item) => ({ item, at: randomness.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** @throws Violation L1 where no master reigns steadily and commits. */
export function demandReign(simulation: Simulation, describe: () => string): void {
  simulation.runUntil(simulation.queue.nowMs + REIGNS_WITHIN_MS);
  const before = simulation.groups.map(committedByReign);
  simulation.runUntil(simulation.queue.nowMs + COMMITS_WITHIN_MS);
  for (const [at, group] of simulation.groups.entries()) {
    const commits = [...committedByReign(group)].some(([reign, committed]) => {
      const then = before[at]?.get(reign);
      return then !== undefined && committed > then;
    });
    if (commits) continue;
    throw new Violation("L1", `no master of ${group.name} commits, for good\n${describe()}`);
  }
}

/** What each reign that acknowledges has committed. */
function committedByReign({ nodes }: SimGroup): Map<string, number> {
  const reigns = nodes
    .flatMap((node) => node.member?.status() ?? [])
    .filter(({ role, established }) => role === "master" && established);
  return new Map(reigns.map(({ id, roleEpoch, committed }) => [`${id} ${roleEpoch}`, committed]));
}
