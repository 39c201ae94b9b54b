/** Requests a second of one command of each family, by redis-benchmark, on a master with two replicas attached: the aim is a share of Redis's own in the same run. */
import { nodesOf } from "../cluster/chaos/arena.ts";
import type { Side } from "./contender.ts";
import type { Figure } from "./figure.ts";
import { asFigure, type Bench, byTurns, note, sayFailure } from "./figures.ts";
import { compacted } from "./settled.ts";
import { type BenchmarkTest, measureThroughput, warmUp } from "./throughput.ts";

const TESTS: readonly BenchmarkTest[] = [
  "SET",
  "GET",
  "INCR",
  "LPUSH",
  "LPOP",
  "SADD",
  "HSET",
  "SPOP",
  "ZADD",
  "ZPOPMIN",
  "LRANGE_100",
  "MSET",
];

/** Of Redis's requests a second. */
const SHARE_MIN = 0.8;
const PIPELINES = [1, 16] as const;
/**
 * Of each test, right before those of the same pipeline are measured: a minute, after which V8 has compiled what all of them run
 * through as well as it can. By turns, as it compiles anew what it took for one command's alone when others come.
 */
const WARM_UP_ROUNDS = 3;
const WARM_UP_REQUESTS = { 1: 100_000, 16: 170_000 };
/** A pipelined run is over too soon with the same number of requests. */
const PIPELINED_FACTOR = 3;
/** Keys, fields and members are drawn from as many, so that a set and its pops have something to hold. */
const RANDOM_KEYS = 100_000;

export async function familiesFigures(bench: Bench): Promise<Figure[]> {
  const figures = new Map(
    PIPELINES.flatMap((pipeline) =>
      TESTS.map((test) => [figureName(test, pipeline), new Map<Side, number[]>()] as const),
    ),
  );
  const { familyRequests, familyRounds } = bench.effort;
  await byTurns(bench, "async", familyRounds, async (arena, { side, label }, round) => {
    const failed = (error: Error): void => sayFailure(bench, label, error);
    for (const pipeline of PIPELINES) {
      const run = { pipeline, requests: WARM_UP_REQUESTS[pipeline] };
      const runs = Array.from({ length: WARM_UP_ROUNDS }, () => run);
      await warmUp(arena, { tests: TESTS, randomKeys: RANDOM_KEYS }, runs, failed);
      bench.say(`families, -P ${pipeline}, ${label}, round ${round}`);
      const requests = familyRequests * (pipeline === 1 ? 1 : PIPELINED_FACTOR);
      for (const test of TESTS) {
        // A test does not pay for the snapshots of what those before it have written, which would fall into one of them or another.
        await compacted(nodesOf(arena));
        const options = {
          tests: [test],
          pipeline,
          requests,
          randomKeys: RANDOM_KEYS,
          goesOn: test !== TESTS[0],
        };
        const rates = await measureThroughput(arena, options, failed);
        note(figures.get(figureName(test, pipeline)), side, [...rates.values()]);
      }
    }
  });
  return [...figures].map(([name, measured]) => {
    const aim = { ofRedis: SHARE_MIN };
    return asFigure({ group: "families", name, unit: "ops/s", better: "higher", aim }, measured);
  });
}

function figureName(test: BenchmarkTest, pipeline: number): string {
  return `${test}, -P ${pipeline}`;
}
