/** Redis and Redis Sentinel on hosts in network namespaces, one of each on every host: the partner where a host is cut off. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HostArena, type HostedMember } from "../cluster/hosts/host-arena.ts";
import { type Host, Network } from "../cluster/hosts/namespaces.ts";
import { nodeLines, REDIS_GROUP, type RedisClusterOptions, sentinelLines } from "./redis-cluster.ts";

const PORTS = { node: 6379, sentinel: 26_379 };

export async function startRedisHosts(options: RedisClusterOptions): Promise<HostArena> {
  const dir = await mkdtemp(join(tmpdir(), "redis-bench-"));
  const afterClose = async (): Promise<void> => await rm(dir, { recursive: true, force: true });
  const network = await Network.create(1 + options.replicas);
  try {
    const members: HostedMember[] = [];
    const add = async (kind: HostedMember["kind"], on: Host, index: number, lines: readonly string[]) => {
      const id = `${kind === "node" ? "redis" : "sentinel"}-${index + 1}`;
      const path = join(dir, `${id}.conf`);
      const port = PORTS[kind];
      await writeFile(path, [`port ${port}`, "bind 0.0.0.0", "protected-mode no", ...lines, ""].join("\n"));
      const command = kind === "node" ? "redis-server" : "redis-sentinel";
      members.push({ id, kind, on, host: on.address, port, command, args: [path], logPath: null });
    };
    const master = { host: network.hosts[0]?.address ?? "", port: PORTS.node };
    for (const [index, on] of network.hosts.entries()) {
      await add("node", on, index, nodeLines(dir, index, master));
    }
    for (const [index, on] of network.hosts.entries()) {
      await add("sentinel", on, index, sentinelLines(dir, master, options));
    }
    return await HostArena.start({ network, group: REDIS_GROUP, members, afterClose });
  } catch (error) {
    await network.close();
    await afterClose();
    throw error;
  }
}
