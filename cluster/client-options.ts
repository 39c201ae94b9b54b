/** Ready-made options with which stock Redis clients find the master through the sentinels. Connects nowhere. */
import type { RedisOptions } from "ioredis";

export interface ClientTarget {
  readonly group: string;
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
  readonly password: string | undefined;
}

/** What node-redis 5's `createSentinel` takes. */
export interface NodeRedisSentinelOptions {
  readonly name: string;
  readonly sentinelRootNodes: { readonly host: string; readonly port: number }[];
  readonly nodeClientOptions?: { readonly password: string };
  readonly sentinelClientOptions?: { readonly password: string };
}

/** For `new Redis(options)` of ioredis. */
export function ioredisOptionsFor({ group, sentinels, password }: ClientTarget): RedisOptions {
  return {
    name: group,
    sentinels: sentinels.map(({ host, port }) => ({ host, port })),
    ...(password === undefined ? {} : { password, sentinelPassword: password }),
  };
}

/** For `createSentinel(options)` of node-redis. */
export function nodeRedisOptionsFor({ group, sentinels, password }: ClientTarget): NodeRedisSentinelOptions {
  return {
    name: group,
    sentinelRootNodes: sentinels.map(({ host, port }) => ({ host, port })),
    ...(password === undefined
      ? {}
      : { nodeClientOptions: { password }, sentinelClientOptions: { password } }),
  };
}
