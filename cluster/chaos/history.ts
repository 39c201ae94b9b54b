/**
 * What the clients of a chaos run saw, as data: one record an operation, with the times of its call and its answer.
 * Records only; the verdict is the checker's, the judgement of an error is `outcome.ts`.
 */
import { InterrexError } from "../../src/base/errors.ts";
import type { Millis } from "../../src/base/ids.ts";

/**
 * What became of an operation, as its client knows it.
 *
 * - `acknowledged`: the server said that it happened.
 * - `failed`: it definitely did not happen (refused, or never sent).
 * - `indeterminate`: it may have happened, or may still happen (time-out, connection lost after sending, -UNCERTAIN).
 */
export type Outcome = "acknowledged" | "failed" | "indeterminate";

interface Timed {
  readonly client: number;
  readonly key: string;
  /** Monotonic time just before the command was handed to the client. */
  readonly invokedAtMs: Millis;
  /** Monotonic time of the answer, or of giving up. Without meaning for an indeterminate effect, which may come later. */
  readonly returnedAtMs: Millis;
}

/** `SET key value`; no value is ever written twice to a key. */
export interface WriteOperation extends Timed {
  readonly kind: "write";
  readonly value: string;
  readonly outcome: Outcome;
}

/** A `GET` that was answered; reads without an answer say nothing and are not recorded. */
export interface ReadOperation extends Timed {
  readonly kind: "read";
  /** `null`: the key was absent. */
  readonly value: string | null;
}

/** `INCR key`, by 1 from an absent key. */
export interface IncrementOperation extends Timed {
  readonly kind: "increment";
  /** The counter's value in the answer; `null` unless acknowledged. */
  readonly result: number | null;
  readonly outcome: Outcome;
}

/** `WATCH key`, `GET key` -> `expected`, `MULTI`, `SET key value`, `EXEC`. An aborted one is `failed`. */
export interface CompareAndSetOperation extends Timed {
  readonly kind: "compareAndSet";
  readonly expected: string | null;
  readonly value: string;
  /** When EXEC was sent: the write can't have happened before. `invokedAtMs` is the time of WATCH. */
  readonly execAtMs: Millis;
  readonly outcome: Outcome;
}

export type Operation = WriteOperation | ReadOperation | IncrementOperation | CompareAndSetOperation;

/** A fault, or its end, at a point of the same clock as the operations. */
export interface FaultMark {
  readonly atMs: Millis;
  /** When it was done: what was sent before then may have been answered without regard to it. Left out: at once. */
  readonly brokenAtMs?: Millis;
  /** When it was undone; left out where nobody waited for that. */
  readonly mendedAtMs?: Millis;
  /** For example `kill`, `stop`, `partition`. */
  readonly action: string;
  /** For example `n1 (master)`. */
  readonly target: string;
}

export interface History {
  readonly operations: readonly Operation[];
  readonly faults: readonly FaultMark[];
  /** Reads that got no answer: they say nothing about the data, and are only counted. */
  readonly unansweredReads: number;
  readonly startedAtMs: Millis;
  readonly endedAtMs: Millis;
}

export function isAcknowledgedWrite(operation: Operation): boolean {
  return operation.kind !== "read" && operation.outcome === "acknowledged";
}

/** About 400 MB of records: a run that reaches it must end, or it would take the machine's memory. */
export const HISTORY_OPERATIONS_MAX = 2_000_000;

/** Collects a history; bounded. */
export class HistoryRecorder {
  readonly #operations: Operation[] = [];
  readonly #faults: FaultMark[] = [];
  readonly #startedAtMs: Millis;
  readonly #operationsMax: number;
  #unansweredReads = 0;
  #provenAtMs: Millis = Number.NEGATIVE_INFINITY;

  constructor(startedAtMs: Millis, operationsMax: number = HISTORY_OPERATIONS_MAX) {
    this.#startedAtMs = startedAtMs;
    this.#operationsMax = operationsMax;
  }

  /** True once no more operations are taken; the workload stops then. */
  get full(): boolean {
    return this.#operations.length >= this.#operationsMax;
  }

  get count(): number {
    return this.#operations.length;
  }

  /** When the newest acknowledged write was sent: the store has taken writes since then. */
  get provenAtMs(): Millis {
    return this.#provenAtMs;
  }

  /** @throws InterrexError HISTORY_FULL far beyond the bound: dropping a record would make the verdict a lie. */
  record(operation: Operation): void {
    // The clients stop at `full`; what they had under way, and the final reads, still comes in.
    if (this.#operations.length >= this.#operationsMax * 2) {
      throw new InterrexError(
        "HISTORY_FULL",
        `Cannot record more than ${this.#operationsMax * 2} operations`,
      );
    }
    this.#operations.push(operation);
    if (isAcknowledgedWrite(operation)) {
      this.#provenAtMs = Math.max(this.#provenAtMs, operation.invokedAtMs);
    }
  }

  readUnanswered(): void {
    this.#unansweredReads += 1;
  }

  fault(mark: FaultMark): void {
    this.#faults.push(mark);
  }

  finish(endedAtMs: Millis): History {
    return {
      operations: this.#operations,
      faults: this.#faults,
      unansweredReads: this.#unansweredReads,
      startedAtMs: this.#startedAtMs,
      endedAtMs,
    };
  }
}
