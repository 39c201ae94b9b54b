/** Failover as a client sees it: the longest time without an acknowledged write, from the last one before the fault to the first after it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Arena } from "../cluster/chaos/arena.ts";
import { findMaster, waitUntilWhole } from "../cluster/chaos/look.ts";
import { InterrexError } from "../src/base/errors.ts";
import { Pace, WARM_UP_WRITES, writeUntil } from "./pace.ts";
import type { Writer } from "./writers.ts";

export type MasterFault = "kill" | "stop";

export interface OutageRounds {
  readonly fault: MasterFault;
  readonly rounds: number;
  readonly connect: (arena: Arena) => Promise<Writer>;
  readonly onRound: (outageMs: number) => void;
}

/** After this a client counts as lost for good, and the outage as this long. */
const OUTAGE_MAX_MS = 60_000;
const WHOLE_TIMEOUT_MS = 60_000;
/** A master that dies more often than every 3 s uses up what sentinels do on crash evidence alone; that is not what is measured here. */
const FAULT_GAP_MS = 4000;

/** @returns one outage for each round, in ms. @throws InterrexError NOT_WHOLE when the cluster doesn't mend. */
export async function measureOutages(arena: Arena, options: OutageRounds): Promise<number[]> {
  const outages: number[] = [];
  let mayFailAtMs = performance.now() + FAULT_GAP_MS;
  for (let round = 0; round < options.rounds; round += 1) {
    await sleep(Math.max(0, mayFailAtMs - performance.now()));
    await mended(arena);
    mayFailAtMs = performance.now() + FAULT_GAP_MS;
    const outageMs = await measureOnce(arena, options);
    options.onRound(outageMs);
    outages.push(outageMs);
  }
  return outages;
}

/** @throws InterrexError NOT_WHOLE when the cluster doesn't mend. */
export async function mended(arena: Arena): Promise<void> {
  const obstacle = await waitUntilWhole(arena, WHOLE_TIMEOUT_MS);
  if (obstacle !== null) throw new InterrexError("NOT_WHOLE", `The cluster did not mend: ${obstacle}`);
}

async function measureOnce(arena: Arena, { fault, connect }: OutageRounds): Promise<number> {
  const writer = await connect(arena);
  const pace = new Pace();
  const stop = new AbortController();
  const writing = writeUntil(stop.signal, writer, pace);
  try {
    await pace.reach(WARM_UP_WRITES, OUTAGE_MAX_MS);
    const { id } = await findMaster(arena);
    pace.forgetGaps();
    const faultAtMs = performance.now();
    if (fault === "kill") await arena.kill(id);
    else await arena.stop(id);
    try {
      await untilMasterIsAnother(arena, id);
      const recovered = await pace.reach(pace.count + WARM_UP_WRITES, OUTAGE_MAX_MS);
      return recovered ? pace.longestGapMs : performance.now() - faultAtMs;
    } finally {
      if (fault === "kill") await arena.restart(id);
      else await arena.resume(id);
    }
  } finally {
    stop.abort();
    await writer.close();
    await writing;
  }
}

async function untilMasterIsAnother(arena: Arena, old: string): Promise<void> {
  const untilMs = performance.now() + OUTAGE_MAX_MS;
  while (performance.now() < untilMs) {
    // Rare looks: they must not take time from what is measured on a small machine.
    await sleep(50);
    const named = await findMaster(arena).catch(() => null);
    if (named !== null && named.id !== old) return;
  }
  throw new InterrexError("NO_FAILOVER", `${old} was still the master after ${OUTAGE_MAX_MS} ms`);
}
