/** Requests a second by redis-benchmark, on a master with two replicas attached. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import type { Arena } from "../cluster/chaos/arena.ts";
import type { Endpoint } from "../cluster/chaos/endpoint.ts";
import { findMaster } from "../cluster/chaos/look.ts";
import { InterrexError } from "../src/base/errors.ts";

/** The tests that are asked for, and what redis-benchmark calls each in its output. */
const LABELS = {
  SET: "SET",
  GET: "GET",
  INCR: "INCR",
  LPUSH: "LPUSH",
  LPOP: "LPOP",
  SADD: "SADD",
  HSET: "HSET",
  SPOP: "SPOP",
  ZADD: "ZADD",
  ZPOPMIN: "ZPOPMIN",
  LRANGE_100: "LRANGE_100 (first 100 elements)",
  MSET: "MSET (10 keys)",
} as const;

export type BenchmarkTest = keyof typeof LABELS;

export interface ThroughputOptions {
  /** In redis-benchmark's own order, whatever is said here: pops come after the pushes. */
  readonly tests: readonly BenchmarkTest[];
  /** Commands a client sends before it reads the replies (-P). */
  readonly pipeline: number;
  /** Of each test. */
  readonly requests: number;
  /** Draws keys, fields and members from as many (-r); one and the same of each without it. */
  readonly randomKeys?: number;
  /** Runs on what the run before has left; the server is emptied before otherwise. */
  readonly goesOn?: boolean;
}

const CLIENTS = 50;
const VALUE_BYTES = 100;
const ATTEMPTS_MAX = 3;

/**
 * Before the first measurement: servers that have just started are slower than those that people use. With each pipeline that is measured, as
 * one command a packet is other work than sixteen: sockets, turns and frames for each, where others have the commands themselves.
 *
 * @param failed as for `measureThroughput`.
 * @throws the error of a run that failed each time.
 */
export async function warmUp(
  arena: Arena,
  load: Pick<ThroughputOptions, "tests" | "randomKeys">,
  runs: readonly Pick<ThroughputOptions, "pipeline" | "requests">[],
  failed: (error: Error) => void,
): Promise<void> {
  for (const run of runs) await repeatedly(() => runOnce(arena, { ...load, ...run }), failed);
}

/**
 * @param failed told of a run that ended early, as by a failover under this load, and is tried once more.
 * @returns requests a second, by test.
 * @throws the error of a run that failed each time.
 */
export async function measureThroughput(
  arena: Arena,
  options: ThroughputOptions,
  failed: (error: Error) => void,
): Promise<Map<BenchmarkTest, number>> {
  const csv = await repeatedly(() => runOnce(arena, options), failed);
  return new Map(options.tests.map((test) => [test, rateIn(csv, test)]));
}

/** @returns what redis-benchmark says, as CSV. */
async function runOnce(arena: Arena, options: ThroughputOptions): Promise<string> {
  const master = await findMaster(arena);
  // What an earlier round has left would make this one another measurement.
  if (options.goesOn !== true) await flush(master);
  const args = ["-h", master.host, "-p", String(master.port), ...benchmarkArguments(options)];
  const { stdout } = await promisify(execFile)("redis-benchmark", args);
  return stdout;
}

async function repeatedly(run: () => Promise<string>, failed: (error: Error) => void): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (attempt === ATTEMPTS_MAX) throw error;
      failed(error as Error);
    }
  }
}

/** Waits for as long as it takes: a server that has just been loaded may need seconds on a busy machine. */
async function flush({ host, port }: Endpoint): Promise<void> {
  const client = new Redis({ host, port, disableClientInfo: true });
  // What goes wrong with the connection reaches the command that waits for it.
  client.on("error", () => {});
  try {
    await client.flushall();
  } finally {
    client.disconnect();
  }
}

/** Pure: what redis-benchmark is told, but for the server's address. */
export function benchmarkArguments({ tests, pipeline, requests, randomKeys }: ThroughputOptions): string[] {
  const load = ["-c", CLIENTS, "-d", VALUE_BYTES, "-P", pipeline, "-n", requests];
  const random = randomKeys === undefined ? [] : ["-r", randomKeys];
  return [...load, ...random, "-t", tests.join(",").toLowerCase(), "--csv"].map(String);
}

/** @throws InterrexError BAD_OUTPUT when redis-benchmark's CSV has no line for `test`. */
export function rateIn(csv: string, test: BenchmarkTest): number {
  const start = `"${LABELS[test]}","`;
  const line = csv.split("\n").find((one) => one.startsWith(start)) ?? "";
  const rate = Number.parseFloat(line.slice(start.length));
  if (rate > 0) return rate;
  throw new InterrexError("BAD_OUTPUT", `redis-benchmark gave no rate for ${test}: ${csv.slice(0, 200)}`);
}
