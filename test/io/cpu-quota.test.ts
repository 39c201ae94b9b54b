import { availableParallelism } from "node:os";
import { expect, it } from "vitest";
import { cpuQuota, usableCpus } from "../../src/io/cpu-quota.ts";

function quotaWith(files: Record<string, string>): number {
  return cpuQuota((path) => {
    const text = files[path];
    if (text === undefined) throw new Error("ENOTDIR: not a directory");
    return text;
  });
}

it("finds the quota of a container, at the root that it sees", () => {
  const files = { "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "150000 100000\n" };
  expect(quotaWith(files)).toBe(1.5);
});

it("finds the least quota of a service and the slices above it", () => {
  const files = {
    "/proc/self/cgroup": "0::/system.slice/db.slice/interrex.service\n",
    "/sys/fs/cgroup/system.slice/cpu.max": "max 100000\n",
    "/sys/fs/cgroup/system.slice/db.slice/cpu.max": "50000 100000\n",
    "/sys/fs/cgroup/system.slice/db.slice/interrex.service/cpu.max": "400000 100000\n",
  };
  expect(quotaWith(files)).toBe(0.5);
});

it("finds the quota of a container under control groups of version 1", () => {
  const files = {
    "/proc/self/cgroup": "4:cpu,cpuacct:/docker/abc\n",
    "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "200000\n",
    "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
  };
  expect(quotaWith(files)).toBe(2);
  expect(quotaWith({ ...files, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n" })).toBe(
    Number.POSITIVE_INFINITY,
  );
});

it("finds the least quota of a service under control groups of version 1", () => {
  const files = {
    "/proc/self/cgroup":
      "5:cpuset:/\n4:cpu,cpuacct:/db.slice/interrex.service\n0::/db.slice/interrex.service\n",
    "/sys/fs/cgroup/cpu/db.slice/cpu.cfs_quota_us": "-1\n",
    "/sys/fs/cgroup/cpu/db.slice/cpu.cfs_period_us": "100000\n",
    "/sys/fs/cgroup/cpu/db.slice/interrex.service/cpu.cfs_quota_us": "50000\n",
    "/sys/fs/cgroup/cpu/db.slice/interrex.service/cpu.cfs_period_us": "100000\n",
  };
  expect(quotaWith(files)).toBe(0.5);
});

it("finds none where nothing says so, or can be read", () => {
  expect(quotaWith({})).toBe(Number.POSITIVE_INFINITY);
  expect(quotaWith({ "/proc/self/cgroup": "0::/../outside\n" })).toBe(Number.POSITIVE_INFINITY);
});

it("never counts more than this process may run on", () => {
  expect(usableCpus()).toBeGreaterThan(0);
  expect(usableCpus()).toBeLessThanOrEqual(availableParallelism());
});
