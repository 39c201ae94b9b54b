/** What Redis Sentinel calls a replica: its address, in lists and in events. Clients parse it so. */
import type { ClientAddress } from "../../src/rules/group-record.ts";

/** An IPv6 address goes in brackets, as Redis has it; beside the name it stands without. */
export function replicaName({ host, port }: ClientAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
