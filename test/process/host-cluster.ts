/** Three hosts in network namespaces, each with one data node and one sentinel as processes of its own; and clients on a host. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { GroupView } from "../../sentinel/core/view.ts";
import type { ReplicationMode } from "../../src/rules/group-record.ts";
import { type Address, ask, eventually, WriteLoad } from "../cluster/redis-clients.ts";
import { obstacleIn } from "./group-view.ts";
import { type Host, Network } from "./namespaces.ts";

const MAIN = join(import.meta.dirname, "../../dist/cli/main.js");
const REMOTE_CLIENT = join(import.meta.dirname, "remote-client.mjs");
/** Beyond loopback nobody is served without one. */
const PASSWORD = "sesame";
const [PORT, SENTINEL_PORT, PEER_PORT, SENTINEL_PEER_PORT] = [6379, 26_379, 16_379, 36_379];

export interface HostCluster extends AsyncDisposable {
  readonly network: Network;
  readonly group: string;
  readonly nodes: readonly HostMember[];
  readonly sentinels: readonly HostMember[];
  /** The master that those on these hosts agree upon. */
  masterAccordingTo(hosts: readonly Host[]): Promise<HostMember>;
  /** Resolves once every sentinel finds all nodes up, admitted and following. */
  whole(): Promise<void>;
}

export interface HostMember extends Required<Address> {
  readonly id: string;
  readonly on: Host;
}

/** Whole when it resolves. Data and logs are in `directory`. */
export async function startHostCluster(
  directory: string,
  options: { readonly replication: ReplicationMode; readonly downAfterMs: number },
): Promise<HostCluster> {
  const network = await Network.create(3);
  const members = (prefix: string, port: number): HostMember[] =>
    network.hosts.map((on, index) => ({
      id: `${prefix}${index + 1}`,
      on,
      host: on.address,
      port,
      password: PASSWORD,
    }));
  const nodes = members("n", PORT);
  const sentinels = members("s", SENTINEL_PORT);
  const group = {
    name: "mymaster",
    nodes: nodes.map(({ id, host }) => ({ id, url: `ws://${host}:${PEER_PORT}` })),
    downAfterMs: options.downAfterMs,
    replication: { mode: options.replication },
  };
  const sentinelList = sentinels.map(({ id, host, port }) => ({
    id,
    host,
    port,
    url: `ws://${host}:${SENTINEL_PEER_PORT}`,
  }));
  try {
    await Promise.all([
      ...nodes.map((node) => start("node", node, directory, { peerPort: PEER_PORT })),
      ...sentinels.map((sentinel) =>
        start("sentinel", sentinel, directory, {
          peerPort: SENTINEL_PEER_PORT,
          sentinels: sentinelList,
          groups: [group],
        }),
      ),
    ]);
    const cluster = new Hosts(network, group.name, nodes, sentinels);
    await cluster.whole();
    return cluster;
  } catch (error) {
    await network.close();
    throw error;
  }
}

/** A client on `host` that writes to `target` and nowhere else; what is cut off is cut off with it. */
export async function loadFrom(host: Host, target: HostMember, prefix: string): Promise<WriteLoad> {
  const client = host.spawn(
    process.execPath,
    [REMOTE_CLIENT, target.host, String(target.port), target.password],
    { stdio: ["ignore", "inherit", "inherit", "ipc"] },
  );
  await once(client, "spawn");
  const waiting = new Map<number, (error: string | null) => void>();
  client.on("message", ({ id, error }: { id: number; error: string | null }) => {
    waiting.get(id)?.(error);
    waiting.delete(id);
  });
  let sequence = 0;
  const set = (key: string, value: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const id = sequence++;
      waiting.set(id, (error) => (error === null ? resolve() : reject(new Error(error))));
      client.send({ id, key, value });
    });
  const close = async (): Promise<void> => {
    await end(client);
    for (const settle of waiting.values()) settle("the client has ended");
  };
  return new WriteLoad(set, close, { prefix });
}

class Hosts implements HostCluster {
  readonly network: Network;
  readonly group: string;
  readonly nodes: readonly HostMember[];
  readonly sentinels: readonly HostMember[];

  constructor(
    network: Network,
    group: string,
    nodes: readonly HostMember[],
    sentinels: readonly HostMember[],
  ) {
    this.network = network;
    this.group = group;
    this.nodes = nodes;
    this.sentinels = sentinels;
  }

  async masterAccordingTo(hosts: readonly Host[]): Promise<HostMember> {
    const asked = this.sentinels.filter(({ on }) => hosts.includes(on));
    let named: (string | undefined)[] = [];
    return await eventually(
      async () => {
        const views = await Promise.all(asked.map((sentinel) => this.#viewOf(sentinel)));
        named = views.map(({ standing }) => standing?.master ?? undefined);
        return new Set(named).size === 1 ? this.nodes.find(({ id }) => id === named[0]) : undefined;
      },
      () => `one master; the sentinels name ${named.join(", ")}`,
    );
  }

  async whole(): Promise<void> {
    let obstacle = "";
    await eventually(
      async () => {
        for (const sentinel of this.sentinels) {
          obstacle = obstacleIn(await this.#viewOf(sentinel));
          if (obstacle !== "") return undefined;
        }
        return true;
      },
      () => `a whole cluster: ${obstacle}`,
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.network.close();
  }

  async #viewOf(sentinel: HostMember): Promise<GroupView> {
    return JSON.parse(String(await ask(sentinel, "SENTINEL", "STATUS", this.group))) as GroupView;
  }
}

async function start(
  kind: "node" | "sentinel",
  { id, on, host, port, password }: HostMember,
  directory: string,
  more: Record<string, unknown>,
): Promise<void> {
  const dataDir = join(directory, id);
  mkdirSync(dataDir);
  const config = join(dataDir, `${kind}.yaml`);
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ id, host, port, password, dataDir, ...more }));
  const child = on.spawn(process.execPath, [MAIN, kind, "--config", config, "--json"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  if (child.stdout === null) throw new Error("stdout is a pipe");
  const ended = once(child, "exit").then(([code]) => Promise.reject(new Error(`${id} ended: ${code}`)));
  // It ends with the network, long after it was ready.
  ended.catch(() => {});
  await Promise.race([once(child.stdout, "data"), ended]);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
