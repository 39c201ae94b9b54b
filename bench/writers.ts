/** The clients whose outages are measured: each writes one key at a time and says when a write was acknowledged. */
import { createSentinel } from "redis";
import { type Arena, sentinelsOf } from "../cluster/chaos/arena.ts";
import { whenReady } from "../cluster/chaos/chaos-client.ts";
import { GroupClients } from "../cluster/chaos/group-clients.ts";

export interface Writer {
  /** Resolves when the write is acknowledged; rejects when it isn't, and may be called again then. */
  write(value: string): Promise<void>;
  close(): Promise<void>;
}

const KEY = "bench:outage";
const READY_WAIT_MS = 1000;

/** ioredis 5, either as a careful user sets it up or as it comes. */
export async function ioredisWriter(
  arena: Pick<Arena, "group" | "members" | "password">,
  defaults: boolean,
): Promise<Writer> {
  let lastError: Error | undefined;
  const group = new GroupClients({
    sentinels: sentinelsOf(arena),
    group: arena.group,
    password: arena.password,
    sentinelPassword: arena.password,
    defaults,
    onError: (error) => {
      lastError = error;
    },
  });
  const client = group.connect();
  return {
    write: async (value) => {
      // As it comes, it queues by itself; the careful one refuses while it is not connected.
      if (!defaults && !(await whenReady(client, READY_WAIT_MS)))
        throw lastError ?? new Error("not connected");
      await client.set(KEY, value);
    },
    close: async () => group.close(),
  };
}

/** node-redis 5 with its default options. */
export async function nodeRedisWriter(arena: Arena): Promise<Writer> {
  const client = createSentinel({
    name: arena.group,
    sentinelRootNodes: sentinelsOf(arena).map(({ host, port }) => ({ host, port })),
  });
  let lastError: unknown;
  client.on("error", (error) => {
    lastError = error;
  });
  await client.connect();
  return {
    write: async (value) => {
      try {
        await client.set(KEY, value);
      } catch (error) {
        throw lastError ?? error;
      }
    },
    close: async () => client.destroy(),
  };
}
