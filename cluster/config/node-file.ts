/** The schema of `node.yaml`, and what a data node is told from it. */
import { z } from "zod";
import type { MemberId } from "../../src/base/ids.ts";
import {
  MEMORY_DEFAULTS,
  MEMORY_POLICIES,
  type MemoryPolicy,
} from "../../src/core/keyspace/memory-settings.ts";
import { parseMemory } from "../../src/core/parameters/parameter-kinds.ts";
import type { AppendFsync } from "../../src/io/storage/member-storage.ts";
import { NODE_DEFAULTS, type NodeConfig } from "../../src/node/node-config.ts";
import * as fields from "./fields.ts";
import { peerPortOf, peerUrlOf } from "./peer-port.ts";
import {
  checkProcess,
  completeProcess,
  type ProcessFields,
  processShape,
  type Refuse,
} from "./process-fields.ts";

/** `node.yaml` with the defaults filled in; what is still optional is worked out by `toNodeConfig`. */
export interface NodeFile extends ProcessFields {
  readonly announcePort?: number | null | undefined;
  readonly appendfsync: AppendFsync;
  readonly priority: number;
  readonly zone: string;
  readonly voting: boolean;
  readonly reads: "linearizable" | "local";
  readonly ackTimeoutMs: number;
  readonly uncommittedBytesMax: number;
  readonly snapshotAfterBytes: number;
  readonly syncLogBytesMax: number;
  readonly clientsMax: number;
  readonly busyPollUs: number;
  readonly maxmemory: number | string;
  readonly maxmemoryPolicy: MemoryPolicy;
  readonly maxmemorySamples: number;
  readonly static?: StaticRoleFile | null | undefined;
}

interface StaticRoleFile {
  readonly role: "master" | "replica";
  readonly masterId?: string | undefined;
  readonly masterUrl?: string | undefined;
}

const STATIC_ROLE: z.ZodType<StaticRoleFile> = z
  .strictObject(
    {
      role: fields.oneOf(["master", "replica"]),
      masterId: fields.id().optional(),
      masterUrl: fields.peerUrl().optional(),
    },
    { error: "must be {role: master} or {role: replica, masterId: ..., masterUrl: ...}" },
  )
  .describe("A role that no sentinel changes: asynchronous, without failover");

