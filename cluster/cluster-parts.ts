/** What a cluster inside this process is made of: how to start each member, and what a member tells. Starts nothing. */
import type { SentinelProcess } from "../sentinel/sentinel-process.ts";
import type { DataNode } from "../src/node/data-node.ts";
import type { ClusterAddress } from "./cluster-events.ts";
import type { Shell } from "./member.ts";

/** What `startCluster` makes a cluster of. */
export interface ClusterParts {
  readonly group: string;
  readonly password: string | undefined;
  readonly nodes: readonly MemberPart<DataNode>[];
  readonly sentinels: readonly MemberPart<SentinelProcess>[];
  /** Gives back what the cluster was lent, once it has stopped. */
  readonly release: () => void;
}

export interface MemberPart<Running extends Shell> {
  readonly address: ClusterAddress;
  readonly start: (events: MemberEvents) => Promise<Running>;
}

interface MemberEvents {
  /** The shell has stopped by itself. */
  readonly onFailed: (error: unknown) => void;
  /** A client has told it to stop. */
  readonly onShutdown: () => void;
  /** A sentinel begins to answer from another group record. */
  readonly onRecord: () => void;
}
