/** Chooses and carries out the faults of a run, one at a time, each mended before the next. Measures nothing. */
import { invariant } from "../../src/base/errors.ts";
import type { Randomness } from "../../src/base/randomness.ts";
import { type Arena, nodesOf, sentinelsOf } from "./arena.ts";
import { findMaster } from "./look.ts";

/** `all`: any of those that there are, chosen anew each time. */
export type FaultTarget = "master" | "replica" | "sentinel" | "all";

export type FaultKind =
  | { readonly action: "kill"; readonly target: FaultTarget }
  | { readonly action: "stop"; readonly target: FaultTarget }
  /** Cuts the master off, together with one sentinel, from everyone else. */
  | { readonly action: "partition" };

export interface Fault {
  readonly action: FaultKind["action"];
  /** What the victim was, for the report: `master`, `replica` or `sentinel`. */
  readonly role: string;
  readonly memberId: string;
  inject(): Promise<void>;
  mend(): Promise<void>;
}

const ROLES = ["master", "replica", "sentinel"] as const;

/** @throws InterrexError NO_MASTER when no sentinel names one. */
export async function planFault(
  arena: Arena,
  kinds: readonly FaultKind[],
  random: Randomness,
): Promise<Fault> {
  const kind = kinds[random.below(kinds.length)];
  invariant(kind !== undefined, "a run without any kind of fault plans none");
  const master = await findMaster(arena);
  if (kind.action === "partition") {
    const { partition } = arena;
    invariant(partition !== null, "the command refuses --partition where the arena can't");
    const companion = pick(sentinelsOf(arena), random).id;
    const cutOff = [master.id, companion];
    const rest = arena.members.map(({ id }) => id).filter((id) => !cutOff.includes(id));
    return {
      action: "partition",
      role: "master",
      memberId: master.id,
      inject: () => partition([cutOff, rest]),
      mend: () => arena.heal(),
    };
  }
  const candidates = {
    master: [master],
    replica: nodesOf(arena).filter(({ id }) => id !== master.id),
    sentinel: sentinelsOf(arena),
  };
  const roles = ROLES.filter((role) => candidates[role].length > 0);
  const role = kind.target === "all" ? pick(roles, random) : kind.target;
  invariant(candidates[role].length > 0, "the command refuses a target that the arena has not got");
  const { id } = pick(candidates[role], random);
  const hands =
    kind.action === "kill"
      ? { inject: () => arena.kill(id), mend: () => arena.restart(id) }
      : { inject: () => arena.stop(id), mend: () => arena.resume(id) };
  return { action: kind.action, role, memberId: id, ...hands };
}

function pick<Item>(items: readonly Item[], random: Randomness): Item {
  const item = items[random.below(items.length)];
  invariant(item !== undefined, "something to pick from");
  return item;
}
