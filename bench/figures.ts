/** Which figures there are: each runs on every contender and comes back as one `Figure`. */
import type { Arena } from "../cluster/chaos/arena.ts";
import { findMaster } from "../cluster/chaos/look.ts";
import { summarize } from "../cluster/chaos/quantiles.ts";
import type { Contender, Side } from "./contender.ts";
import type { Figure } from "./figure.ts";
import { STRINGS } from "./fillings.ts";
import { measureLatency } from "./latency.ts";
import { load } from "./load.ts";
import { type MasterFault, measureOutages, mended } from "./outage.ts";
import { measureThroughput, warmUp } from "./throughput.ts";
import { ioredisWriter, nodeRedisWriter, type Writer } from "./writers.ts";

export interface Effort {
  readonly failoverRounds: number;
  readonly isolationRounds: number;
  readonly throughputRounds: number;
  /** Requests of one redis-benchmark run, for each command sent at once. */
  readonly requests: number;
  readonly latencySamples: number;
  readonly latencyRounds: number;
  /** Requests of one redis-benchmark run for each family's command; more with a pipeline. */
  readonly familyRequests: number;
  readonly familyRounds: number;
  /** Keys, fields or members of a large server, or of a large cluster. */
  readonly elements: number;
  /** Restarts, syncs and snapshots of a large server. */
  readonly largeRounds: number;
}

/** Writes of one client, one by one: some seconds, after which V8 has compiled what is hot, as `throughput` warms up. */
const LATENCY_WARM_UP = 20_000;

export const FULL_EFFORT: Effort = {
  failoverRounds: 10,
  isolationRounds: 5,
  throughputRounds: 5,
  requests: 200_000,
  latencySamples: 20_000,
  latencyRounds: 5,
  familyRequests: 100_000,
  familyRounds: 3,
  elements: 1_000_000,
  largeRounds: 3,
};

export const QUICK_EFFORT: Effort = {
  failoverRounds: 3,
  isolationRounds: 3,
  throughputRounds: 3,
  requests: 50_000,
  latencySamples: 5_000,
  latencyRounds: 3,
  familyRequests: 20_000,
  familyRounds: 3,
  elements: 100_000,
  largeRounds: 3,
};

export interface Bench {
  readonly contenders: readonly Contender[];
  readonly effort: Effort;
  /** One line about what goes on, or what went wrong. */
  readonly say: (line: string) => void;
}

interface OutageFigure {
  readonly name: string;
  readonly fault: MasterFault;
  readonly connect: (arena: Arena) => Promise<Writer>;
  /** With `elements` strings: a large process takes long to end, and one that restarts has much to replay. */
  readonly filled?: true;
}

/** Clients with default options notice silence only after minutes or never, so SIGSTOP is for the careful one. */
const OUTAGES: readonly OutageFigure[] = [
  {
    name: "outage, kill -9, careful ioredis",
    fault: "kill",
    connect: (arena) => ioredisWriter(arena, false),
  },
  {
    name: "outage, SIGSTOP, careful ioredis",
    fault: "stop",
    connect: (arena) => ioredisWriter(arena, false),
  },
  { name: "outage, kill -9, default ioredis", fault: "kill", connect: (arena) => ioredisWriter(arena, true) },
  { name: "outage, kill -9, default node-redis", fault: "kill", connect: nodeRedisWriter },
  // The last one: the keys stay.
  {
    name: "outage, kill -9, careful ioredis, many keys",
    fault: "kill",
    connect: (arena) => ioredisWriter(arena, false),
    filled: true,
  },
];

const PIPELINES = [1, 16, 64] as const;
/** Some twenty seconds of both sides. V8 takes ten of single commands until it has compiled all that they run through as well as it can. */
const WARM_UP = [
  { pipeline: 1, requests: 500_000 },
  { pipeline: 16, requests: 1_500_000 },
  { pipeline: 64, requests: 1_500_000 },
];
const COMMANDS = ["SET", "GET"] as const;

export async function failoverFigures(bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = OUTAGES.map(({ name }) => {
    return { group: "failover", name, unit: "ms", better: "lower", measured: {} };
  });
  for (const contender of bench.contenders) {
    await onCluster(bench, contender, "semi-sync", async (arena) => {
      for (const [index, { name, fault, connect, filled }] of OUTAGES.entries()) {
        if (filled === true) {
          bench.say(`${contender.label}: ${bench.effort.elements} keys are written`);
          await mended(arena);
          await load(await findMaster(arena), STRINGS, bench.effort.elements);
        }
        const outages = await measureOutages(arena, {
          fault,
          connect,
          rounds: bench.effort.failoverRounds,
          onRound: (ms) => bench.say(`${contender.label}: ${name}: ${Math.round(ms)} ms`),
        });
        take(figures[index], contender.side, outages);
      }
    });
  }
  return figures;
}

