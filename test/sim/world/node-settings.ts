/** What one simulated node is told of itself. */
import type { Millis } from "../../../src/base/ids.ts";
import type { ReplicationRules } from "../../../src/rules/replication-rules.ts";
import type { Sabotage } from "./sabotage.ts";

export interface NodeSettings {
  readonly ackTimeoutMs: Millis;
  readonly snapshotAfterBytes: number;
  readonly priority: number;
  readonly voting: boolean;
  readonly rules: Partial<ReplicationRules>;
  readonly sabotage: Sabotage;
}
