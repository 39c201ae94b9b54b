/**
 * The faults of a soak: of each kind, who is hit, how, and for how long. Drawn from seeded randomness, so that a seed gives the same kinds, times
 * and choices again; who is master then is the cluster's affair. Carries them out, one at a time for each member; measures nothing.
 */
import { invariant, unreachable } from "../../src/base/errors.ts";
import type { Millis } from "../../src/base/ids.ts";
import type { Randomness } from "../../src/base/randomness.ts";
import { type ArenaMember, nodesOf, sentinelsOf } from "../chaos/arena.ts";
import { ask } from "../chaos/look.ts";
import type { ProcessArena } from "../chaos/process-arena.ts";
import type { Network } from "../hosts/namespaces.ts";

const PROCESS_KINDS = [
  "kill-master",
  "kill-one",
  "kill-several",
  "kill-all",
  "stop-master",
  "stop-one",
  "stop-several",
  "pause-one",
  "restart-one",
  "switchover",
] as const;

const NETWORK_KINDS = [
  /** The master's host hears and reaches nobody at all. */
  "cut-off-master",
  "cut-off-replica",
  /** Hosts lose each other, but clients outside still reach all of them. */
  "partition-minority",
  "partition-majority",
  "partition-one-way",
  "partition-deaf-master",
  "partition-mute-master",
  "partition-bridge",
] as const;

type ProcessKind = (typeof PROCESS_KINDS)[number];
type NetworkKind = (typeof NETWORK_KINDS)[number];
export type SoakFaultKind = ProcessKind | NetworkKind;

export const SOAK_FAULT_KINDS: readonly SoakFaultKind[] = [...PROCESS_KINDS, ...NETWORK_KINDS];

export function isNetworkKind(kind: SoakFaultKind): kind is NetworkKind {
  return NETWORK_KINDS.some((other) => other === kind);
}

export interface SoakFault {
  readonly kind: SoakFaultKind;
  /** Ids of members, or hosts by name. */
  readonly target: string;
  /** Members that nobody else may touch meanwhile. */
  readonly holds: readonly string[];
  readonly lastsMs: Millis;
  inject(): Promise<void>;
  mend(): Promise<void>;
}

type CuttableNetwork = Pick<Network, "cutOff" | "blockOneWay" | "partition" | "heal"> & {
  readonly hosts: readonly { readonly name: string }[];
};

export interface FaultScene {
  readonly arena: ProcessArena;
  /** `null`: no network kind is possible. */
  readonly network: CuttableNetwork | null;
  readonly master: ArenaMember;
  /** Members under another fault. */
  readonly busy: ReadonlySet<string>;
  readonly random: Randomness;
  readonly downAfterMs: Millis;
}

/** @returns `null` when everyone whom it would hit is under another fault. */
export function planSoakFault(kind: SoakFaultKind, scene: FaultScene): SoakFault | null {
  const { random, downAfterMs } = scene;
  if (isNetworkKind(kind)) return planCut(kind, scene, between(random, downAfterMs / 4, 4 * downAfterMs));
  if (kind === "switchover") return planSwitchover(scene);
  const ids = victimsOf(kind, scene);
  if (ids.length === 0) return null;
  const fault = { kind, target: ids.join("+"), holds: ids };
  const each = (act: (id: string) => Promise<void>) => async (): Promise<void> => {
    await Promise.all(ids.map(act));
  };
  const { arena } = scene;
  switch (kind) {
    case "kill-master":
    case "kill-one":
    case "kill-several":
    case "kill-all": {
      const lastsMs = between(random, 20, 3 * downAfterMs);
      return {
        ...fault,
        lastsMs,
        inject: each((id) => arena.kill(id)),
        mend: each((id) => arena.restart(id)),
      };
    }
    case "restart-one":
      return {
        ...fault,
        lastsMs: between(random, 0, downAfterMs),
        inject: each((id) => arena.end(id)),
        mend: each((id) => arena.restart(id)),
      };
    case "stop-master":
    case "stop-one":
    case "stop-several":
    case "pause-one": {
      const isPause = kind === "pause-one";
      return {
        ...fault,
        lastsMs: isPause
          ? between(random, 10, downAfterMs / 2)
          : between(random, downAfterMs / 2, 4 * downAfterMs),
        inject: each((id) => arena.stop(id)),
        mend: each((id) => arena.resume(id)),
      };
    }
    default:
      return unreachable(kind);
  }
}

