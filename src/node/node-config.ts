/** What one data node is told at its start. Validated by the command line; plain values here. */
import type { MemberId, Millis } from "../base/ids.ts";
import { MEMORY_DEFAULTS, type MemorySettings } from "../core/keyspace/memory-settings.ts";
import type { AppendFsync } from "../io/storage/member-storage.ts";

export interface NodeConfig {
  readonly id: MemberId;
  /** Address to bind, for Redis clients and for peers. */
  readonly host: string;
  /** Port for Redis clients; 0 takes a free one. */
  readonly port: number;
  /** Port for peers: WebSocket, and HTTP for health and metrics; 0 takes a free one. */
  readonly peerPort: number;
  /** Where clients are told to find this node. */
  readonly announceHost: string;
  /** `null`: the port that was bound. */
  readonly announcePort: number | null;
  /** `null`: memory only. */
  readonly dataDir: string | null;
  readonly appendfsync: AppendFsync;
  /** Lower is preferred for promotion. */
  readonly priority: number;
  readonly zone: string;
  /** False for an observer: follows, counts nowhere, is never promoted. */
  readonly voting: boolean;
  /** Password of Redis clients; `null` for none. */
  readonly password: string | null;
  /** Shared by all peers; `null` for none. */
  readonly peerSecret: string | null;
  /** `local` waives the lease on the master: faster without it, possibly stale. */
  readonly reads: "linearizable" | "local";
  /** How long a written command may wait for its copies before it is answered -UNCERTAIN. */
  readonly ackTimeoutMs: Millis;
  /** A group without sentinels: async, without leases and without failover. */
  readonly static:
    | null
    | { readonly role: "master" }
    | { readonly role: "replica"; readonly masterId: MemberId; readonly masterUrl: string };
  /** Bound of the uncommitted tail of the log; writes beyond it are refused. */
  readonly uncommittedBytesMax: number;
  /** Bytes of log after which a new snapshot is taken. */
  readonly snapshotAfterBytes: number;
  /** Bytes of log kept on disk for replicas that are being brought up, at most. */
  readonly syncLogBytesMax: number;
  readonly clientsMax: number;
  /** Microseconds for which a node that expects a command or an ack looks for it before it sleeps; 0: it sleeps at once. */
  readonly busyPollUs: number;
  /** How much memory keys and values may take, and what gives way then. */
  readonly memory: MemorySettings;
}

export const NODE_DEFAULTS: Pick<
  NodeConfig,
  | "appendfsync"
  | "priority"
  | "zone"
  | "voting"
  | "reads"
  | "ackTimeoutMs"
  | "uncommittedBytesMax"
  | "snapshotAfterBytes"
  | "syncLogBytesMax"
  | "clientsMax"
  | "busyPollUs"
  | "memory"
> = {
  appendfsync: "everysec",
  priority: 100,
  zone: "",
  voting: true,
  reads: "linearizable",
  ackTimeoutMs: 1000,
  uncommittedBytesMax: 64 * 1024 * 1024,
  snapshotAfterBytes: 64 * 1024 * 1024,
  syncLogBytesMax: 8 * 1024 * 1024 * 1024,
  clientsMax: 10_000,
  busyPollUs: 400,
  memory: MEMORY_DEFAULTS,
};
