/**
 * What all databases of one keyspace share: the time, the offsets, and the account of what the present command looked
 * at and changed. It decides nothing: the member sets the inputs, the databases fill in the rest.
 */
import { type Millis, OFFSET_ZERO, type Offset } from "../../base/ids.ts";
import type { Randomness } from "../../base/randomness.ts";
import type { AwaitedKey } from "./awaited-keys.ts";
import { Effects } from "./effects.ts";
import type { KeyTable } from "./key-table.ts";
import { MEMORY_DEFAULTS, type MemorySettings } from "./memory-settings.ts";
import { NOTIFY, notificationsOf, type Publication } from "./notifications.ts";
import type { StreamNodeLimits } from "./stream-node.ts";

/** A snapshot under way: it is shown every key right before that changes, and takes what it still needs. */
export interface SnapshotSink {
  /** @param db by its number when the snapshot began. @param at the key's address. */
  preserve(db: number, table: KeyTable, at: number): void;
}

export class Bookkeeping {
  /** Wall clock, set by the caller before each batch. */
  nowMs: Millis = 0;
  /** The clock of idle times: `nowMs` in seconds, as of the present command. */
  nowSec = 0;
  /** Offset of the record that the present command's effects go into, set by the caller before each command. */
  writeOffset: Offset = OFFSET_ZERO;
  /** Set by the caller: this is a master that can write, so expired keys are deleted as they are met. */
  mayExpire = false;
  /** Committed records are being replayed: keys are as they are, nothing expires, nothing is propagated. */
  replaying = false;

  /** Greatest offset that the present command has seen, perhaps in what it has changed itself. */
  sawOffset: Offset = OFFSET_ZERO;
  /** Offset of the latest change anywhere. */
  lastChangeOffset: Offset = OFFSET_ZERO;
  /** Number of changes since the start. */
  changes = 0;
  /** What the present command must propagate. */
  readonly effects: Effects = new Effects();

  /** Keyspace notifications that are wanted: bits of `NOTIFY`. Set by the node's configuration. */
  notifyFlags = 0;
  /** Redis 7.0's stream-node-max-bytes and -entries. Set by the node's configuration; only new nodes of streams follow it. */
  streamNodes: StreamNodeLimits = { bytesMax: 4096, entriesMax: 100 };
  /** The present command only reads: a key that it does not find is a miss. */
  onlyReads = false;
  /** Lookups of reading commands, and keys that expired, since the start or CONFIG RESETSTAT. */
  hits = 0;
  misses = 0;
  expired = 0;
  /** What the present command publishes, PUBLISHed messages and notifications, in order. */
  publications: Publication[] = [];

  /** Keys that a blocked client waits for and that have changed since, in that order; their owner takes them out. */
  readyKeys: AwaitedKey[] = [];

  /** What all keys and values take in memory, by the estimate of memory-model.ts. */
  usedBytes = 0;
  /** The most that they have taken. */
  peakBytes = 0;
  memory: MemorySettings = MEMORY_DEFAULTS;
  /** Randomness for counting uses, while the policy goes by that. */
  useCounting: Randomness | null = null;
  /** Keys evicted since the start, or since CONFIG RESETSTAT. */
  evictedKeys = 0;
  /** Databases with collections that may have changed in size since they were last accounted for. */
  readonly unsettled: { settle(): void }[] = [];

  /** Number of the latest snapshot. */
  snapshotMark = 0;
  snapshot: SnapshotSink | null = null;

  /** Accounts for having looked at something that the record at `offset` changed. */
  saw(offset: Offset): void {
    if (offset > this.sawOffset && offset <= this.writeOffset) this.sawOffset = offset;
  }

  /**
   * Notes an event for its subscribers. Not on members that replay: they get it from the master, once it is committed.
   *
   * @param kind the event's class, a bit of `NOTIFY`.
   */
  notify(kind: number, event: string, db: number, key: string): void {
    if ((this.notifyFlags & kind) === 0 || this.replaying) return;
    this.publications.push(...notificationsOf(this.notifyFlags, db, event, key));
  }

  resetStatistics(): void {
    this.hits = 0;
    this.misses = 0;
    this.expired = 0;
    this.evictedKeys = 0;
  }

  /** A reading command has not found its key. */
  missed(db: number, key: string): void {
    this.misses += 1;
    this.notify(NOTIFY.miss, "keymiss", db, key);
  }

  /** Accounts for what collections have grown and shrunk by. */
  settle(): void {
    const { unsettled } = this;
    if (unsettled.length > 0) {
      for (let account = unsettled.pop(); account !== undefined; account = unsettled.pop()) account.settle();
    }
    if (this.usedBytes > this.peakBytes) this.peakBytes = this.usedBytes;
  }

  /** For commands that look at the whole keyspace. */
  sawEverything(): void {
    this.saw(this.lastChangeOffset);
  }
}
