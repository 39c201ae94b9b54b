/** Hosts in network namespaces with one data node and one sentinel each, as processes of their own. Starts them; waits for nothing. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ReplicationMode } from "../../src/rules/group-record.ts";
import { peerUrlOf } from "../config/peer-port.ts";
import { HostArena, type HostedMember } from "./host-arena.ts";
import { type Host, Network } from "./namespaces.ts";

export interface InterrexHostsOptions {
  /** Path of the `interrex` script, `dist/cli/main.js`. */
  readonly main: string;
  /** Data, configuration and logs of all members. */
  readonly directory: string;
  readonly hosts: number;
  readonly replication: ReplicationMode;
  readonly downAfterMs: number;
  readonly onDeath?: (id: string, how: string) => void;
  readonly atOnce?: AbortSignal;
  readonly afterClose?: () => Promise<void>;
}

const GROUP = "mymaster";
/** Beyond loopback nobody is served without one. */
const PASSWORD = "sesame";
const PORTS = { node: { port: 6379, peerPort: 16_379 }, sentinel: { port: 26_379, peerPort: 36_379 } };

type Member = HostedMember & { readonly peerPort: number };

/** @throws when a namespace or a process can't be made; nothing is left behind then. */
export async function startInterrexHosts(options: InterrexHostsOptions): Promise<HostArena> {
  const network = await Network.create(options.hosts);
  try {
    const nodes = network.hosts.map((on, index) => memberOn(options, "node", `n${index + 1}`, on));
    const sentinels = network.hosts.map((on, index) => memberOn(options, "sentinel", `s${index + 1}`, on));
    const group = {
      name: GROUP,
      nodes: nodes.map(({ id, host, peerPort }) => ({ id, url: peerUrlOf(host, peerPort) })),
      downAfterMs: options.downAfterMs,
      replication: { mode: options.replication },
    };
    const sentinelList = sentinels.map(({ id, host, port, peerPort }) => ({
      id,
      host,
      port,
      url: peerUrlOf(host, peerPort),
    }));
    for (const node of nodes) writeConfig(options.directory, node, {});
    for (const sentinel of sentinels) {
      writeConfig(options.directory, sentinel, { sentinels: sentinelList, groups: [group] });
    }
    return await HostArena.start({
      network,
      group: GROUP,
      password: PASSWORD,
      members: [...nodes, ...sentinels],
      onDeath: options.onDeath,
      atOnce: options.atOnce,
      afterClose: options.afterClose,
    });
  } catch (error) {
    await network.close();
    throw error;
  }
}

function memberOn(
  { directory, main }: InterrexHostsOptions,
  kind: Member["kind"],
  id: string,
  on: Host,
): Member {
  return {
    id,
    kind,
    on,
    host: on.address,
    ...PORTS[kind],
    command: process.execPath,
    args: [main, kind, "--config", configPath(directory, kind, id), "--json"],
    logPath: join(directory, id, `${id}.log`),
  };
}

function configPath(directory: string, kind: Member["kind"], id: string): string {
  return join(directory, id, `${kind}.yaml`);
}

function writeConfig(
  directory: string,
  { id, kind, host, port, peerPort }: Member,
  more: Readonly<Record<string, unknown>>,
): void {
  const dataDir = join(directory, id);
  mkdirSync(dataDir, { recursive: true });
  const config = { id, host, port, peerPort, password: PASSWORD, dataDir, ...more };
  // JSON is YAML.
  writeFileSync(configPath(directory, kind, id), JSON.stringify(config));
}
