/** SET and GET a second by redis-benchmark, on a master with two replicas attached. Alternates the sides, so that a busy moment of the machine hits both. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Arena } from "../cluster/chaos/arena.ts";
import { findMaster } from "../cluster/chaos/look.ts";
import { InterrexError } from "../src/base/errors.ts";
import type { Side } from "./contender.ts";

export type Command = "SET" | "GET";

export interface ThroughputOptions {
  /** Commands a client sends before it reads the replies (-P). */
  readonly pipeline: number;
  readonly requests: number;
  readonly rounds: number;
}

const CLIENTS = 50;
const VALUE_BYTES = 100;

/** @returns requests a second of each round, by side and command. */
export async function measureThroughput(
  arenas: ReadonlyMap<Side, Arena>,
  { pipeline, requests, rounds }: ThroughputOptions,
): Promise<Record<Command, Map<Side, number[]>>> {
  const measured = { SET: new Map<Side, number[]>(), GET: new Map<Side, number[]>() };
  for (let round = 0; round < rounds; round += 1) {
    for (const [side, arena] of arenas) {
      const { host, port } = await findMaster(arena);
      const load = [
        "-c",
        CLIENTS,
        "-d",
        VALUE_BYTES,
        "-P",
        pipeline,
        "-n",
        requests,
        "-t",
        "set,get",
        "--csv",
      ];
      const args = ["-h", host, "-p", port, ...load].map(String);
      const { stdout } = await promisify(execFile)("redis-benchmark", args);
      for (const command of ["SET", "GET"] as const) {
        const rates = measured[command].get(side) ?? [];
        rates.push(rateIn(stdout, command));
        measured[command].set(side, rates);
      }
    }
  }
  return measured;
}

/** @throws InterrexError BAD_OUTPUT when redis-benchmark's CSV has no line for `command`. */
export function rateIn(csv: string, command: Command): number {
  const match = new RegExp(`^"${command}","([\\d.]+)"`, "m").exec(csv);
  const rate = Number(match?.[1]);
  if (rate > 0) return rate;
  throw new InterrexError("BAD_OUTPUT", `redis-benchmark gave no rate for ${command}: ${csv.slice(0, 200)}`);
}
