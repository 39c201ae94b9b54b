/**
 * Copies all keys of one Redis server into a group. Goes through the source database by database, key by key, with SCAN, so it
 * sees whatever stayed there throughout; what is written meanwhile it may see or not. A key is tried again where a connection, or
 * a master, was lost.
 */
import { setMaxListeners } from "node:events";
import pRetry from "p-retry";
import { InterrexError } from "../../src/base/errors.ts";
import { ByteBudget } from "./byte-budget.ts";
import { type CommandClient, listOf } from "./commands.ts";
import { canCopy, copyKey, type KeyToCopy } from "./copy-key.ts";

export interface ImportOptions {
  /** Databases of the source that hold keys. */
  readonly databases: readonly number[];
  /** Connections to one database, the caller's to close. */
  readonly open: (database: number) => { readonly source: CommandClient; readonly target: CommandClient };
  /** Called after each key. */
  readonly onProgress: (progress: ImportProgress) => void;
  /** Ends it between two keys, with its reason. */
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
}

/** Keys so far. */
export interface ImportProgress {
  readonly copied: number;
  /** Expired or deleted between being seen and being read. */
  readonly gone: number;
  readonly failed: number;
}

export interface ImportReport extends ImportProgress {
  /** The first of those that failed. */
  readonly failures: readonly FailedKey[];
}

export interface FailedKey {
  readonly database: number;
  readonly key: string;
  readonly reason: string;
}

const SCAN_COUNT = 500;
/** Keys on their way at once: enough that no round trip is waited for by itself. */
const LANES = 64;
/** Of all lanes: 64 large values at once would fill the memory, and take the group longer than it waits for its copies. */
const UNDERWAY_BYTES_MAX = 64 * 1024 * 1024;
const FAILURES_SHOWN = 100;
/** Half a minute, about, where a server is away; each try waits longer for one that is connected and silent. */
const RETRIES = { retries: 20, minTimeout: 50, maxTimeout: 2000, factor: 2 } as const;
/** What a group says while it has no master, or not enough copies. */
const PASSING = /^(UNCERTAIN|NOREPLICAS|READONLY|MASTERDOWN|LOADING|TRYAGAIN|CLUSTERDOWN|BUSY)\b/;

/** @throws the reason of `signal`; the error of a connection that did not come back. */
export async function runImport(options: ImportOptions): Promise<ImportReport> {
  const run = new ImportRun(options);
  for (const database of options.databases) await run.copyDatabase(database);
  return run.report();
}

class ImportRun {
  readonly #options: ImportOptions;
  readonly #failures: FailedKey[] = [];
  /** Keys on their way. SCAN may name one twice, where its table shrinks, and two lanes would add to the same list. */
  readonly #underway = new Set<string>();
  readonly #budget: ByteBudget = new ByteBudget(UNDERWAY_BYTES_MAX);
  /** One lane that gives up ends the others. */
  readonly #givenUp = new AbortController();
  readonly #signal: AbortSignal;
  #copied = 0;
  #gone = 0;
  #failed = 0;

  constructor(options: ImportOptions) {
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#givenUp.signal]);
    // Every attempt listens to it.
    setMaxListeners(0, this.#signal);
  }

  report(): ImportReport {
    return { ...this.#progress(), failures: this.#failures };
  }

  #progress(): ImportProgress {
    return { copied: this.#copied, gone: this.#gone, failed: this.#failed };
  }

  async copyDatabase(database: number): Promise<void> {
    const { source, target } = this.#options.open(database);
    const keys = this.#keysOf(source);
    const lane = async (): Promise<void> => {
      for await (const one of keys) {
        const name = one.key.toString("latin1");
        if (this.#underway.has(name)) continue;
        this.#underway.add(name);
        await this.#copy(database, source, target, one);
        this.#underway.delete(name);
        this.#options.onProgress(this.#progress());
      }
    };
    await this.#allOf(Array.from({ length: LANES }, lane));
  }

  async *#keysOf(source: CommandClient): AsyncGenerator<KeyToCopy> {
    let cursor = "0";
    do {
      const [next, keys] = (await this.#again(() => listOf(source, "SCAN", cursor, "COUNT", SCAN_COUNT))) as [
        Buffer,
        Buffer[],
      ];
      yield* await this.#again(() => this.#describe(source, keys));
      cursor = String(next);
    } while (cursor !== "0");
  }

  async #allOf(lanes: readonly Promise<void>[]): Promise<void> {
    try {
      await Promise.all(lanes);
    } catch (error) {
      this.#givenUp.abort(error);
      await Promise.allSettled(lanes);
      throw error;
    }
  }

  /** What each key is, and until when. */
  async #describe(source: CommandClient, keys: readonly Buffer[]): Promise<KeyToCopy[]> {
    return Promise.all(
      keys.map(async (key) => {
        const [type, leftMs, bytes] = await Promise.all([
          source.callBuffer("TYPE", [key]),
          source.callBuffer("PTTL", [key]),
          // Only for the budget: where a source or its user hasn't got it, all goes at once.
          source.callBuffer("MEMORY", ["USAGE", key]).catch(() => 0),
        ]);
        const left = Number(leftMs);
        return {
          key,
          type: String(type),
          expiresAtMs: left < 0 ? null : this.#options.nowMs() + left,
          bytes: Number(bytes) || 0,
        };
      }),
    );
  }

  async #copy(
    database: number,
    source: CommandClient,
    target: CommandClient,
    what: KeyToCopy,
  ): Promise<void> {
    if (what.type === "none") {
      this.#gone += 1;
      return;
    }
    if (!canCopy(what.type)) return this.#fail(database, what, `keys of type ${what.type} can't be copied`);
    const bytes = Math.min(what.bytes, UNDERWAY_BYTES_MAX);
    await this.#budget.take(bytes);
    try {
      const isThere = await this.#again(() => copyKey(source, target, what));
      if (isThere) this.#copied += 1;
      else this.#gone += 1;
    } catch (error) {
      if (!isFinal(error) || this.#signal.aborted) throw error;
      this.#fail(database, what, error.message);
    } finally {
      this.#budget.give(bytes);
    }
  }

  #fail(database: number, { key }: KeyToCopy, reason: string): void {
    this.#failed += 1;
    if (this.#failures.length < FAILURES_SHOWN) {
      this.#failures.push({ database, key: key.toString("utf8"), reason });
    }
  }

  /** Until it comes through, or the server has said no for good. */
  async #again<Result>(attempt: () => Promise<Result>): Promise<Result> {
    this.#signal.throwIfAborted();
    return pRetry(attempt, { ...RETRIES, signal: this.#signal, shouldRetry: ({ error }) => !isFinal(error) });
  }
}

/** A word on this key, which would be the same the next time. Everything else is a connection's trouble, or a group's that has no master. */
function isFinal(error: unknown): error is Error {
  if (error instanceof InterrexError) return true;
  return error instanceof Error && error.name === "ReplyError" && !PASSING.test(error.message);
}