export async function throughputFigures(bench: Bench): Promise<Figure[]> {
  const figures = new Map(
    PIPELINES.flatMap((pipeline) =>
      COMMANDS.map((command) => [figureName(command, pipeline), new Map<Side, number[]>()] as const),
    ),
  );
  const { requests, throughputRounds } = bench.effort;
  await byTurns(bench, "async", throughputRounds, async (arena, { side, label }, round) => {
    const failed = (error: Error): void => sayFailure(bench, label, error);
    await warmUp(arena, { tests: COMMANDS }, WARM_UP, failed);
    for (const pipeline of PIPELINES) {
      bench.say(`throughput, -P ${pipeline}, ${label}, round ${round}`);
      // A deep pipeline is over too soon with the same number of requests.
      const options = { tests: COMMANDS, pipeline, requests: requests * Math.min(pipeline, 16) };
      const rates = await measureThroughput(arena, options, failed);
      for (const [command, rate] of rates) note(figures.get(figureName(command, pipeline)), side, [rate]);
    }
  });
  return [...figures].map(([name, measured]) => {
    return asFigure({ group: "throughput", name, unit: "ops/s", better: "higher" }, measured);
  });
}

function figureName(command: string, pipeline: number): string {
  return `${command}, 50 clients, -P ${pipeline}`;
}

export async function latencyFigures(bench: Bench): Promise<Figure[]> {
  const one = async (name: string, mode: "async" | "semi-sync", wait: number): Promise<Figure> => {
    const times = new Map<Side, number[]>();
    const { latencyRounds, latencySamples: samples } = bench.effort;
    await byTurns(bench, mode, latencyRounds, async (arena, { side, label }, round) => {
      bench.say(`${name}, ${label}, round ${round}`);
      const target = await findMaster(arena);
      const waitForReplicas = side === "redis" ? wait : 0;
      const warmUp = LATENCY_WARM_UP;
      note(times, side, await measureLatency({ target, samples, warmUp, waitForReplicas }));
    });
    return asFigure({ group: "latency", name, unit: "us", better: "lower" }, times);
  };
  return [
    await one("one SET, async", "async", 0),
    await one("one SET, semi-sync (Redis: SET + WAIT 1)", "semi-sync", 1),
  ];
}

/** Adds to what has been measured of a side. */
export function note(measured: Map<Side, number[]> | undefined, side: Side, values: readonly number[]): void {
  const before = measured?.get(side) ?? [];
  measured?.set(side, [...before, ...values]);
}

export function asFigure(
  figure: Omit<Figure, "measured">,
  measured: ReadonlyMap<Side, readonly number[]>,
): Figure {
  const whole: Figure = { ...figure, measured: {} };
  for (const [side, values] of measured) take(whole, side, values);
  return whole;
}

export function take(figure: Figure | undefined, side: Side, values: readonly number[]): void {
  const summary = summarize(values);
  if (figure !== undefined && summary !== null) figure.measured[side] = summary;
}

/** The last line of a command's error is what it said itself. */
export function sayFailure(bench: Bench, label: string, error: Error): void {
  const why = error.message.trimEnd().split("\n").at(-1);
  bench.say(`${label}: FAILED, once more: ${why}`);
}

/** A side that fails is said and left out; the other's figures are still worth having. */
async function onCluster(
  bench: Bench,
  contender: Contender,
  mode: "async" | "semi-sync",
  work: (arena: Arena) => Promise<void>,
): Promise<void> {
  let arena: Arena | undefined;
  try {
    arena = await contender.start(mode);
    await work(arena);
  } catch (error) {
    bench.say(`${contender.label} FAILED: ${(error as Error).message}`);
  } finally {
    await arena?.close();
  }
}

/**
 * A fresh cluster for each turn, and none beside it: one at rest would take of the other's cores. The sides alternate, so that a busy moment
 * of the machine hits both. Rounds count from 1.
 */
export async function byTurns(
  bench: Bench,
  mode: "async" | "semi-sync",
  rounds: number,
  work: (arena: Arena, contender: Contender, round: number) => Promise<void>,
): Promise<void> {
  for (let round = 1; round <= rounds; round += 1) {
    for (const contender of bench.contenders) {
      await onCluster(bench, contender, mode, (arena) => work(arena, contender, round));
    }
  }
}
