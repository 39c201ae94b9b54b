/** One key's value and what the keyspace knows about it. */
import type { Offset } from "../../base/ids.ts";
import { NO_EXPIRY } from "./expiry-index.ts";
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
