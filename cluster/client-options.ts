/** Ready-made options with which stock Redis clients find the master through the sentinels. Connects nowhere. */

export interface ClientTarget {
  readonly group: string;
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
  readonly password: string | undefined;
}

/** What ioredis takes, 5 and 6, and iovalkey; their own types of options don't fit each other. */
export interface IoredisSentinelOptions {
  readonly name: string;
  readonly sentinels: { readonly host: string; readonly port: number }[];
  readonly password?: string;
  readonly sentinelPassword?: string;
}

/** What node-redis's `createSentinel` takes, 5 and 6. */
export interface NodeRedisSentinelOptions {
  readonly name: string;
  readonly sentinelRootNodes: { readonly host: string; readonly port: number }[];
  readonly nodeClientOptions?: { readonly password: string };
  readonly sentinelClientOptions?: { readonly password: string };
}

/** For `new Redis(options)` of ioredis. */
export function ioredisOptionsFor({ group, sentinels, password }: ClientTarget): IoredisSentinelOptions {
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
