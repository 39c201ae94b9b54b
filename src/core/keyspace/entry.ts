/** One key's value and what the keyspace knows about it. */
import type { Millis, Offset } from "../../base/ids.ts";
import { type ExpiryIndex, NO_EXPIRY } from "./expiry-index.ts";
import { FREQUENCY_INITIAL } from "./use-frequency.ts";
import type { Value } from "./value.ts";

export class Entry {
  value: Value;
  /** Its slot in the database's index of expiries, see `Database.expireAtMs`; `NO_EXPIRY` when it lives for ever. */
  expiry: number = NO_EXPIRY;
  /** Offset of the record that last changed it. */
  changedAt: Offset;
  /** When a command last looked at it, in seconds: a small integer costs no memory of its own. */
  usedSec: number;
  /** How often it is used, while that is counted. */
  frequency: number = FREQUENCY_INITIAL;
  /** Number of the snapshot that needs no more of it: it was written there, or it came to be later. */
  snapshotMark: number;

  constructor(value: Value, changedAt: Offset, usedSec: number, snapshotMark: number) {
    this.value = value;
    this.changedAt = changedAt;
    this.usedSec = usedSec;
    this.snapshotMark = snapshotMark;
  }
}

/** Entries, and when each expires. */
export interface LastingEntries {
  readonly entries: IterableIterator<[string, Entry]>;
  /** 0 for never. */
  readonly expireAtMs: (entry: Entry) => Millis;
}

/** @returns wall-clock milliseconds; 0 for never. @param expiries in which the entry has its slot. */
export function timeOf(entry: Entry, expiries: ExpiryIndex): Millis {
  return entry.expiry === NO_EXPIRY ? 0 : expiries.atMs(entry.expiry);
}
