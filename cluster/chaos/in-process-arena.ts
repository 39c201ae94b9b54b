/** An arena inside this process: the test kit's cluster. The only one that can cut members off from each other without being root. */
import type { ReplicationMode } from "../../src/rules/group-record.ts";
import type { Cluster } from "../cluster.ts";
import { startCluster } from "../start-cluster.ts";
import type { Arena, ArenaMember } from "./arena.ts";

export interface InProcessOptions {
  readonly nodes: number;
  readonly sentinels: number;
  readonly replication: ReplicationMode;
  readonly downAfterMs: number;
  readonly password?: string;
}

export async function startInProcessArena(options: InProcessOptions): Promise<Arena> {
  return new InProcessArena(await startCluster(options), options.password);
}

class InProcessArena implements Arena {
  readonly group: string;
  readonly members: readonly ArenaMember[];
  readonly password: string | undefined;
  readonly partition: (sides: readonly (readonly string[])[]) => Promise<void>;
  readonly #cluster: Cluster;

  constructor(cluster: Cluster, password: string | undefined) {
    this.#cluster = cluster;
    this.password = password;
    this.group = cluster.group;
    this.members = [
      ...cluster.nodes.map(({ id, host, port }) => ({ id, host, port, kind: "node" as const })),
      ...cluster.sentinels.map(({ id, host, port }) => ({ id, host, port, kind: "sentinel" as const })),
    ];
    this.partition = async (sides) => cluster.partition(...sides);
  }

  async kill(id: string): Promise<void> {
    this.#cluster.kill(id);
  }

  async restart(id: string): Promise<void> {
    await this.#cluster.restart(id);
  }

  async stop(id: string): Promise<void> {
    this.#cluster.pause(id);
  }

  async resume(id: string): Promise<void> {
    this.#cluster.resume(id);
  }

  async heal(): Promise<void> {
    this.#cluster.heal();
  }

  async close(): Promise<void> {
    await this.#cluster.stop();
  }
}
