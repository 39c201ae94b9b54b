/** What one client of a soak does until it is told to stop: reads, writes, increments and compare-and-sets, one at a time. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Millis } from "../../src/base/ids.ts";
import type { Randomness } from "../../src/base/randomness.ts";
import type { Outcome } from "../chaos/history.ts";
import type { Operator } from "../chaos/operator.ts";
import { keysAt, onceKey } from "./soak-keys.ts";

export interface SoakClientOptions {
  readonly operator: Operator;
  readonly client: number;
  readonly random: Randomness;
  readonly prefix: string;
  /** On the clock of `nowMs`, the same for all clients of the machine. */
  readonly startedAtMs: Millis;
  readonly thinkMs: Millis;
  readonly nowMs: () => Millis;
}

const READY_WAIT_MS = 1000;
const SLOW_SHARE = 0.1;

export async function runSoakClient(options: SoakClientOptions, signal: AbortSignal): Promise<void> {
  const { operator, random, thinkMs } = options;
  for (let sequence = 1; !signal.aborted; sequence += 1) {
    if (!(await operator.ready(READY_WAIT_MS, signal))) continue;
    await operate(options, sequence);
    await sleep(thinkMs * (0.5 + random.next()));
  }
}

async function operate(options: SoakClientOptions, sequence: number): Promise<Outcome> {
  const { operator, client, random, prefix, startedAtMs, nowMs } = options;
  const { registers, counter } = keysAt(prefix, nowMs() - startedAtMs, random.next() < SLOW_SHARE);
  const register = registers[random.below(registers.length)] ?? counter;
  const value = `${client}-${sequence}`;
  const dice = random.next();
  if (dice < 0.25) return await operator.write(onceKey(prefix, client, sequence), value);
  if (dice < 0.43) return await operator.write(register, value);
  if (dice < 0.57) return await operator.compareAndSet(register, value);
  if (dice < 0.72) return await operator.increment(counter);
  const answered = await operator.read(random.next() < 0.5 ? counter : register);
  return answered ? "acknowledged" : "failed";
}
