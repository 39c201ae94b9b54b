/** How many CPUs this process may keep busy: what it may run on, and what a container or a service leaves it of that. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

const CGROUPS = "/sys/fs/cgroup";

/** @returns CPUs, a fraction where a quota (`docker run --cpus 0.5`, `CPUQuota=`) says so. */
export function usableCpus(): number {
  return Math.min(
    availableParallelism(),
    cpuQuota((path) => readFileSync(path, "latin1")),
  );
}

/**
 * The least quota of the process's control group and of those above it.
 *
 * @param read the text of a file. Whatever keeps it from being read, a node starts all the same: there is no quota then.
 * @returns CPUs; `Infinity` without a quota, and on systems that have none.
 */
export function cpuQuota(read: (path: string) => string): number {
  const text = (path: string): string => {
    try {
      return read(path);
    } catch {
      return "";
    }
  };
  const groups = text("/proc/self/cgroup");
  const version2 = groupsOf(/^0::(\/.*)$/m.exec(groups)?.[1]).map((group) => {
    const [quota, period] = text(`${CGROUPS}${group}/cpu.max`).split(" ").map(Number);
    return share(quota, period);
  });
  const version1 = groupsOf(/^\d+:(?:[^:]*,)?cpu(?:,[^:]*)?:(\/.*)$/m.exec(groups)?.[1]).map((group) => {
    const [quota, period] = ["cpu.cfs_quota_us", "cpu.cfs_period_us"].map((file) =>
      Number(text(`${CGROUPS}/cpu${group}/${file}`)),
    );
    return share(quota, period);
  });
  return Math.min(...version2, ...version1);
}

/** The root, which in a container is the container's own, whatever path it is told, and the groups on the way to `path`. */
function groupsOf(path = "/"): string[] {
  const names = path.split("/").filter((name) => name !== "" && name !== "..");
  return ["", ...names.map((_, index) => `/${names.slice(0, index + 1).join("/")}`)];
}

/** Without a quota the first number is `max` (NaN here) or -1. */
function share(quota = Number.NaN, period = Number.NaN): number {
  const cpus = quota / period;
  return cpus > 0 ? cpus : Number.POSITIVE_INFINITY;
}
