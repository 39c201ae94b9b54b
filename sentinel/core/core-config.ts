/** What the sentinel's core needs to know before its first event. Validated once, at construction. */
import { InterrexError } from "../../src/base/errors.ts";
import type { MemberId, Millis, SentinelId } from "../../src/base/ids.ts";
import type { ReplicationMode } from "../../src/rules/group-record.ts";

export interface SentinelCoreConfig {
  readonly id: SentinelId;
  /** Announced to clients and peers. */
  readonly host: string;
  readonly clientPort: number;
  /** Peers with another version are refused. */
  readonly membershipVersion: number;
  /** The whole set, this one included. */
  readonly sentinels: readonly SentinelSeat[];
  readonly groups: readonly GroupConfig[];
}

export interface SentinelSeat {
  readonly id: SentinelId;
  readonly url: string;
  /** Where clients reach it; learnt from its reports when absent. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

/** Seeds the first record; later only `url`, and the values that are no part of a record, count. */
export interface GroupConfig {
  readonly name: string;
  readonly nodes: readonly GroupNode[];
  /** Sentinels that must agree that the master is down. */
  readonly quorum: number;
  readonly downAfterMs: Millis;
  readonly stallAfterMs: Millis;
  readonly switchoverTimeoutMs: Millis;
  readonly replication: { readonly mode: ReplicationMode; readonly copies: number | null };
  /** False where something in between can refuse a connection for a live node. */
  readonly crashEvidence: boolean;
}

export interface GroupNode {
  readonly id: MemberId;
  readonly url: string;
  /** These three overrule what the node says of itself. */
  readonly priority?: number | undefined;
  readonly zone?: string | undefined;
  readonly voting?: boolean | undefined;
}

/** @throws InterrexError `BAD_CONFIG` that names the value and what is wrong with it. */
export function checkCoreConfig(config: SentinelCoreConfig): void {
  const seats = config.sentinels.map((seat) => seat.id);
  refuseTwins(seats, "sentinel");
  if (!seats.includes(config.id)) bad(`sentinel ${config.id} is not in its own list of sentinels`);
  refuseTwins(
    config.groups.map((group) => group.name),
    "group",
  );
  // A link is known by the node's id alone, so an id may serve one group only.
  refuseTwins(
    config.groups.flatMap((group) => group.nodes.map((node) => node.id)),
    "node",
  );
  for (const group of config.groups) {
    if (group.quorum < 1 || group.quorum > seats.length) {
      bad(`group ${group.name}: quorum ${group.quorum} must be from 1 to ${seats.length} (the sentinels)`);
    }
    const voters = group.nodes.filter((node) => node.voting !== false).length;
    const copies = group.replication.copies ?? 1;
    if (copies < 1 || copies > voters) {
      bad(`group ${group.name}: copies ${copies} must be from 1 to ${voters} (the voting nodes)`);
    }
    if (!(group.downAfterMs > 0)) bad(`group ${group.name}: downAfterMs must be above 0`);
  }
}

function refuseTwins(ids: readonly string[], what: string): void {
  const twin = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twin !== undefined) bad(`${what} ${twin} is named twice`);
}

function bad(message: string): never {
  throw new InterrexError("BAD_CONFIG", `Cannot use this configuration: ${message}`);
}
