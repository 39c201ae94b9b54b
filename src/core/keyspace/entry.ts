/** What a command sees of a key: a copy, but for a collection, which is the key's own. */
import type { Millis } from "../../base/ids.ts";
import type { Value } from "./value.ts";

export interface Entry {
  readonly value: Value;
  /** Wall-clock milliseconds; 0 for never. */
  readonly expireAtMs: Millis;
  /** When a command last looked at it, in seconds. */
  readonly usedSec: number;
  /** How often it is used, while that is counted. */
  readonly frequency: number;
}
