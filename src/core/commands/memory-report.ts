/**
 * What there is to say of memory, for INFO, MEMORY STATS and MEMORY DOCTOR: what keys and values take by the core's own estimate,
 * which `maxmemory` is compared with, beside what the node tells of its process.
 */
import { EMPTY_BYTES, EXPIRY_BYTES, KEY_BYTES } from "../keyspace/memory-model.ts";
import type { CommandContext } from "./context.ts";
import type { InfoLines } from "./host.ts";

const UNITS = ["B", "K", "M", "G", "T", "P"];

interface MemoryReport {
  readonly usedBytes: number;
  readonly peakBytes: number;
  /** Of `usedBytes`, what is neither a key's name nor a value. */
  readonly overheadBytes: number;
  readonly rssBytes: number;
  readonly keys: number;
  readonly databases: readonly DatabaseMemory[];
}

interface DatabaseMemory {
  readonly index: number;
  readonly keysBytes: number;
  readonly expiriesBytes: number;
}

export function reportMemory({ keyspace, host }: CommandContext): MemoryReport {
  const databases: DatabaseMemory[] = [];
  let keys = 0;
  let overheadBytes = EMPTY_BYTES;
  for (const { index, size, expiries } of keyspace.databases) {
    if (size === 0) continue;
    const keysBytes = size * KEY_BYTES;
    const expiriesBytes = expiries.size * EXPIRY_BYTES;
    databases.push({ index, keysBytes, expiriesBytes });
    keys += size;
    overheadBytes += keysBytes + expiriesBytes;
  }
  const rss = host.info("memory").find(([name]) => name === "used_memory_rss");
  const usedBytes = keyspace.usedBytes + EMPTY_BYTES;
  const peakBytes = keyspace.peakBytes + EMPTY_BYTES;
  return { usedBytes, peakBytes, overheadBytes, rssBytes: Number(rss?.[1] ?? 0), keys, databases };
}

/** INFO memory. */
export function memoryLines(context: CommandContext): InfoLines {
  const { memory } = context.keyspace;
  const { usedBytes, peakBytes, overheadBytes, rssBytes } = reportMemory(context);
  const datasetBytes = usedBytes - overheadBytes;
  return [
    ["used_memory", usedBytes],
    ["used_memory_human", inWords(usedBytes)],
    ["used_memory_rss_human", inWords(rssBytes)],
    ["used_memory_peak", peakBytes],
    ["used_memory_peak_human", inWords(peakBytes)],
    ["used_memory_peak_perc", `${percent(usedBytes, peakBytes).toFixed(2)}%`],
    ["used_memory_overhead", overheadBytes],
    ["used_memory_startup", EMPTY_BYTES],
    ["used_memory_dataset", datasetBytes],
    ["used_memory_dataset_perc", `${percent(datasetBytes, usedBytes).toFixed(2)}%`],
    ["maxmemory", memory.maxBytes],
    ["maxmemory_human", inWords(memory.maxBytes)],
    ["maxmemory_policy", memory.policy],
    ["mem_fragmentation_ratio", ratio(rssBytes, usedBytes).toFixed(2)],
    ["mem_fragmentation_bytes", rssBytes - usedBytes],
    ["mem_not_counted_for_evict", 0],
    ["number_of_cached_scripts", context.scripts.cached],
    ...context.host.info("memory"),
  ];
}

export function percent(part: number, whole: number): number {
  return ratio(part, whole) * 100;
}

export function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function inWords(bytes: number): string {
  let unit = 0;
  let amount = bytes;
  while (amount >= 1024 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${bytes}B` : `${amount.toFixed(2)}${UNITS[unit]}`;
}
