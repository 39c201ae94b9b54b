/**
 * A plan with something left out: faults, clients, what makes a run harder to read. Each way is named, so that a
 * narrowed run can be asked for again on the command line. Draws nothing.
 */
import type { Millis } from "../../../src/base/ids.ts";
import type { Plan } from "./plan.ts";

export interface Narrowing {
  /** Numbers of the faults that stay; `null`: all. */
  readonly keep: readonly number[] | null;
  /** `null`: all. */
  readonly clients: number | null;
  readonly plain: readonly string[];
}

export const WHOLE: Narrowing = { keep: null, clients: null, plain: [] };

const CALM_AFTER_MS: Millis = 200;

/** What can be made plain, in words, and how. */
const PLAIN: Readonly<Record<string, (plan: Plan) => Partial<Plan>>> = {
  readers: () => ({ replicaReaders: 0 }),
  keys: () => ({ registers: 1, counters: 0 }),
  clocks: ({ nodes }) => ({ nodes: nodes.map((node) => ({ ...node, clockRate: 1 })) }),
  disks: ({ nodes }) => ({ nodes: nodes.map((node) => ({ ...node, policy: "always" as const })) }),
  priorities: ({ nodes }) => ({ nodes: nodes.map((node) => ({ ...node, priority: 100 })) }),
  snapshots: () => ({ snapshotAfterBytes: 100_000, logKeep: 40 }),
  latency: ({ latencyMsMin }) => ({ latencyMsMax: latencyMsMin * 1.5 }),
  healing: () => ({ healsCoreOnly: false }),
  /** The faulty part ends soon after the last fault. */
  short: ({ faults, faultsUntilMs }) => ({
    faultsUntilMs: Math.min(
      faultsUntilMs,
      CALM_AFTER_MS + Math.max(0, ...faults.map(({ atMs, lastsMs }) => atMs + lastsMs)),
    ),
  }),
};

export const PLAIN_NAMES: readonly string[] = Object.keys(PLAIN);

export function narrowed(plan: Plan, { keep, clients, plain }: Narrowing): Plan {
  let narrow: Plan = {
    ...plan,
    faults: keep === null ? plan.faults : plan.faults.filter(({ number }) => keep.includes(number)),
    clients: clients ?? plan.clients,
  };
  for (const name of plain) {
    const change = PLAIN[name];
    if (change === undefined)
      throw new RangeError(`no such thing to make plain: ${name} (${PLAIN_NAMES.join(", ")})`);
    narrow = { ...narrow, ...change(narrow) };
  }
  return narrow;
}

/** Both, one after the other. */
export function combined(first: Narrowing, then: Narrowing): Narrowing {
  return {
    keep: then.keep ?? first.keep,
    clients: then.clients ?? first.clients,
    plain: [...new Set([...first.plain, ...then.plain])],
  };
}

/** For the command line, after `--seed N`; empty for the whole plan. */
export function argumentsOf({ keep, clients, plain }: Narrowing): string {
  const parts: string[] = [];
  if (keep !== null) parts.push(`--keep ${keep.join(",") || "none"}`);
  if (clients !== null) parts.push(`--clients ${clients}`);
  if (plain.length > 0) parts.push(`--plain ${plain.join(",")}`);
  return parts.join(" ");
}

/** Of what `argumentsOf` has said. @throws RangeError when it is not that. */
export function narrowingOf(said: {
  readonly keep?: string | undefined;
  readonly clients?: string | undefined;
  readonly plain?: string | undefined;
}): Narrowing {
  const words = (list: string): string[] => list.split(",").filter((word) => word !== "" && word !== "none");
  const plain = words(said.plain ?? "");
  const unknown = plain.find((name) => !PLAIN_NAMES.includes(name));
  if (unknown !== undefined)
    throw new RangeError(`nothing is called ${unknown}: there are ${PLAIN_NAMES.join(", ")}`);
  return {
    keep: said.keep === undefined ? null : words(said.keep).map(wholeNumber),
    clients: said.clients === undefined ? null : wholeNumber(said.clients),
    plain,
  };
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new RangeError(`${text} is not a whole number`);
  return Number(text);
}
