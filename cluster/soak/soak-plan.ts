/** What a soak is told to do. */
import type { Millis } from "../../src/base/ids.ts";
import type { ReplicationMode } from "../../src/rules/group-record.ts";
import type { SoakFaultKind } from "./soak-faults.ts";

export interface SoakPlan {
  readonly seed: number;
  /** Of drawn faults; a script takes as long as it takes. */
  readonly forMs: Millis;
  /** Each once in this order, without a draw; empty: drawn until the time is over. */
  readonly script: readonly SoakFaultKind[];
  readonly replication: ReplicationMode;
  readonly members: number;
  readonly downAfterMs: Millis;
  /** In each place where clients run. */
  readonly clientsPerPlace: number;
  readonly thinkMs: Millis;
  /** Of the members' logs. */
  readonly directory: string;
  /** Why nobody can be cut off; `null` where that is possible. */
  readonly withoutPartitions: string | null;
}
