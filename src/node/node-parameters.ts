/**
 * Which parameters CONFIG GET and SET know on a data node, and what each of them steers. What is fixed at the start, or
 * has no counterpart here, says so when somebody tries to change it.
 */
import { encodingLimits, limitListNodes } from "../core/keyspace/encoding-limits.ts";
import type { MemorySettings } from "../core/keyspace/memory-settings.ts";
import { formatNotifyEvents, parseNotifyEvents } from "../core/keyspace/notifications.ts";
import type { StreamNodeLimits } from "../core/keyspace/stream-node.ts";
import type { SnapshotRule } from "../core/own-snapshots.ts";
import { applyOutputLimits, formatOutputLimits, readOutputLimits } from "../core/parameters/output-limits.ts";
import {
  anyText,
  integerBetween,
  memoryBetween,
  memoryOrPercent,
  oneOf,
  type ReadValue,
  yesOrNo,
} from "../core/parameters/parameter-kinds.ts";
import {
  type FixedParameter,
  type Parameter,
  ParameterSet,
  type SteeringParameter,
} from "../core/parameters/parameter-set.ts";
import { readSaveRules, saveRules } from "../core/parameters/save-rules.ts";
import { TAIL_BYTES_MAX } from "../core/replication/log-tail.ts";
import { KEEP_ALIVE_SEC } from "../io/redis/redis-server.ts";
import { memoryParameters } from "./memory-parameters.ts";
import type { NodeConfig } from "./node-config.ts";
import type { NodeLimits } from "./node-limits.ts";

/** What the parameters steer beyond limits. */
export interface Steered {
  /** @param flags bits of `NOTIFY`. */
  notifyEvents(flags: number): void;
  memory(settings: MemorySettings): void;
  /** Where nodes of streams end from now on. */
  streamNodes(limits: Partial<StreamNodeLimits>): void;
  /** @param limit in microseconds; negative for none. */
  slowerThanUs(limit: number): void;
  slowlogEntriesMax(count: number): void;
  /** @param seconds after which an idle client is closed; 0 for never. */
  idleTimeoutSec(seconds: number): void;
  /** How much of the log is kept in memory for replicas that come back. */
  backlogBytes(bytes: number): void;
  snapshotRules(rules: readonly SnapshotRule[]): void;
  /** `host port` of the present master; empty on a master. */
  masterAddress(): string;
}

const MEBIBYTE = 1024 * 1024;
const INT32_MAX = 2 ** 31 - 1;
const COUNT: ReadValue = integerBetween(0, Number.MAX_SAFE_INTEGER);
const AMOUNT: ReadValue = memoryBetween(0, Number.MAX_SAFE_INTEGER);
const BAD_EVENT_CLASS = "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";

const BY_FILE = "it is set in node.yaml";
const BY_DESIGN = "the log of interrex is not an AOF or RDB file";
const BY_SENTINELS = "the sentinels decide who follows whom";
const BY_CHOICE = "it is the same for all clients of interrex";
const BY_PLATFORM = "it has no counterpart in this server";

export function nodeParameters(config: NodeConfig, limits: NodeLimits, steered: Steered): ParameterSet {
  return new ParameterSet([
    ...fixedParameters(config),
    { ...fixed("replicaof", BY_SENTINELS, "", anyText, "slaveof"), value: () => steered.masterAddress() },
    ...encodingParameters(),
    ...streamParameters(steered),
    ...memoryParameters(config.memory, (settings) => steered.memory(settings)),
    ...clientParameters(limits, steered),
    ...watchingParameters(steered),
    steering(
      "repl-backlog-size",
      TAIL_BYTES_MAX,
      memoryBetween(1, Number.MAX_SAFE_INTEGER),
      undefined,
      (bytes) => steered.backlogBytes(bytes),
    ),
    {
      name: "save",
      read: readSaveRules,
      initial: "",
      apply: (value) => steered.snapshotRules(saveRules(value)),
    },
  ]);
}

function fixedParameters(config: NodeConfig): Parameter[] {
  const priority = config.voting ? config.priority : 0;
  return [
    fixed("port", BY_FILE, config.port, integerBetween(0, 65_535)),
    fixed("bind", BY_FILE, config.host),
    fixed("dir", BY_FILE, config.dataDir ?? ""),
    fixed("appendfsync", BY_FILE, config.appendfsync, oneOf(["everysec", "always", "no"])),
    fixed("replica-priority", BY_FILE, priority, COUNT, "slave-priority"),
    fixed("ack-timeout", BY_FILE, config.ackTimeoutMs, COUNT),
    fixed("appendonly", BY_DESIGN, "yes", yesOrNo),
    fixed("aof-use-rdb-preamble", BY_DESIGN, "no", yesOrNo),
    fixed("replica-read-only", BY_SENTINELS, "yes", yesOrNo, "slave-read-only"),
    fixed("replica-serve-stale-data", BY_SENTINELS, "yes", yesOrNo, "slave-serve-stale-data"),
    fixed("tcp-keepalive", BY_CHOICE, KEEP_ALIVE_SEC, COUNT),
    fixed("databases", BY_PLATFORM, 16, COUNT),
    fixed("daemonize", BY_PLATFORM, "no", yesOrNo),
    fixed("cluster-enabled", BY_PLATFORM, "no", yesOrNo),
    fixed("maxmemory-clients", BY_PLATFORM, 0, memoryOrPercent),
    fixed("latency-tracking", BY_PLATFORM, "no", yesOrNo),
    fixed("latency-monitor-threshold", BY_PLATFORM, 0, COUNT),
    // Scripts are ended after a number of steps; nobody is told BUSY before.
    fixed("busy-reply-threshold", BY_PLATFORM, 0, COUNT, "lua-time-limit"),
    { ...fixed("key-load-delay", BY_PLATFORM, 0, COUNT), hidden: true },
  ];
}

