/** Three hosts in network namespaces, each with one data node and one sentinel as processes of its own; and clients on a host. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type ArenaMember, nodesOf, sentinelsOf } from "../../cluster/chaos/arena.ts";
import type { HostArena } from "../../cluster/hosts/host-arena.ts";
import { startInterrexHosts } from "../../cluster/hosts/interrex-hosts.ts";
import { type Host, namespacesUnavailable } from "../../cluster/hosts/namespaces.ts";
import type { GroupView } from "../../sentinel/core/view.ts";
import type { ReplicationMode } from "../../src/rules/group-record.ts";
import { type Address, ask, eventually, WriteLoad } from "../cluster/redis-clients.ts";
import { inCI } from "../may-use.ts";
import { obstacleIn } from "./group-view.ts";

const MAIN = join(import.meta.dirname, "../../dist/cli/main.js");
const REMOTE_CLIENT = join(import.meta.dirname, "remote-client.mjs");

/**
 * Whether tests with namespaces are skipped here; says why in one line.
 *
 * In CI it never is: there a missing privilege must fail the tests instead of hiding them.
 */
export function skipsNamespaces(): boolean {
  if (inCI) return false;
  const unavailable = namespacesUnavailable();
  if (unavailable !== null) console.warn(`skipped: ${unavailable}`);
  return unavailable !== null;
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
  const arena = await startInterrexHosts({ main: MAIN, directory, hosts: 3, ...options });
  const cluster = new HostCluster(arena);
  try {
    await cluster.whole();
    return cluster;
  } catch (error) {
    await arena.close();
    throw error;
  }
}

/** A client on `host` that writes to `target` and nowhere else; what is cut off is cut off with it. */
export async function loadFrom(host: Host, target: HostMember, prefix: string): Promise<WriteLoad> {
  const args = [REMOTE_CLIENT, target.host, String(target.port), target.password];
  const { command, args: allArgs } = host.on(process.execPath, args);
  const client = spawn(command, allArgs, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
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

export class HostCluster implements AsyncDisposable {
  readonly arena: HostArena;
  readonly nodes: readonly HostMember[];
  readonly sentinels: readonly HostMember[];

  constructor(arena: HostArena) {
    this.arena = arena;
    const hosted = ({ id, host, port }: ArenaMember): HostMember => ({
      id,
      host,
      port,
      password: arena.password ?? "",
      on: arena.hostOf(id),
    });
    this.nodes = nodesOf(arena).map(hosted);
    this.sentinels = sentinelsOf(arena).map(hosted);
  }

  get group(): string {
    return this.arena.group;
  }

  /** The master that those on these hosts agree upon. */
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

  /** Resolves once every sentinel finds all nodes up, admitted and following. */
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
    return this.arena.close();
  }

  async #viewOf(sentinel: HostMember): Promise<GroupView> {
    return JSON.parse(String(await ask(sentinel, "SENTINEL", "STATUS", this.group))) as GroupView;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
