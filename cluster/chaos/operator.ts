/**
 * Does single operations through one ioredis connection and records each with the times of its call and its answer.
 * Chooses no key and no moment; gives no verdict.
 */
import type { Millis } from "../../src/base/ids.ts";
import { type ChaosClient, whenReady } from "./chaos-client.ts";
import type { Operation, Outcome } from "./history.ts";
import { outcomeOfError, rethrowOwnMistake } from "./outcome.ts";

/** Where the operations go. */
export interface OperationSink {
  record(operation: Operation): void;
  /** A read without an answer says nothing about the data. */
  readUnanswered(): void;
}

export interface OperatorOptions {
  readonly connection: ChaosClient;
  /** The client's number in the records. */
  readonly client: number;
  readonly sink: OperationSink;
  readonly nowMs: () => Millis;
}

export class Operator {
  readonly #options: OperatorOptions;
  readonly #connection: ChaosClient;
  /** Grows whenever the connection is lost: a WATCH dies with its connection, unnoticed by EXEC on the next one. */
  #losses = 0;
  readonly #onClose = (): void => {
    this.#losses += 1;
  };

  constructor(options: OperatorOptions) {
    this.#options = options;
    this.#connection = options.connection;
    this.#connection.on("close", this.#onClose);
  }

  /** Forgets the connection, which stays its owner's. */
  release(): void {
    this.#connection.off("close", this.#onClose);
  }

  /** @returns false when it was not connected within `timeoutMs`, or `signal` was aborted before. */
  ready(timeoutMs: Millis, signal?: AbortSignal): Promise<boolean> {
    return whenReady(this.#connection, timeoutMs, signal);
  }

  /** @returns false when there was no answer. */
  async read(key: string): Promise<boolean> {
    const { client, sink, nowMs } = this.#options;
    const invokedAtMs = nowMs();
    let value: string | null;
    try {
      value = await this.#connection.get(key);
    } catch (error) {
      rethrowOwnMistake(error);
      sink.readUnanswered();
      return false;
    }
    sink.record({ kind: "read", client, key, value, invokedAtMs, returnedAtMs: nowMs() });
    return true;
  }

  /** @param value never written before to this key. */
  async write(key: string, value: string): Promise<Outcome> {
    const invokedAtMs = this.#options.nowMs();
    const outcome = await outcomeOf(async () => {
      await this.#connection.set(key, value);
    });
    this.#record({ kind: "write", key, value, invokedAtMs, outcome });
    return outcome;
  }

  async increment(key: string): Promise<Outcome> {
    const invokedAtMs = this.#options.nowMs();
    let result: number | null = null;
    const outcome = await outcomeOf(async () => {
      result = await this.#connection.incr(key);
    });
    this.#record({ kind: "increment", key, result, invokedAtMs, outcome });
    return outcome;
  }

  /**
   * @param value never written before to this key.
   * @returns `acknowledged` also when another client was faster: nothing is in doubt then.
   */
  async compareAndSet(key: string, value: string): Promise<Outcome> {
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
    return aborted ? "acknowledged" : outcome;
  }

  #record(operation: Unfinished): void {
    const { client, sink, nowMs } = this.#options;
    sink.record({ ...operation, client, returnedAtMs: nowMs() });
  }
}

type WithoutEnd<One> = One extends unknown ? Omit<One, "client" | "returnedAtMs"> : never;
type Unfinished = WithoutEnd<Operation>;

async function outcomeOf(attempt: () => Promise<unknown>): Promise<Outcome> {
  try {
    await attempt();
    return "acknowledged";
  } catch (error) {
    return outcomeOfError(error);
  }
}
