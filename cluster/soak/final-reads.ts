/** Reads every key of a soak once more, at its end, in the history's own terms. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Millis } from "../../src/base/ids.ts";
import type { Arena } from "../chaos/arena.ts";
import type { HistoryRecorder } from "../chaos/history.ts";
import { ask, findMaster } from "../chaos/look.ts";
import { machineMs } from "./client-message.ts";

const KEYS_PER_READ = 500;
const RETRY_PAUSE_MS = 100;
/** Not the number of any client. */
const READER = -1;

/** @returns `null`, or what the last answer was when `timeoutMs` had passed. */
export async function readBack(
  arena: Arena,
  keys: readonly string[],
  recorder: HistoryRecorder,
  timeoutMs: Millis,
): Promise<string | null> {
  const untilMs = machineMs() + timeoutMs;
  for (let from = 0; from < keys.length; ) {
    const part = keys.slice(from, from + KEYS_PER_READ);
    try {
      const master = await findMaster(arena);
      const invokedAtMs = machineMs();
      const values = (await ask(master, arena.password, "MGET", ...part)) as (string | null)[];
      const returnedAtMs = machineMs();
      for (const [at, key] of part.entries()) {
        const value = values[at] ?? null;
        recorder.record({ kind: "read", client: READER, key, value, invokedAtMs, returnedAtMs });
      }
      from += part.length;
    } catch (error) {
      if (machineMs() >= untilMs) return (error as Error).message;
      await sleep(RETRY_PAUSE_MS);
    }
  }
  return null;
}
