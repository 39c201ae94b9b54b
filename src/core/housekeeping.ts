/**
 * What a master does to its keys on its own account, in records of its own: deletes those whose time has come, and evicts some
 * when they take more memory than `maxmemory`. It knows no client. Replicas, and masters that may not write, do neither:
 * they get it from the master's records.
 */
import type { Millis, Offset } from "../base/ids.ts";
import type { Dispatcher } from "./commands/dispatcher.ts";
import type { Execution } from "./commands/execution.ts";
import type { Keyspace } from "./keyspace/keyspace.ts";
import type { ReplicationLog } from "./replication/replication-log.ts";

/** Keys that one tick may expire; what is left waits for the next one. */
const EXPIRED_PER_TICK = 1000;
/** Keys that may be evicted at once; what is left waits for the next command, or the next tick, which then comes soon. */
const EVICTED_PER_COMMAND = 32;
const EVICTED_PER_TICK = 100;
/** Commands that come together share so many; then each gets only as many as it needs to bring no more than it takes away. */
const EVICTED_PER_BATCH = 256;
const EVICTED_PER_LATER_COMMAND = 2;
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
  #leftInBatch = EVICTED_PER_BATCH;

  constructor(setup: HousekeepingSetup) {
    this.#setup = setup;
  }

  /** When a tick is due for the sake of evictions. */
  deadlineMs(nowMs: Millis): Millis {
    return this.#evicting ? nowMs + EVICTION_PAUSE_MS : Number.POSITIVE_INFINITY;
  }

  /** Commands that have come together are about to run, one after the other. */
  beginBatch(): void {
    this.#leftInBatch = EVICTED_PER_BATCH;
  }

  /** On a tick of a master that may write. */
  tick(): void {
    const { keyspace, dispatcher, log } = this.#setup;
    keyspace.writeOffset = (log.assigned + 1) as Offset;
    this.#setup.record(dispatcher.expireCycle(EXPIRED_PER_TICK));
    this.#evict(EVICTED_PER_TICK);
  }

  /** Before a command: there should be room for what it brings. @param mayWrite this is a master that may make records now. */
  makeRoom(mayWrite: boolean): void {
    if (mayWrite && this.#setup.keyspace.isOverMemory) {
      const budget = this.#leftInBatch > 0 ? EVICTED_PER_COMMAND : EVICTED_PER_LATER_COMMAND;
      this.#leftInBatch -= budget;
      this.#evict(budget);
      return;
    }
    this.memoryFull = false;
    this.#evicting = false;
  }

  #evict(budget: number): void {
    const { keyspace, dispatcher, log } = this.#setup;
    this.memoryFull = false;
    if (keyspace.isOverMemory) {
      keyspace.writeOffset = (log.assigned + 1) as Offset;
      const { execution, anyLeft } = dispatcher.evictSlice(budget);
      this.#setup.record(execution);
      this.memoryFull = !anyLeft;
    }
    this.#evicting = keyspace.isOverMemory && !this.memoryFull;
  }
}
