/** How much memory keys may take, and what gives way when they take more: `maxmemory` and its relatives, as Redis names them. */

/** In Redis's order. */
export const MEMORY_POLICIES = [
  "volatile-lru",
  "volatile-lfu",
  "volatile-random",
  "volatile-ttl",
  "allkeys-lru",
  "allkeys-lfu",
  "allkeys-random",
  "noeviction",
] as const;

export type MemoryPolicy = (typeof MEMORY_POLICIES)[number];

export interface MemorySettings {
  /** By the estimate of memory-model.ts; 0 for no limit. */
  readonly maxBytes: number;
  readonly policy: MemoryPolicy;
  /** Keys looked at for each that is evicted. */
  readonly samples: number;
  /** The greater, the more uses it takes to count one up. */
  readonly lfuLogFactor: number;
  /** Minutes without use after which a count goes down by one; 0 for never. */
  readonly lfuDecayMinutes: number;
  /** Evictions are replicated as UNLINK instead of DEL; to us both are the same. */
  readonly lazyEviction: boolean;
}

export const MEMORY_DEFAULTS: MemorySettings = {
  maxBytes: 0,
  policy: "noeviction",
  samples: 5,
  lfuLogFactor: 10,
  lfuDecayMinutes: 1,
  lazyEviction: false,
};

/** Whether uses are counted, rather than only the last one remembered. */
export function countsUses(policy: MemoryPolicy): boolean {
  return policy === "allkeys-lfu" || policy === "volatile-lfu";
}
