/**
 * `maxmemory` and its relatives as CONFIG spells them. They take effect at once, on this node, until it stops; what they are at
 * the start is in node.yaml.
 */
import { MEMORY_POLICIES, type MemorySettings } from "../core/keyspace/memory-settings.ts";
import {
  integerBetween,
  memoryBetween,
  oneOf,
  type ReadValue,
  yesOrNo,
} from "../core/parameters/parameter-kinds.ts";
import type { SteeringParameter } from "../core/parameters/parameter-set.ts";

const INT_MAX = 2 ** 31 - 1;

/** @param change told the settings that hold from now on. */
export function memoryParameters(
  initial: MemorySettings,
  change: (settings: MemorySettings) => void,
): readonly SteeringParameter[] {
  let settings = initial;
  const steering = (
    name: string,
    value: string | number,
    read: ReadValue,
    changed: (value: string) => Partial<MemorySettings>,
  ): SteeringParameter => ({
    name,
    initial: String(value),
    read,
    apply: (text) => {
      settings = { ...settings, ...changed(text) };
      change(settings);
    },
  });
  return [
    steering("maxmemory", initial.maxBytes, memoryBetween(0, Number.MAX_SAFE_INTEGER), (value) => ({
      maxBytes: Number(value),
    })),
    steering("maxmemory-policy", initial.policy, oneOf(MEMORY_POLICIES), (value) => ({
      policy: MEMORY_POLICIES.find((name) => name === value) ?? settings.policy,
    })),
    steering("maxmemory-samples", initial.samples, integerBetween(1, INT_MAX), (value) => ({
      samples: Number(value),
    })),
    steering("lfu-log-factor", initial.lfuLogFactor, integerBetween(0, INT_MAX), (value) => ({
      lfuLogFactor: Number(value),
    })),
    steering("lfu-decay-time", initial.lfuDecayMinutes, integerBetween(0, INT_MAX), (value) => ({
      lfuDecayMinutes: Number(value),
    })),
    steering("lazyfree-lazy-eviction", initial.lazyEviction ? "yes" : "no", yesOrNo, (value) => ({
      lazyEviction: value === "yes",
    })),
  ];
}
