/** What one sentinel process is told at its start: a plain, already validated object. Reads no file, checks nothing. */
import type { MemberId, Millis, SentinelId } from "../src/base/ids.ts";
import type { ReplicationMode } from "../src/rules/group-record.ts";

export interface SentinelConfig {
  readonly id: SentinelId;
  /** Address that both ports are bound to. */
  readonly host: string;
  /** Redis Sentinel protocol for clients; 0 takes a free port. */
  readonly port: number;
  /** WebSocket for peers, HTTP for health and metrics; 0 takes a free port. */
  readonly peerPort: number;
  /** Where clients and the other sentinels are told to reach this one. */
  readonly announceHost: string;
  /** Directory of the votes and records; `null` keeps them in memory only, lost with the process. */
  readonly dataDir: string | null;
  /** What clients must AUTH with (`requirepass`); `null` lets anyone in. */
  readonly password: string | null;
  /** Shared secret of the peer ports; `null` for none. */
  readonly peerSecret: string | null;
  /** The whole sentinel set, this one included. */
  readonly sentinels: readonly ConfiguredSentinel[];
  /** Version of `sentinels`; peers with another one are refused. */
  readonly membershipVersion: number;
  readonly groups: readonly ConfiguredGroup[];
}

export interface ConfiguredSentinel {
  readonly id: SentinelId;
  /** WebSocket URL of the peer port, for example `ws://127.0.0.1:36379`. */
  readonly url: string;
  /** Where its clients reach it; left out, it is learnt from the sentinel itself. */
  readonly host?: string;
  readonly port?: number;
}

export interface ConfiguredGroup {
  readonly name: string;
  readonly nodes: readonly ConfiguredNode[];
  /** Sentinels that must agree that the master is down. */
  readonly quorum: number;
  readonly downAfterMs: Millis;
  readonly stallAfterMs: Millis;
  readonly switchoverTimeoutMs: Millis;
  readonly replication: {
    readonly mode: ReplicationMode;
    /** W; `null` for the default of the mode. */
    readonly copies: number | null;
  };
  /** False where something in between may refuse connects for a live node. */
  readonly crashEvidence: boolean;
}

interface ConfiguredNode {
  readonly id: MemberId;
  /** WebSocket URL of the peer port, for example `ws://127.0.0.1:16379`. */
  readonly url: string;
  /** Lower is preferred; left out, what the node says of itself. */
  readonly priority?: number | undefined;
  /** Left out, what the node says of itself. */
  readonly zone?: string | undefined;
  /** False for an observer; left out, what the node says of itself. */
  readonly voting?: boolean | undefined;
}
