/** The stage of the in-process failover tests: clusters, writing clients and directories that go when the test ends. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import type { Cluster } from "../../cluster/cluster.ts";
import type { ClusterAddress } from "../../cluster/cluster-events.ts";
import type { ClusterOptions } from "../../cluster/cluster-options.ts";
import { startCluster } from "../../cluster/start-cluster.ts";
import type { WriteLoad } from "./redis-clients.ts";

/** Short, so that the tests are; far above what a busy machine stalls the test's own event loop. */
export const DOWN_AFTER_MS = 400;

export interface Scene {
  /** Three nodes and three sentinels, whole. */
  start(options?: ClusterOptions): Promise<Cluster>;
  /** The load, once it writes at its ordinary pace: so many writes are acknowledged. */
  writing(load: WriteLoad | Promise<WriteLoad>, writes?: number): Promise<WriteLoad>;
  /** Called when the test ends, before what was started earlier is stopped. */
  atEnd(close: () => unknown): void;
  directory(): string;
}

/** Call it once, outside of the tests. */
export function failoverScene(): Scene {
  const open: AsyncDisposable[] = [];
  const directories: string[] = [];
  afterEach(async () => {
    for (const resource of open.splice(0).reverse()) await resource[Symbol.asyncDispose]();
    for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
  });
  return {
    start: async (options = {}) => {
      const cluster = await startCluster({ downAfterMs: DOWN_AFTER_MS, ...options });
      open.push(cluster);
      await whole(cluster);
      return cluster;
    },
    writing: async (load, writes = 200) => {
      const ready = await load;
      open.push(ready);
      await ready.more(writes);
      return ready;
    },
    atEnd: (close) => {
      open.push({
        [Symbol.asyncDispose]: async () => {
          await close();
        },
      });
    },
    directory: () => {
      const directory = mkdtempSync(join(tmpdir(), "interrex-failover-"));
      directories.push(directory);
      return directory;
    },
  };
}

/** Resolves once all run, every other node follows the master, and every sentinel counts and finds up all of them. */
export async function whole(cluster: Cluster): Promise<void> {
  await cluster.until(({ master, nodes, views, members }) => {
    if (master === null || members.some(({ state }) => state !== "running")) return false;
    const replicas = cluster.nodes.filter(({ id }) => id !== master.id);
    return (
      replicas.every(({ id }) => nodes[id]?.following?.linkUp === true) &&
      Object.values(views).every(
        (view) =>
          view.standing?.master === master.id &&
          view.master?.sdown === false &&
          view.replicas.every(({ admitted, sdown }) => admitted && !sdown),
      )
    );
  }, 20_000);
}

/** Resolves once every running node holds all that `master` holds now; while it is written to, it may be ahead again by then. */
export async function replicated(cluster: Cluster, master: string): Promise<void> {
  const offset = cluster.status().nodes[master]?.position.offset ?? 0;
  await cluster.until(({ nodes }) => Object.values(nodes).every(({ position }) => position.offset >= offset));
}

/** The nodes that are not the master now. */
export async function replicasOf(cluster: Cluster): Promise<ClusterAddress[]> {
  const master = await cluster.master();
  return cluster.nodes.filter(({ id }) => id !== master.id);
}

/** Every other member: the majority's side when `id` is cut off. */
export function othersThan(cluster: Cluster, id: string): string[] {
  return [...cluster.nodes, ...cluster.sentinels].map((member) => member.id).filter((other) => other !== id);
}
