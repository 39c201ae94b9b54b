/** Says in words what a configuration survives, so that nobody learns it from an outage. Pure. */
import { defaultCopies, majority, sealQuorum } from "../src/rules/quorums.ts";
import type { ConfiguredGroup } from "./sentinel-config.ts";

/** What this depends on: a group as configured, or as its record has it. */
interface Surviving extends Pick<ConfiguredGroup, "replication" | "quorum"> {
  readonly nodes: readonly Pick<ConfiguredGroup["nodes"][number], "voting">[];
}

/**
 * For example `3 nodes, W 2: any 1 node; 3 sentinels: any 1 sentinel`.
 *
 * A node of which the configuration does not say whether it votes is taken to do so: only the node itself knows
 * better, and the group record once there is one.
 */
export function survivalOf(group: Surviving, sentinels: number): string {
  return `${nodesPart(group)}; ${sentinelsPart(group, sentinels)}`;
}

function nodesPart({ nodes, replication: { mode, copies } }: Surviving): string {
  const voters = nodes.filter((node) => node.voting !== false).length;
  const observers = nodes.length - voters;
  const also = observers === 0 ? "" : ` and ${count(observers, "observer")}`;
  const written = copies ?? defaultCopies(mode, voters);
  if (mode === "async") {
    const loss = voters > 1 ? ", but the last writes may be lost" : "";
    return `${count(voters, "node")}${also}, async: ${any(voters - 1, "node")}${loss}`;
  }
  // Writes need W copies, a failover R seals: what is lost may stop neither.
  const needed = Math.max(written, sealQuorum(mode, voters, written));
  return `${count(voters, "node")}${also}, W ${written}: ${any(voters - needed, "node")}`;
}

function sentinelsPart({ quorum }: Surviving, sentinels: number): string {
  const needed = Math.max(majority(sentinels), quorum);
  return `${count(sentinels, "sentinel")}: ${any(sentinels - needed, "sentinel")}`;
}

function any(lost: number, what: string): string {
  return lost <= 0 ? `no ${what}` : `any ${count(lost, what)}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
