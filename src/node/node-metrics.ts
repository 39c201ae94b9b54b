/** Health and metrics of a data node, for orchestrators and Prometheus. Read-only. */
import type { MemberView } from "../core/member-view.ts";
import type { NodeStatus } from "../protocol/peer/node-messages.ts";

/** Healthy: it serves, as an established master or as a replica whose master's records flow. */
export function nodeHealth(status: NodeStatus): { ok: boolean; body: object } {
  const serves =
    status.role === "master"
      ? status.established
      : status.role === "replica" && status.following?.linkUp === true;
  const { id, role, roleEpoch, established, position, committed, applied, diskFailing } = status;
  return {
    ok: serves && !diskFailing,
    body: { id, role, epoch: roleEpoch, established, position, committed, applied, diskFailing },
  };
}

export function nodeMetrics(
  status: NodeStatus,
  { snapshotFailed }: Pick<MemberView, "snapshotFailed">,
  clients: number,
): string {
  const gauges: readonly (readonly [name: string, help: string, value: number])[] = [
    ["interrex_role_master", "1 on the master", Number(status.role === "master")],
    ["interrex_role_replica", "1 on a replica", Number(status.role === "replica")],
    ["interrex_established", "1 on a master that acknowledges", Number(status.established)],
    ["interrex_epoch", "epoch of the role", status.roleEpoch],
    ["interrex_promised_epoch", "highest epoch promised", status.promise.epoch],
    ["interrex_log_offset", "last offset of the log", status.position.offset],
    ["interrex_committed_offset", "last offset known as committed", status.committed],
    ["interrex_applied_offset", "last offset applied to the keyspace", status.applied],
    [
      "interrex_oldest_uncommitted_ms",
      "age of the oldest uncommitted record, or in async of the refusal of writes",
      status.oldestUncommittedMs,
    ],
    ["interrex_lease_held", "1 while the master holds the lease", Number(status.leaseHeld)],
    ["interrex_disk_failing", "1 while the disk is full", Number(status.diskFailing)],
    ["interrex_snapshot_failed", "1 while the latest snapshot could not be kept", Number(snapshotFailed)],
    ["interrex_clients", "connected Redis clients", clients],
  ];
  return gauges
    .map(([name, help, value]) => `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`)
    .join("");
}
