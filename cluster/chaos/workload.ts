/**
 * The load of a chaos run: clients that write own keys, count, compare-and-set and read back, all of it recorded. Each does
 * one operation at a time, but for what it reads back when it is in doubt.
 * It injects no fault and gives no verdict; it needs nothing but the ioredis interface.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Randomness } from "../../src/base/randomness.ts";
import { SeededRandomness } from "../../src/base/randomness.ts";
import type { ChaosClient } from "./chaos-client.ts";
import type { HistoryRecorder, Outcome } from "./history.ts";
import { Operator } from "./operator.ts";

export interface WorkloadOptions {
  /** One for each concurrent client; the caller makes and closes them. */
  readonly clients: readonly ChaosClient[];
  readonly recorder: HistoryRecorder;
  readonly seed: number;
  /** Before each key, so that two runs never meet on one. */
  readonly keyPrefix: string;
  /** Pause after each operation, in ms; 0 for none. It bounds the history: 1 ms is some 700 operations a second and client. */
  readonly thinkMs: number;
  /** Compare-and-set needs a client that never resends by itself: a resent EXEC would run without its WATCH. */
  readonly compareAndSet: boolean;
  readonly nowMs: () => number;
}

const KEYS_PER_CLIENT = 4;
const SHARED_KEYS = 2;
/** After a refusal, so that a group without a master isn't asked in a tight loop. */
const PAUSE_AFTER_FAILURE_MS = 2;
const READY_WAIT_MS = 1000;

/** Runs the load until `signal` is aborted or the recorder is full; resolves when every operation under way has ended. */
export async function runWorkload(options: WorkloadOptions, signal: AbortSignal): Promise<void> {
  await Promise.all(options.clients.map((_, index) => new Client(options, index).run(signal)));
}

/**
 * Reads every key of the run once; the last word that the verdict needs.
 *
 * @returns false when some key could not be read before `timeoutMs` passed.
 */
export async function readEverything(options: WorkloadOptions, timeoutMs: number): Promise<boolean> {
  const untilMs = options.nowMs() + timeoutMs;
  const reader = operatorOf(options, 0);
  try {
    for (const key of allKeys(options)) {
      while (!(await reader.read(key))) {
        if (options.nowMs() >= untilMs) return false;
        await reader.ready(Math.max(1, untilMs - options.nowMs()));
        await sleep(PAUSE_AFTER_FAILURE_MS);
      }
    }
    return true;
  } finally {
    reader.release();
  }
}

/** @throws the client's error; the keys then stay. */
export async function removeKeys(options: WorkloadOptions): Promise<void> {
  await options.clients[0]?.del(...allKeys(options));
}

function allKeys(options: WorkloadOptions): string[] {
  const own = options.clients.flatMap((_, client) => ownKeys(options.keyPrefix, client));
  return [...own, ...sharedKeys(options.keyPrefix, "counter"), ...sharedKeys(options.keyPrefix, "cas")];
}

function ownKeys(prefix: string, client: number): string[] {
  return Array.from({ length: KEYS_PER_CLIENT }, (_, index) => `${prefix}own:${client}:${index}`);
}

function sharedKeys(prefix: string, kind: "counter" | "cas"): string[] {
  return Array.from({ length: SHARED_KEYS }, (_, index) => `${prefix}${kind}:${index}`);
}

class Client {
  readonly #options: WorkloadOptions;
  readonly #index: number;
  readonly #operator: Operator;
  readonly #random: Randomness;
  readonly #ownKeys: readonly string[];
  readonly #counters: readonly string[];
  readonly #casKeys: readonly string[];
  #sequence = 0;

  constructor(options: WorkloadOptions, index: number) {
    this.#options = options;
    this.#index = index;
    this.#operator = operatorOf(options, index);
    this.#random = new SeededRandomness(options.seed + index * 7919);
    this.#ownKeys = ownKeys(options.keyPrefix, index);
    this.#counters = sharedKeys(options.keyPrefix, "counter");
    this.#casKeys = sharedKeys(options.keyPrefix, "cas");
  }

  async run(signal: AbortSignal): Promise<void> {
    const operator = this.#operator;
    try {
      let inDoubt = false;
      while (!signal.aborted && !this.#options.recorder.full) {
        if (!(await operator.ready(READY_WAIT_MS, signal))) continue;
        // A new master may have forgotten: look before the next write covers it up.
        if (inDoubt) inDoubt = !(await this.#readBack());
        const outcome = inDoubt ? "failed" : await this.#operate();
        if (outcome !== "acknowledged") {
          inDoubt = true;
          await sleep(PAUSE_AFTER_FAILURE_MS);
        } else if (this.#options.thinkMs > 0) await sleep(this.#options.thinkMs);
      }
    } finally {
      operator.release();
    }
  }

  async #readBack(): Promise<boolean> {
    const keys = [...this.#ownKeys, ...this.#counters, ...this.#casKeys];
    // All at once: one after the other they would make the outage longer than it is for who only writes.
    const answered = await Promise.all(keys.map((key) => this.#operator.read(key)));
    return answered.every(Boolean);
  }

  async #operate(): Promise<Outcome> {
    const dice = this.#random.next();
    if (dice < 0.6) {
      const key = this.#ownKeys[this.#sequence % this.#ownKeys.length] ?? "";
      return await this.#operator.write(key, this.#nextValue());
    }
    if (dice < 0.75) return await this.#operator.increment(this.#pick(this.#counters));
    if (dice < 0.85 && this.#options.compareAndSet) {
      return await this.#operator.compareAndSet(this.#pick(this.#casKeys), this.#nextValue());
    }
    return (await this.#operator.read(this.#pickAny())) ? "acknowledged" : "failed";
  }

  #pickAny(): string {
    const owner = this.#random.below(this.#options.clients.length);
    return this.#pick([...ownKeys(this.#options.keyPrefix, owner), ...this.#counters, ...this.#casKeys]);
  }

  #nextValue(): string {
    this.#sequence += 1;
    return `${this.#index}-${this.#sequence}`;
  }

  #pick(keys: readonly string[]): string {
    return keys[this.#random.below(keys.length)] ?? "";
  }
}

function operatorOf({ clients, recorder, nowMs }: WorkloadOptions, index: number): Operator {
  const connection = clients[index];
  if (connection === undefined) throw new RangeError(`no client ${index}`);
  return new Operator({ connection, client: index, sink: recorder, nowMs });
}
