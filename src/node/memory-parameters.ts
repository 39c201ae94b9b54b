/**
 * `maxmemory` and its relatives as CONFIG spells them, with Redis's units and its words for what is wrong. They take effect at
 * once, on this node, until it stops; what they are at the start is in node.yaml.
 */
import { MEMORY_POLICIES, type MemoryPolicy, type MemorySettings } from "../core/keyspace/memory-settings.ts";

export interface MemoryParameter {
  readonly name: string;
  readonly initial: string;
  /** @returns the value as CONFIG GET then shows it, or why it is none. */
  read(text: string): { readonly value: string } | { readonly reason: string };
  /** @param value as `read` has normalised it. */
  apply(value: string): void;
}

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1000,
  kb: 1024,
  m: 1000 ** 2,
  mb: 1024 ** 2,
  g: 1000 ** 3,
  gb: 1024 ** 3,
};
const INT_MAX = 2 ** 31 - 1;
const NO_POLICY = `argument(s) must be one of the following: ${MEMORY_POLICIES.join(", ")}`;

/** @returns `undefined` when it is no amount of memory, such as `512mb`. */
export function parseBytes(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d+)([kmg]?b?)$/i.exec(text) ?? [];
  const factor = UNITS[unit.toLowerCase()];
  if (digits === undefined || factor === undefined) return undefined;
  return Math.min(Number(digits) * factor, Number.MAX_SAFE_INTEGER);
}

/** @param change told the settings that hold from now on. */
export function memoryParameters(
  initial: MemorySettings,
  change: (settings: MemorySettings) => void,
): readonly MemoryParameter[] {
  let settings = initial;
  const apply = (changed: Partial<MemorySettings>): void => {
    settings = { ...settings, ...changed };
    change(settings);
  };
  return [
    {
      name: "maxmemory",
      initial: String(initial.maxBytes),
      read: (text) => {
        const bytes = parseBytes(text);
        return bytes === undefined ? { reason: "argument must be a memory value" } : { value: String(bytes) };
      },
      apply: (value) => apply({ maxBytes: Number(value) }),
    },
    {
      name: "maxmemory-policy",
      initial: initial.policy,
      read: (text) => {
        const policy = policyOf(text);
        return policy === undefined ? { reason: NO_POLICY } : { value: policy };
      },
      apply: (value) => apply({ policy: policyOf(value) ?? initial.policy }),
    },
    {
      name: "maxmemory-samples",
      initial: String(initial.samples),
      read: (text) => readInteger(text, 1),
      apply: (value) => apply({ samples: Number(value) }),
    },
    {
      name: "lfu-log-factor",
      initial: String(initial.lfuLogFactor),
      read: (text) => readInteger(text, 0),
      apply: (value) => apply({ lfuLogFactor: Number(value) }),
    },
    {
      name: "lfu-decay-time",
      initial: String(initial.lfuDecayMinutes),
      read: (text) => readInteger(text, 0),
      apply: (value) => apply({ lfuDecayMinutes: Number(value) }),
    },
    {
      name: "lazyfree-lazy-eviction",
      initial: initial.lazyEviction ? "yes" : "no",
      read: (text) => {
        const value = text.toLowerCase();
        return value === "yes" || value === "no" ? { value } : { reason: "argument must be 'yes' or 'no'" };
      },
      apply: (value) => apply({ lazyEviction: value === "yes" }),
    },
  ];
}

function policyOf(text: string): MemoryPolicy | undefined {
  return MEMORY_POLICIES.find((name) => name === text.toLowerCase());
}

function readInteger(text: string, least: number): ReturnType<MemoryParameter["read"]> {
  if (!/^-?(0|[1-9]\d{0,15})$/.test(text)) return { reason: "argument couldn't be parsed into an integer" };
  const value = Number(text);
  if (value >= least && value <= INT_MAX) return { value: text };
  return { reason: `argument must be between ${least} and ${INT_MAX} inclusive` };
}
