/** How many CPUs this process may keep busy: what it may run on, and what a container or a service leaves it of that. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { isErrno } from "./storage/file-calls.ts";

const CGROUPS = "/sys/fs/cgroup";

/** @returns CPUs, a fraction where a quota (`docker run --cpus 0.5`, `CPUQuota=`) says so. */
export function usableCpus(): number {
  return Math.min(availableParallelism(), cpuQuota(readText));
}

/**
 * The least quota of the process's control group and of those above it.
 *
 * @param read the text of a file, `undefined` where there is none.
 * @returns CPUs; `Infinity` without a quota, and on systems that have none.
 */
export function cpuQuota(read: (path: string) => string | undefined): number {
  // Version 2 has one line, `0::/path`; in a container the path is the container's own, its quota at the root.
  const path = /^0::(\/.*)$/m.exec(read("/proc/self/cgroup") ?? "")?.[1] ?? "/";
  const names = path.split("/").filter((name) => name !== "" && name !== "..");
  const quotas = names.map((_, index) => quotaOf(read, `/${names.slice(0, index + 1).join("/")}`));
  return Math.min(quotaOf(read, ""), quotaOfVersion1(read), ...quotas);
}

function quotaOf(read: (path: string) => string | undefined, group: string): number {
  const [quota, period] = (read(`${CGROUPS}${group}/cpu.max`) ?? "").split(" ").map(Number);
  return share(quota, period);
}

function quotaOfVersion1(read: (path: string) => string | undefined): number {
  const [quota, period] = ["cpu.cfs_quota_us", "cpu.cfs_period_us"].map((file) =>
    Number(read(`${CGROUPS}/cpu/${file}`) ?? Number.NaN),
  );
  return share(quota, period);
}

/** Without a quota the first number is `max` (NaN here) or -1. */
function share(quota = Number.NaN, period = Number.NaN): number {
  const cpus = quota / period;
  return cpus > 0 ? cpus : Number.POSITIVE_INFINITY;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "EACCES")) return undefined;
    throw error;
  }
}