function victimsOf(kind: Exclude<ProcessKind, "switchover">, scene: FaultScene): string[] {
  const { arena, master, busy, random } = scene;
  const free = arena.members.map(({ id }) => id).filter((id) => !busy.has(id));
  switch (kind) {
    case "kill-master":
    case "stop-master":
      return free.filter((id) => id === master.id);
    case "kill-all":
      return free;
    case "kill-several":
    case "stop-several": {
      const several = 2 + random.below(Math.max(1, arena.members.length - 2));
      return shuffled(free, random).slice(0, several);
    }
    case "kill-one":
    case "stop-one":
    case "pause-one":
    case "restart-one":
      return shuffled(free, random).slice(0, 1);
    default:
      return unreachable(kind);
  }
}

function planCut(kind: NetworkKind, scene: FaultScene, lastsMs: Millis): SoakFault | null {
  const { arena, network, random, master } = scene;
  invariant(network !== null, "hosts are cut off only where there are hosts");
  const names = network.hosts.map(({ name }) => name);
  const own = names[nodesOf(arena).findIndex(({ id }) => id === master.id)];
  invariant(own !== undefined, "each node has a host, in the same order");
  const others = shuffled(
    names.filter((name) => name !== own),
    random,
  );
  const [first = own, second = own] = others;
  const fault = (target: string, inject: () => Promise<void>): SoakFault => ({
    kind,
    target,
    holds: [],
    lastsMs,
    inject,
    mend: () => network.heal(),
  });
  const split = (...sides: readonly (readonly string[])[]): SoakFault =>
    fault(sides.map((side) => side.join("")).join("|"), () => network.partition(sides));
  switch (kind) {
    case "cut-off-master":
      return fault(own, () => network.cutOff(own));
    case "cut-off-replica":
      return fault(first, () => network.cutOff(first));
    case "partition-minority":
      return split([own], others);
    case "partition-majority":
      return split(...names.map((name) => [name]));
    case "partition-one-way": {
      const [from = own, to = first] = shuffled(names, random);
      return fault(`${from}>${to}`, () => network.blockOneWay(from, to));
    }
    case "partition-deaf-master":
      return fault(`*>${own}`, async () => {
        for (const other of others) await network.blockOneWay(other, own);
      });
    case "partition-mute-master":
      return fault(`${own}>*`, async () => {
        for (const other of others) await network.blockOneWay(own, other);
      });
    case "partition-bridge":
      return random.below(2) === 0 ? split([own], [first]) : split([first], [second]);
    default:
      return unreachable(kind);
  }
}

function planSwitchover({ arena, master, random, busy }: FaultScene): SoakFault | null {
  const sentinel = shuffled(
    sentinelsOf(arena).filter(({ id }) => !busy.has(id)),
    random,
  )[0];
  if (sentinel === undefined) return null;
  return {
    kind: "switchover",
    target: master.id,
    holds: [],
    lastsMs: 0,
    inject: async () => {
      // A refusal is an answer too; what it did to the clients is what counts.
      await ask(sentinel, arena.password, "SENTINEL", "SWITCHOVER", arena.group).catch(() => {});
    },
    mend: async () => {},
  };
}

function between(random: Randomness, fromMs: Millis, toMs: Millis): Millis {
  return fromMs + random.next() * (toMs - fromMs);
}

function shuffled<Item>(items: readonly Item[], random: Randomness): Item[] {
  const rest = [...items];
  const drawn: Item[] = [];
  while (rest.length > 0) drawn.push(...rest.splice(random.below(rest.length), 1));
  return drawn;
}
