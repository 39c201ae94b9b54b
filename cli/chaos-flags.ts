/** Refuses flags of `interrex chaos` that name no cluster, or would do nothing where they are given. Looks at no cluster. */
import type { FaultKind } from "../cluster/chaos/faults.ts";
import { InterrexError } from "../src/base/errors.ts";

interface SourceFlags {
  readonly local?: boolean;
  readonly clusterJson?: string;
  readonly sentinel?: unknown;
}

/** By the names that commander has for them. */
type IsGiven = (flag: string) => boolean;

interface Idle {
  readonly flags: readonly string[];
  readonly when: boolean;
  /** What they go with. */
  readonly why: string;
}

/** @throws InterrexError `BAD_FLAG` */
export function checkChaosFlags(flags: SourceFlags, kinds: readonly FaultKind[], isGiven: IsGiven): void {
  const sources = [flags.local, flags.clusterJson, flags.sentinel].filter((source) => source !== undefined);
  if (sources.length !== 1) {
    throw new InterrexError(
      "BAD_FLAG",
      "Name one cluster: --local for one of its own, --cluster-json FILE for one of interrex up, or --sentinel HOST:PORT",
    );
  }
  const kills = kinds.some(({ action }) => action === "kill");
  const idle: readonly Idle[] = [
    { flags: ["group"], when: flags.sentinel === undefined, why: "names a group of --sentinel" },
    {
      flags: ["nodes", "sentinels", "downAfter"],
      when: flags.local === undefined,
      why: "describes the cluster of --local",
    },
    { flags: ["every", "stopFor", "deadFor"], when: kinds.length === 0, why: "is for faults" },
    {
      flags: ["stopFor"],
      when: kinds.every(({ action }) => action === "kill"),
      why: "goes with --stop or --partition",
    },
    { flags: ["deadFor"], when: !kills, why: "goes with --kill" },
  ];
  for (const { flags: names, when, why } of idle) {
    const name = when ? names.find(isGiven) : undefined;
    if (name === undefined) continue;
    throw new InterrexError("BAD_FLAG", `${flagText(name)} ${why}, and would do nothing here; leave it out`);
  }
}

function flagText(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
