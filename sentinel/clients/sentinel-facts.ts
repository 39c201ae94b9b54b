/** What a sentinel can tell of itself that never changes while it runs. */
import type { Millis, SentinelId, StartId } from "../../src/base/ids.ts";

export interface SentinelFacts {
  readonly id: SentinelId;
  readonly startId: StartId;
  /** `null` lets anyone in. */
  readonly password: string | null;
  readonly clientPort: number;
  /** Where clients and the other sentinels are told to reach it. */
  readonly announceHost: string;
  /** On a disk; else it ends with the process. */
  readonly keepsState: boolean;
  readonly processId: number;
  /** As INFO shows it, for example `Linux 6.1 x64`. */
  readonly operatingSystem: string;
  readonly nodeVersion: string;
  readonly startedAtMonoMs: Millis;
  /** `failover-timeout` as MASTER shows it: how long a switchover may take. */
  failoverTimeoutMs(group: string): Millis;
}
