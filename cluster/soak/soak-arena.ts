/**
 * The cluster of a soak: processes of its own, on hosts in network namespaces where that is allowed, else all on this one. The soak is their
 * parent, and they end with it.
 */
import { join } from "node:path";
import type { ReplicationMode } from "../../src/rules/group-record.ts";
import { freePortRun } from "../chaos/port-run.ts";
import { ProcessArena } from "../chaos/process-arena.ts";
import type { HostArena } from "../hosts/host-arena.ts";
import { startInterrexHosts } from "../hosts/interrex-hosts.ts";
import type { HostCommand, Network } from "../hosts/namespaces.ts";
import { planLayout } from "../processes/layout.ts";
import { writeConfig } from "../processes/write-config.ts";

export interface SoakArenaOptions {
  /** Path of the `interrex` script, `dist/cli/main.js`. */
  readonly main: string;
  readonly directory: string;
  /** Nodes, and as many sentinels. */
  readonly members: number;
  readonly replication: ReplicationMode;
  readonly downAfterMs: number;
  /** In namespaces, so that hosts can be cut off. */
  readonly onHosts: boolean;
  readonly onDeath: (id: string, how: string) => void;
  /** Kills everything at once. */
  readonly atOnce: AbortSignal;
}

export interface SoakArena {
  readonly arena: ProcessArena;
  /** `null`: nobody can be cut off. */
  readonly network: Network | null;
  /** Where clients run, by a name for each place: how to start a command there. */
  readonly places: readonly ((command: string, args: readonly string[]) => HostCommand)[];
}

type Place = SoakArena["places"][number];

const here: Place = (command, args) => ({ command, args });
/** Without hosts the clients share this one; two processes, so that one's pause doesn't silence all. */
const CLIENT_PROCESSES = 2;

export async function openSoakArena(options: SoakArenaOptions): Promise<SoakArena> {
  if (!options.onHosts) {
    return { arena: await startHere(options), network: null, places: Array(CLIENT_PROCESSES).fill(here) };
  }
  const arena: HostArena = await startInterrexHosts({ ...options, hosts: options.members });
  // On each host, to be cut off with it, and outside, where both sides of a partition may be seen.
  return { arena, network: arena.network, places: [here, ...arena.network.hosts.map(({ on }) => on)] };
}

async function startHere(options: SoakArenaOptions): Promise<ProcessArena> {
  const { members, directory, replication, downAfterMs, main, onDeath, atOnce } = options;
  const port = await freePortRun(2 * members);
  const { nodes, sentinels } = planLayout({
    group: "mymaster",
    nodes: members,
    sentinels: members,
    host: "127.0.0.1",
    announceHost: null,
    port,
    sentinelPort: port + members,
    replication,
    copies: null,
    downAfterMs,
    appendfsync: "everysec",
    dataDir: directory,
    password: null,
    peerSecret: null,
  });
  const planned = [...nodes, ...sentinels];
  for (const process of planned) writeConfig(process);
  const arena = new ProcessArena({
    group: "mymaster",
    processes: planned.map(({ id, kind, host, port, configPath, dir }) => ({
      id,
      kind,
      host,
      port,
      pid: null,
      respawn: { command: process.execPath, args: [main, kind, "--config", configPath] },
      logPath: join(dir, `${id}.log`),
    })),
    onDeath,
    atOnce,
  });
  try {
    for (const { id } of planned) await arena.restart(id);
    return arena;
  } catch (error) {
    await arena.close();
    throw error;
  }
}
