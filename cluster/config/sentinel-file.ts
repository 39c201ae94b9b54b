/** The schema of `sentinel.yaml`, and what a sentinel is told from it. */
import { z } from "zod";
import type { ConfiguredGroup, ConfiguredSentinel, SentinelConfig } from "../../sentinel/sentinel-config.ts";
import type { MemberId, SentinelId } from "../../src/base/ids.ts";
import type { ReplicationMode } from "../../src/rules/group-record.ts";
import { majority } from "../../src/rules/quorums.ts";
import * as fields from "./fields.ts";
import {
  checkProcess,
  completeProcess,
  type ProcessFields,
  processShape,
  type Refuse,
} from "./process-fields.ts";

const DOWN_AFTER_MS = 1000;
const SWITCHOVER_TIMEOUT_MS = 5000;

/** `sentinel.yaml` with the defaults filled in; what is still optional is worked out by `toSentinelConfig`. */
export interface SentinelFile extends ProcessFields {
  readonly sentinels: readonly SentinelEntry[];
  readonly membershipVersion: number;
  readonly groups: readonly GroupFile[];
}

interface SentinelEntry {
  readonly id: string;
  readonly url: string;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

interface NodeEntry {
  readonly id: string;
  readonly url: string;
  readonly priority?: number | undefined;
  readonly zone?: string | undefined;
  readonly voting?: boolean | undefined;
}

interface GroupFile {
  readonly name: string;
  readonly nodes: readonly NodeEntry[];
  readonly quorum?: number | undefined;
  readonly downAfterMs: number;
  readonly stallAfterMs?: number | undefined;
  readonly switchoverTimeoutMs: number;
  readonly replication: { readonly mode: ReplicationMode; readonly copies?: number | null | undefined };
  readonly crashEvidence: boolean;
}

const SENTINEL: z.ZodType<SentinelEntry> = z.strictObject(
  {
    id: fields.id(),
    url: fields.peerUrl(),
    host: fields.host().optional(),
    port: fields.port().optional(),
  },
  { error: 'must be a sentinel, such as {id: s1, url: "ws://127.0.0.1:36379"}' },
);

const NODE: z.ZodType<NodeEntry> = z.strictObject(
  {
    id: fields.id(),
    url: fields.peerUrl(),
    priority: fields
      .priority()
      .optional()
      .describe("Lower is preferred; default: what the node says of itself"),
    zone: fields.zone().optional(),
    voting: fields.yesOrNo().optional().describe("false: an observer; default: what the node says of itself"),
  },
  { error: 'must be a data node, such as {id: n1, url: "ws://127.0.0.1:16379"}' },
);

const REPLICATION = z.strictObject(
  {
    mode: fields.oneOf(fields.REPLICATION_MODES).default("semi-sync"),
    copies: fields
      .wholeNumber(1, 99)
      .nullish()
      .describe(
        "W: copies of a write, the master's own included, before it is acknowledged; default: a majority",
      ),
  },
  { error: "must be such as {mode: semi-sync, copies: 2}" },
);

const GROUP: z.ZodType<GroupFile> = z.strictObject(
  {
    name: fields.id().describe("The master name that clients ask for"),
    nodes: z
      .array(NODE, { error: "must be a list of data nodes" })
      .min(1, { error: "must name at least one data node" })
      .describe("The data nodes; seeds the first start only, after that the group record rules"),
    quorum: fields
      .wholeNumber(1, 99)
      .optional()
      .describe("Sentinels that must agree that the master is down; default: a majority"),
    downAfterMs: fields
      .wholeNumber(50, fields.DURATION_MS_MAX)
      .default(DOWN_AFTER_MS)
      .describe("Silence after which a node counts as down"),
    stallAfterMs: fields
      .wholeNumber(50, fields.DURATION_MS_MAX)
      .optional()
      .describe(
        "Age of an uncommitted write after which a live master counts as stalled; default: 2 x downAfterMs",
      ),
    switchoverTimeoutMs: fields
      .wholeNumber(100, fields.DURATION_MS_MAX)
      .default(SWITCHOVER_TIMEOUT_MS)
      .describe("A switchover that has not sealed the old master by then is called off"),
    replication: REPLICATION.prefault({}),
    crashEvidence: fields
      .yesOrNo()
      .default(true)
      .describe("false where something in between (a proxy) may refuse connects for a live node"),
  },
  { error: "must be a group with name and nodes" },
);

export const sentinelFileSchema: z.ZodType<SentinelFile> = z
  .strictObject(
    {
      ...processShape,
      port: fields.port().default(26_379).describe("Redis Sentinel protocol, for clients"),
      sentinels: z
        .array(SENTINEL, { error: "must be a list of all sentinels, this one included" })
        .min(1, { error: "must name all sentinels, this one included" })
        .describe("The whole sentinel set, the same on every sentinel"),
      membershipVersion: fields
        .wholeNumber(1, Number.MAX_SAFE_INTEGER)
        .default(1)
        .describe("Version of `sentinels`: raise it with every change; peers with another one are refused"),
      groups: z
        .array(GROUP, { error: "must list at least one group of data nodes" })
        .min(1, { error: "must name at least one group" })
        .describe("The groups that these sentinels watch"),
    },
    { error: "must be keys and values, such as `id: s1`" },
  )
  .superRefine((file, context) => {
    const refuse: Refuse = (path, message) => {
      context.addIssue({ code: "custom", path, message });
    };
    checkProcess(file, refuse);
    if (!file.sentinels.some((sentinel) => sentinel.id === file.id)) {
      refuse(["sentinels"], `does not list "${file.id}" itself; every sentinel lists all of them`);
    }
    refuseTwins(file.sentinels, ["sentinels"], refuse);
    const names = new Set<string>();
    const sentinelIds = new Set(file.sentinels.map(({ id }) => id));
    const owners = new Map(file.sentinels.map(({ id, url }) => [url, `sentinel ${id}`]));
    for (const [index, group] of file.groups.entries()) {
      const path = ["groups", index];
      if (names.has(group.name)) refuse([...path, "name"], `"${group.name}" is another group's name already`);
      names.add(group.name);
      refuseTwins(group.nodes, [...path, "nodes"], refuse);
      for (const [at, { id, url }] of group.nodes.entries()) {
        const owner = owners.get(url);
        if (owner !== undefined) {
          const message = `"${url}" is that of ${owner}; a process has one part in one group`;
          refuse([...path, "nodes", at, "url"], message);
        }
        if (sentinelIds.has(id)) {
          refuse([...path, "nodes", at, "id"], `"${id}" is a sentinel's id too; every process needs its own`);
        }
      }
      for (const { id, url } of group.nodes) owners.set(url, `${id} of ${group.name}`);
      checkNumbers(group, file.sentinels.length, path, refuse);
    }
  });

function refuseTwins(
  items: readonly { readonly id: string; readonly url: string }[],
  path: readonly PropertyKey[],
  refuse: Refuse,
): void {
  for (const key of ["id", "url"] as const) {
    const seen = new Set<string>();
    for (const [index, item] of items.entries()) {
      if (seen.has(item[key])) refuse([...path, index, key], `"${item[key]}" is used twice in this list`);
      seen.add(item[key]);
    }
  }
}

function checkNumbers(
  group: GroupFile,
  sentinels: number,
  path: readonly PropertyKey[],
  refuse: Refuse,
): void {
  const voters = group.nodes.filter((node) => node.voting !== false).length;
  const { mode, copies } = group.replication;
  if (voters === 0) refuse([...path, "nodes"], "has observers only; at least one node must vote");
  if (group.quorum !== undefined && group.quorum > sentinels) {
    refuse(
      [...path, "quorum"],
      `is ${group.quorum}, but there ${sentinels === 1 ? "is 1 sentinel" : `are ${sentinels} sentinels`} only`,
    );
  }
  const at = [...path, "replication", "copies"];
  if (mode === "async" && copies !== null && copies !== undefined && copies !== 1) {
    refuse(
      at,
      `is ${copies}, but async acknowledges with the master's copy alone; leave it out or use semi-sync`,
    );
  } else if ((copies ?? 1) > voters) {
    refuse(
      at,
      `is ${copies}, but only ${voters === 1 ? "1 node votes" : `${voters} nodes vote`}; no write could ever be acknowledged`,
    );
  }
}

export function toSentinelConfig(file: SentinelFile): SentinelConfig {
  return {
    id: file.id as SentinelId,
    ...completeProcess(file),
    sentinels: file.sentinels.map(toSentinel),
    membershipVersion: file.membershipVersion,
    groups: file.groups.map((group) => toGroup(group, file.sentinels.length)),
  };
}

function toSentinel(file: SentinelEntry): ConfiguredSentinel {
  return {
    id: file.id as SentinelId,
    url: file.url,
    ...(file.host === undefined ? {} : { host: file.host }),
    ...(file.port === undefined ? {} : { port: file.port }),
  };
}

function toGroup(file: GroupFile, sentinels: number): ConfiguredGroup {
  const { mode, copies } = file.replication;
  return {
    name: file.name,
    nodes: file.nodes.map((node) => ({ ...node, id: node.id as MemberId })),
    quorum: file.quorum ?? majority(sentinels),
    downAfterMs: file.downAfterMs,
    stallAfterMs: file.stallAfterMs ?? 2 * file.downAfterMs,
    switchoverTimeoutMs: file.switchoverTimeoutMs,
    // By default a majority of those that vote, and which nodes do so only they may know.
    replication: { mode, copies: copies ?? null },
    crashEvidence: file.crashEvidence,
  };
}