function encodingParameters(): Parameter[] {
  const limits = encodingLimits;
  return [
    steering(
      "hash-max-listpack-entries",
      limits.hashEntriesMax,
      COUNT,
      "hash-max-ziplist-entries",
      (value) => {
        limits.hashEntriesMax = value;
      },
    ),
    steering(
      "hash-max-listpack-value",
      limits.hashValueBytesMax,
      AMOUNT,
      "hash-max-ziplist-value",
      (value) => {
        limits.hashValueBytesMax = value;
      },
    ),
    steering("set-max-intset-entries", limits.setIntegersMax, COUNT, undefined, (value) => {
      limits.setIntegersMax = value;
    }),
    steering(
      "zset-max-listpack-entries",
      limits.zsetEntriesMax,
      COUNT,
      "zset-max-ziplist-entries",
      (value) => {
        limits.zsetEntriesMax = value;
      },
    ),
    steering(
      "zset-max-listpack-value",
      limits.zsetValueBytesMax,
      AMOUNT,
      "zset-max-ziplist-value",
      (value) => {
        limits.zsetValueBytesMax = value;
      },
    ),
    steering(
      "list-max-listpack-size",
      -2,
      integerBetween(-INT32_MAX, INT32_MAX),
      "list-max-ziplist-size",
      limitListNodes,
    ),
    // Kept, and of no effect: the inner parts of a list are packed, and never compressed.
    steering("list-compress-depth", 0, integerBetween(0, INT32_MAX), undefined, () => {}),
  ];
}

function streamParameters(steered: Steered): Parameter[] {
  return [
    steering("stream-node-max-bytes", 4096, AMOUNT, undefined, (bytesMax) =>
      steered.streamNodes({ bytesMax }),
    ),
    steering("stream-node-max-entries", 100, COUNT, undefined, (entriesMax) =>
      steered.streamNodes({ entriesMax }),
    ),
  ];
}

function clientParameters(limits: NodeLimits, steered: Steered): Parameter[] {
  return [
    steering("timeout", 0, integerBetween(0, INT32_MAX), undefined, (value) => steered.idleTimeoutSec(value)),
    steering(
      "maxclients",
      limits.clientsMax,
      integerBetween(1, limits.clientsCeiling),
      undefined,
      (value) => {
        limits.clientsMax = value;
      },
    ),
    steering(
      "proto-max-bulk-len",
      limits.bulkBytesMax,
      memoryBetween(MEBIBYTE, limits.bulkBytesMax),
      undefined,
      (value) => {
        limits.bulkBytesMax = value;
      },
    ),
    steering(
      "client-query-buffer-limit",
      limits.queryBufferBytesMax,
      memoryBetween(MEBIBYTE, limits.queryBufferBytesMax),
      undefined,
      (value) => {
        limits.queryBufferBytesMax = value;
      },
    ),
    {
      name: "client-output-buffer-limit",
      read: (text) => readOutputLimits(text, limits.outputLimits),
      initial: formatOutputLimits(limits.outputLimits),
      apply: (value) => applyOutputLimits(value, limits.outputLimits),
    },
  ];
}

function watchingParameters(steered: Steered): Parameter[] {
  return [
    steering(
      "slowlog-log-slower-than",
      10_000,
      integerBetween(-1, Number.MAX_SAFE_INTEGER),
      undefined,
      (value) => steered.slowerThanUs(value),
    ),
    steering("slowlog-max-len", 128, integerBetween(0, INT32_MAX), undefined, (value) =>
      steered.slowlogEntriesMax(value),
    ),
    {
      name: "notify-keyspace-events",
      read: (text) => {
        const flags = parseNotifyEvents(text);
        return flags === undefined ? { reason: BAD_EVENT_CLASS } : { value: formatNotifyEvents(flags) };
      },
      initial: "",
      // What is shown does not tell "n" beside "A".
      apply: (_value, text) => steered.notifyEvents(parseNotifyEvents(text) ?? 0),
    },
  ];
}

function fixed(
  name: string,
  reason: string,
  value: string | number,
  read: ReadValue = anyText,
  alias?: string,
): FixedParameter {
  return { name, read, fixed: reason, value: () => String(value), ...(alias !== undefined && { alias }) };
}

function steering(
  name: string,
  initial: number,
  read: ReadValue,
  alias: string | undefined,
  apply: (value: number) => void,
): SteeringParameter {
  const change = (value: string): void => apply(Number(value));
  return { name, read, initial: String(initial), apply: change, ...(alias !== undefined && { alias }) };
}
