/**
 * The load of a chaos run: clients that write own keys, count, compare-and-set and read back, each one operation at a time, all of it recorded.
 * It injects no fault and gives no verdict; it needs nothing but the ioredis interface.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Randomness } from "../../src/base/randomness.ts";
import { SeededRandomness } from "../../src/base/randomness.ts";
import { type ChaosClient, whenReady } from "./chaos-client.ts";
import type { HistoryRecorder, Outcome } from "./history.ts";
import { outcomeOfError, rethrowOwnMistake } from "./outcome.ts";

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
  const reader = options.clients[0];
  if (reader === undefined) return false;
  for (const key of allKeys(options)) {
    while (!(await recordedRead(options, 0, reader, key))) {
      if (options.nowMs() >= untilMs) return false;
      await whenReady(reader, Math.max(1, untilMs - options.nowMs()));
      await sleep(PAUSE_AFTER_FAILURE_MS);
    }
  }
  return true;
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

/** @returns false when there was no answer. */
async function recordedRead(
  { recorder, nowMs }: WorkloadOptions,
  client: number,
  connection: ChaosClient,
  key: string,
): Promise<boolean> {
  const invokedAtMs = nowMs();
  let value: string | null;
  try {
    value = await connection.get(key);
  } catch (error) {
    rethrowOwnMistake(error);
    recorder.readUnanswered();
    return false;
  }
  recorder.record({ kind: "read", client, key, value, invokedAtMs, returnedAtMs: nowMs() });
  return true;
}

class Client {
  readonly #options: WorkloadOptions;
  readonly #index: number;
  readonly #connection: ChaosClient;
  readonly #random: Randomness;
  readonly #ownKeys: readonly string[];
  readonly #counters: readonly string[];
  readonly #casKeys: readonly string[];
  #sequence = 0;
  /** Grows whenever the connection is lost: a WATCH dies with its connection, unnoticed by EXEC on the next one. */
  #losses = 0;

  constructor(options: WorkloadOptions, index: number) {
    const connection = options.clients[index];
    if (connection === undefined) throw new RangeError(`no client ${index}`);
    this.#options = options;
    this.#index = index;
    this.#connection = connection;
    this.#random = new SeededRandomness(options.seed + index * 7919);
    this.#ownKeys = ownKeys(options.keyPrefix, index);
    this.#counters = sharedKeys(options.keyPrefix, "counter");
    this.#casKeys = sharedKeys(options.keyPrefix, "cas");
  }

  async run(signal: AbortSignal): Promise<void> {
    const onClose = () => {
      this.#losses += 1;
    };
    this.#connection.on("close", onClose);
    try {
      let inDoubt = false;
      while (!signal.aborted && !this.#options.recorder.full) {
        if (!(await whenReady(this.#connection, READY_WAIT_MS, signal))) continue;
        // A new master may have forgotten: look before the next write covers it up.
        if (inDoubt) inDoubt = !(await this.#readBack());
        const outcome = inDoubt ? "failed" : await this.#operate();
        if (outcome !== "acknowledged") {
          inDoubt = true;
          await sleep(PAUSE_AFTER_FAILURE_MS);
        } else if (this.#options.thinkMs > 0) await sleep(this.#options.thinkMs);
      }
    } finally {
      this.#connection.off("close", onClose);
    }
  }

  async #readBack(): Promise<boolean> {
    for (const key of [...this.#ownKeys, ...this.#counters, ...this.#casKeys]) {
      if (!(await recordedRead(this.#options, this.#index, this.#connection, key))) return false;
    }
    return true;
  }

  async #operate(): Promise<Outcome> {
    const dice = this.#random.next();
    if (dice < 0.6) return await this.#write();
    if (dice < 0.75) return await this.#increment();
    if (dice < 0.85 && this.#options.compareAndSet) return await this.#compareAndSet();
    return await this.#readAny();
  }

  async #write(): Promise<Outcome> {
    const key = this.#ownKeys[this.#sequence % this.#ownKeys.length] ?? "";
    const value = this.#nextValue();
    const invokedAtMs = this.#options.nowMs();
    const outcome = await outcomeOf(async () => {
      await this.#connection.set(key, value);
    });
    this.#record({ kind: "write", key, value, invokedAtMs, outcome });
    return outcome;
  }

  async #increment(): Promise<Outcome> {
    const key = this.#pick(this.#counters);
    const invokedAtMs = this.#options.nowMs();
    let result: number | null = null;
    const outcome = await outcomeOf(async () => {
      result = await this.#connection.incr(key);
    });
    this.#record({ kind: "increment", key, result, invokedAtMs, outcome });
    return outcome;
  }

  async #compareAndSet(): Promise<Outcome> {
    const key = this.#pick(this.#casKeys);
    const value = this.#nextValue();
    const invokedAtMs = this.#options.nowMs();
    const losses = this.#losses;
    let expected: string | null = null;
    const looked = await outcomeOf(async () => {
      await this.#connection.watch(key);
      expected = await this.#connection.get(key);
    });
    // Nothing was written so far, whatever became of WATCH; and its connection is gone or must forget it.
    if (looked !== "acknowledged" || this.#losses !== losses || this.#connection.status !== "ready") {
      await outcomeOf(() => this.#connection.unwatch());
      return "failed";
    }
    const execAtMs = this.#options.nowMs();
    let aborted = false;
    const answered = await outcomeOf(async () => {
      const replies = await this.#connection.multi().set(key, value).exec();
      aborted = replies === null;
      const refusal = replies?.find(([error]) => error !== null)?.[0];
      if (refusal) throw refusal;
    });
    const outcome = aborted ? "failed" : answered;
    this.#record({ kind: "compareAndSet", key, expected, value, invokedAtMs, execAtMs, outcome });
    // Another client was faster: nothing is in doubt.
    return aborted ? "acknowledged" : outcome;
  }

  async #readAny(): Promise<Outcome> {
    const owner = this.#random.below(this.#options.clients.length);
    const keys = [...ownKeys(this.#options.keyPrefix, owner), ...this.#counters, ...this.#casKeys];
    const answered = await recordedRead(this.#options, this.#index, this.#connection, this.#pick(keys));
    return answered ? "acknowledged" : "failed";
  }

  #nextValue(): string {
    this.#sequence += 1;
    return `${this.#index}-${this.#sequence}`;
  }

  #pick(keys: readonly string[]): string {
    return keys[this.#random.below(keys.length)] ?? "";
  }

  #record(operation: Unfinished): void {
    this.#options.recorder.record({
      ...operation,
      client: this.#index,
      returnedAtMs: this.#options.nowMs(),
    });
  }
}

type Recorded = Parameters<HistoryRecorder["record"]>[0];
type WithoutEnd<Operation> = Operation extends unknown ? Omit<Operation, "client" | "returnedAtMs"> : never;
type Unfinished = WithoutEnd<Recorded>;

async function outcomeOf(attempt: () => Promise<unknown>): Promise<Outcome> {
  try {
    await attempt();
    return "acknowledged";
  } catch (error) {
    return outcomeOfError(error);
  }
}
