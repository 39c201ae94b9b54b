/**
 * What a master does to its keys on its own account: deletes those whose time has come, and evicts some
 * when they take more memory than `maxmemory`. It knows no client. Replicas, and masters that may not write, do neither:
 * they get it from the master's records.
 */
import type { Millis } from "../base/ids.ts";
import type { Dispatcher } from "./commands/dispatcher.ts";
import type { Execution } from "./commands/execution.ts";
import { ExpiryPace } from "./expiry-pace.ts";
import type { Keyspace } from "./keyspace/keyspace.ts";
import type { ReplicationLog } from "./replication/replication-log.ts";

/** Keys that may be evicted at once; what is left waits for the next command, or the next tick, which then comes soon. */
const EVICTED_PER_COMMAND = 32;
const EVICTED_PER_TICK = 100;
/** Until time has passed, all commands together may evict so many; then each only what makes room for the one before it. */
const EVICTED_AT_ONCE = 256;
/** Also where `maxmemory` is less than what no key at all takes, and there is nothing to evict: then all is full. */
const NO_BOUND = Number.NEGATIVE_INFINITY;
/** Until the next tick while keys are still to be evicted. */
const EVICTION_PAUSE_MS: Millis = 1;

export interface HousekeepingSetup {
  readonly keyspace: Keyspace;
  readonly dispatcher: Dispatcher;
  readonly log: ReplicationLog;
  /** Makes a record of the effects, if there are any. */
  record(execution: Execution): void;
}

export class Housekeeping {
  /** Keys take more memory than they may, and none may go: nothing that could need more is taken. */
  memoryFull = false;
  readonly #setup: HousekeepingSetup;
  #evicting = false;
  readonly #expiry = new ExpiryPace();
  #atMs: Millis = Number.NEGATIVE_INFINITY;
  #evictedAtOnce = 0;
  /** What keys took when no more could be evicted at once: it shall not become more. */
  #bytesWhenSpent = 0;

  constructor(setup: HousekeepingSetup) {
    this.#setup = setup;
  }

  /** When a tick is due for the sake of evictions, or of keys that are overdue; no other expiry is worth waking up for. */
  deadlineMs(nowMs: Millis): Millis {
    const overdueAtMs = this.#expiry.deadlineMs;
    return this.#evicting ? Math.min(overdueAtMs, nowMs + EVICTION_PAUSE_MS) : overdueAtMs;
  }

  /** The clock was read, whatever for. */
  onClock(nowMs: Millis): void {
    this.#expiry.onClock(nowMs);
  }

  /** A batch begins: if the clock has moved, others have had their turn. */
  beginBatch(nowMs: Millis): void {
    if (nowMs - this.#atMs < EVICTION_PAUSE_MS) return;
    this.#atMs = nowMs;
    this.#evictedAtOnce = 0;
  }

  /** On a tick. @param mayWrite this is a master that may make records now. */
  tick(nowMs: Millis, mayWrite: boolean): void {
    if (!mayWrite) return this.#expiry.rest();
    if (this.#expiry.mayBegin(nowMs)) this.#expire(nowMs);
    this.#evict(EVICTED_PER_TICK);
  }

  /** Before a command: there should be room for what it brings. @param mayWrite this is a master that may make records now. */
  makeRoom(mayWrite: boolean): void {
    if (mayWrite && this.#setup.keyspace.isOverMemory) {
      const isSpent = this.#evictedAtOnce >= EVICTED_AT_ONCE;
      const before = this.#setup.keyspace.evictedKeys;
      this.#evict(EVICTED_PER_COMMAND, isSpent ? this.#bytesWhenSpent : NO_BOUND);
      this.#evictedAtOnce += this.#setup.keyspace.evictedKeys - before;
      if (!isSpent) this.#bytesWhenSpent = this.#setup.keyspace.usedBytes;
      return;
    }
    this.memoryFull = false;
    this.#evicting = false;
  }

  #expire(nowMs: Millis): void {
    const { keyspace, dispatcher, log } = this.#setup;
    const before = keyspace.expired;
    keyspace.writeOffset = log.nextOffset;
    this.#setup.record(dispatcher.expireCycle(this.#expiry.keys));
    this.#expiry.onSlice(nowMs, keyspace.expired - before);
  }

  /** @param downToBytes not further, though more may have to go. */
  #evict(budget: number, downToBytes = NO_BOUND): void {
    const { keyspace, dispatcher, log } = this.#setup;
    this.memoryFull = false;
    if (keyspace.isOverMemory) {
      keyspace.writeOffset = log.nextOffset;
      const { execution, anyLeft } = dispatcher.evictSlice(budget, downToBytes);
      this.#setup.record(execution);
      this.memoryFull = !anyLeft;
    }
    this.#evicting = keyspace.isOverMemory && !this.memoryFull;
  }
}
