/** What the sentinels of a world are told of themselves and of their groups. */
import type { GroupConfig, SentinelCoreConfig } from "../../../sentinel/core/core-config.ts";
import type { MemberId, Millis, SentinelId } from "../../../src/base/ids.ts";
import type { ElectionRules } from "../../../src/rules/election-rules.ts";
import type { FakeNode } from "./fake-node.ts";

export interface WorldOptions {
  readonly nodes?: number;
  readonly sentinels?: number;
  readonly seed?: number;
  readonly saveMs?: Millis;
  readonly rules?: Partial<ElectionRules>;
  /** One group each; the first is `mymaster` with n1, n2, ...; further ones get nodes of their own. */
  readonly groups?: readonly string[];
  readonly group?: Partial<GroupConfig>;
  /** For one of them, by its name. */
  readonly groupsOfTheirOwn?: Readonly<Record<string, Partial<GroupConfig>>>;
  /** Called right before a node takes the role, for further invariants. */
  readonly promoting?: (node: FakeNode) => void;
}

export function sentinelIdsOf(options: WorldOptions): string[] {
  return Array.from({ length: options.sentinels ?? 3 }, (_, at) => `s${at + 1}`);
}

export function groupConfigs(options: WorldOptions): GroupConfig[] {
  const names = options.groups ?? ["mymaster"];
  return names.map((name, at) => ({
    name,
    nodes: Array.from({ length: options.nodes ?? 3 }, (_, index) => {
      const id = `${at === 0 ? "n" : `${name}-n`}${index + 1}` as MemberId;
      return { id, url: `ws://${id}` };
    }),
    quorum: Math.floor((options.sentinels ?? 3) / 2) + 1,
    downAfterMs: 1000,
    stallAfterMs: 2000,
    switchoverTimeoutMs: 5000,
    replication: { mode: "semi-sync", copies: null },
    crashEvidence: true,
    ...options.group,
    ...options.groupsOfTheirOwn?.[name],
  }));
}

export function sentinelConfig(id: SentinelId, options: WorldOptions): SentinelCoreConfig {
  return {
    id,
    host: "127.0.0.1",
    clientPort: 26378 + Number(id.slice(1)),
    membershipVersion: 1,
    sentinels: sentinelIdsOf(options).map((seat) => ({ id: seat as SentinelId, url: `ws://${seat}` })),
    groups: groupConfigs(options),
  };
}