export const nodeFileSchema: z.ZodType<NodeFile> = z
  .strictObject(
    {
      ...processShape,
      port: fields.port().default(6379).describe("Redis clients"),
      announcePort: fields.port().nullish().describe("The port that clients are told; default: port"),
      appendfsync: fields
        .oneOf(fields.APPEND_FSYNC)
        .default(NODE_DEFAULTS.appendfsync)
        .describe(
          "When a record counts as kept: always survives a power cut, everysec and no a process crash",
        ),
      priority: fields
        .priority()
        .default(NODE_DEFAULTS.priority)
        .describe("Lower is preferred at equal log positions; one that is never promoted has voting: false"),
      zone: fields.zone().default(NODE_DEFAULTS.zone).describe("Breaks ties in a promotion; sites, racks"),
      voting: fields
        .yesOrNo()
        .default(NODE_DEFAULTS.voting)
        .describe("false: an observer, which counts nowhere and is never promoted"),
      reads: fields
        .oneOf(["linearizable", "local"])
        .default(NODE_DEFAULTS.reads)
        .describe(
          "local: the master answers reads without lease or acks; they may be stale after a partition",
        ),
      ackTimeoutMs: fields
        .wholeNumber(10, fields.DURATION_MS_MAX)
        .default(NODE_DEFAULTS.ackTimeoutMs)
        .describe("How long a write waits for its copies before -UNCERTAIN"),
      uncommittedBytesMax: fields
        .wholeNumber(1_048_576, 4_294_967_296)
        .default(NODE_DEFAULTS.uncommittedBytesMax)
        .describe("Bytes of records that may be without their copies at once; beyond it writes are refused"),
      snapshotAfterBytes: fields
        .wholeNumber(1_048_576, 1_099_511_627_776)
        .default(NODE_DEFAULTS.snapshotAfterBytes)
        .describe("Bytes of log after which a new snapshot is taken, if it is as long as the latest one"),
      syncLogBytesMax: fields
        .wholeNumber(1_048_576, 1_099_511_627_776)
        .default(NODE_DEFAULTS.syncLogBytesMax)
        .describe(
          "Bytes of log kept on disk for replicas that are being brought up; beyond it their sync begins anew",
        ),
      clientsMax: fields
        .wholeNumber(1, 1_000_000)
        .default(NODE_DEFAULTS.clientsMax)
        .describe("Redis clients connected at once; more are refused"),
      busyPollUs: fields
        .wholeNumber(0, fields.BUSY_POLL_US_MAX)
        .default(NODE_DEFAULTS.busyPollUs)
        .describe(
          "Microseconds that a node looks for the command or ack it expects before it sleeps; 0: it sleeps at once",
        ),
      maxmemory: fields
        .memory()
        .default(MEMORY_DEFAULTS.maxBytes)
        .describe(
          "Memory that keys and values may take, by the node's own estimate: bytes, or 512mb; 0: no limit",
        ),
      maxmemoryPolicy: fields
        .oneOf(MEMORY_POLICIES)
        .default(MEMORY_DEFAULTS.policy)
        .describe("Which keys a master evicts when they take more"),
      maxmemorySamples: fields
        .wholeNumber(1, 1000)
        .default(MEMORY_DEFAULTS.samples)
        .describe("Keys looked at for each that is evicted"),
      static: STATIC_ROLE.nullish(),
    },
    { error: "must be keys and values, such as `id: n1`" },
  )
  .superRefine((file, context) => {
    const refuse: Refuse = (path, message) => {
      context.addIssue({ code: "custom", path, message });
    };
    checkProcess(file, refuse);
    const { role, masterId, masterUrl } = file.static ?? {};
    if (role !== "replica") return;
    if (masterId === undefined || masterUrl === undefined) {
      refuse(["static"], "names a replica without its master; add masterId and masterUrl");
    } else if (masterId === file.id) {
      refuse(["static", "masterId"], `"${masterId}" is this node itself; name its master`);
    } else if (isOwnUrl(masterUrl, file)) {
      refuse(["static", "masterUrl"], `"${masterUrl}" is this node's own peer port; give its master's`);
    }
  });

/** By the names that it has itself: another name of the same address is only seen once it is dialled. */
function isOwnUrl(url: string, { host, announceHost, port, peerPort }: NodeFile): boolean {
  const own = peerPort ?? peerPortOf(port);
  return [host, announceHost ?? host].some((name) => peerUrlOf(name, own) === url);
}

export function toNodeConfig(file: NodeFile): NodeConfig {
  return {
    id: file.id as MemberId,
    ...completeProcess(file),
    announcePort: file.announcePort ?? null,
    appendfsync: file.appendfsync,
    priority: file.priority,
    zone: file.zone,
    voting: file.voting,
    reads: file.reads,
    ackTimeoutMs: file.ackTimeoutMs,
    uncommittedBytesMax: file.uncommittedBytesMax,
    snapshotAfterBytes: file.snapshotAfterBytes,
    syncLogBytesMax: file.syncLogBytesMax,
    clientsMax: file.clientsMax,
    busyPollUs: file.busyPollUs,
    memory: {
      ...MEMORY_DEFAULTS,
      maxBytes: parseMemory(String(file.maxmemory)) ?? MEMORY_DEFAULTS.maxBytes,
      policy: file.maxmemoryPolicy,
      samples: file.maxmemorySamples,
    },
    static: staticRole(file),
  };
}

function staticRole({ static: fixed }: NodeFile): NodeConfig["static"] {
  if (fixed === null || fixed === undefined) return null;
  if (fixed.role === "master" || fixed.masterId === undefined || fixed.masterUrl === undefined) {
    return { role: "master" };
  }
  return { role: "replica", masterId: fixed.masterId as MemberId, masterUrl: fixed.masterUrl };
}
