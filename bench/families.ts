/** Requests a second of one command of each family, by redis-benchmark, on a master with two replicas attached: the aim is a share of Redis's own in the same run. */
import type { Figure } from "./figure.ts";
import { type Bench, onAll, sayFailure, take } from "./figures.ts";
import { type BenchmarkTest, measureThroughput } from "./throughput.ts";

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
/** A pipelined run is over too soon with the same number of requests. */
const PIPELINED_FACTOR = 3;
/** Keys, fields and members are drawn from as many, so that a set and its pops have something to hold. */
const RANDOM_KEYS = 100_000;

export async function familiesFigures(bench: Bench): Promise<Figure[]> {
  return await onAll(bench, "async", async (arenas) => {
    const figures: Figure[] = [];
    for (const pipeline of PIPELINES) {
      const measured = await measureThroughput(arenas, {
        tests: TESTS,
        pipeline,
        requests: bench.effort.familyRequests * (pipeline === 1 ? 1 : PIPELINED_FACTOR),
        rounds: bench.effort.familyRounds,
        randomKeys: RANDOM_KEYS,
        onRound: (side, round) => bench.say(`families, -P ${pipeline}, ${side}, round ${round}`),
        onFailure: (side, round, error) => sayFailure(bench, side, round, error),
      });
      for (const test of TESTS) {
        const figure: Figure = {
          group: "families",
          name: `${test}, -P ${pipeline}`,
          unit: "ops/s",
          better: "higher",
          aim: { ofRedis: SHARE_MIN },
          measured: {},
        };
        for (const [side, rates] of measured.get(test) ?? []) take(figure, side, rates);
        figures.push(figure);
      }
    }
    return figures;
  });
}
