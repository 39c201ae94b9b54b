/**
 * The library: starts a whole cluster inside this process, for tests and for trying things out. The package's
 * entry point, so it names everything that a caller may need; decides nothing but how the parts are put together.
 */
import { SentinelProcess } from "../sentinel/sentinel-process.ts";
import { MemoryStateCell } from "../sentinel/state-cell.ts";
import { InterrexError } from "../src/base/errors.ts";
import { createLogger, type Logger } from "../src/io/logger.ts";
import { MemoryDisk, MemoryStorage } from "../src/io/storage/memory-storage.ts";
import { DataNode } from "../src/node/data-node.ts";
import type { GroupRecord } from "../src/rules/group-record.ts";
import { Cluster } from "./cluster.ts";
import { type ClusterOptions, checkOptions } from "./cluster-options.ts";
import type { ClusterParts } from "./cluster-parts.ts";
import { DEFAULT_GROUP } from "./config/fields.ts";
import { giveBackPorts, takeFreePorts } from "./free-ports.ts";
import { HOST, memberConfigs, portsNeeded } from "./member-configs.ts";
import { optionDifferences } from "./option-differences.ts";

export type { GroupView, HistoryEntry, MemberView, SentinelPeerView } from "../sentinel/core/view.ts";
export { InterrexError } from "../src/base/errors.ts";
export type { LogLevel } from "../src/io/logger.ts";
export type { AppendFsync } from "../src/io/storage/member-storage.ts";
export type { NodeStatus, ReplicaStatus } from "../src/protocol/peer/node-messages.ts";
export type { GroupRecord, MemberRecord, ReplicationMode } from "../src/rules/group-record.ts";
export type { MasterAddress } from "./agreed-master.ts";
export type { IoredisSentinelOptions, NodeRedisSentinelOptions } from "./client-options.ts";
export { Cluster } from "./cluster.ts";
export type { ClusterAddress, ClusterEvents, ClusterStatus } from "./cluster-events.ts";
export type { ClusterOptions, NodeChoices } from "./cluster-options.ts";
export type { MemberState } from "./member.ts";

const START_TIMEOUT_MS = 10_000;

/**
 * Starts a cluster inside this process: real sockets on free ports of 127.0.0.1, in memory unless told otherwise.
 *
 * ```ts
 * await using cluster = await startCluster({ downAfterMs: 200 });
 * const redis = new Redis(cluster.ioredisOptions());
 * const old = await cluster.killMaster();
 * const master = await cluster.waitForMaster({ not: old.id });
 * ```
 *
 * @returns once a master acknowledges writes and every sentinel names it.
 * @throws InterrexError `BAD_OPTION` or `BAD_CONFIG` for options that make no cluster, or not the one that `dataDir` holds;
 *   `BAD_DATA_DIR`, `DATA_DIR_IN_USE`, `CORRUPT_LOG` and their kind where that can't be used; `NO_FREE_PORT`; `TIMEOUT` when no master
 *   was found in time.
 *   Nothing is left running then.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  checkOptions(options);
  const ports = await takeFreePorts(HOST, portsNeeded(options));
  const release = (): void => giveBackPorts(ports);
  let cluster: Cluster;
  try {
    cluster = new Cluster({ ...assemble(options, ports), release });
  } catch (error) {
    release();
    throw error;
  }
  try {
    await cluster.start(options.startTimeoutMs ?? START_TIMEOUT_MS, (record) => checkRecord(options, record));
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** @throws InterrexError `BAD_OPTION` */
function checkRecord(options: ClusterOptions, record: GroupRecord): void {
  const differences = optionDifferences(options, record);
  if (differences.length === 0) return;
  throw new InterrexError(
    "BAD_OPTION",
    `dataDir holds a cluster that was begun otherwise: ${differences.join("; ")}; leave that out, or take another directory`,
  );
}

function assemble(options: ClusterOptions, ports: readonly number[]): Omit<ClusterParts, "release"> {
  const configs = memberConfigs(options, ports);
  const loggerFor = (id: string): Logger => createLogger({ level: options.logLevel ?? "silent", id });
  return {
    group: options.group ?? DEFAULT_GROUP,
    password: options.password,
    nodes: configs.nodes.map((config) => {
      const { id, host, port } = config;
      const logger = loggerFor(id);
      // The disk outlives the process that writes to it; each process opens it anew.
      const disk = config.dataDir === null ? new MemoryDisk(id) : null;
      return {
        address: { id, host, port },
        start: ({ onFailed, onShutdown }) =>
          DataNode.start({
            config,
            logger,
            onFailed,
            onShutdown,
            ...(disk === null ? {} : { storage: new MemoryStorage(disk) }),
          }),
      };
    }),
    sentinels: configs.sentinels.map((config) => {
      const { id, host, port } = config;
      const logger = loggerFor(id);
      const memory = config.dataDir === null ? { stateCell: new MemoryStateCell() } : {};
      return {
        address: { id, host, port },
        start: ({ onFailed, onRecord, onShutdown }) =>
          SentinelProcess.start({ config, logger, onFailed, onRecord, onShutdown, ...memory }),
      };
    }),
  };
}
