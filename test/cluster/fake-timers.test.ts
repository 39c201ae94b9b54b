/** A cluster under a test's fake timers, as people import it: the real ones come with the bundle, so it needs `npm run build` first. */
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Cluster } from "../../cluster/start-cluster.ts";

const BUILT = join(import.meta.dirname, "../../dist/cluster/start-cluster.js");

const { startCluster }: typeof import("../../cluster/start-cluster.ts") = await import(BUILT);
let cluster: Cluster | undefined;

beforeEach(() => void vi.useFakeTimers());
afterEach(async () => {
  vi.useRealTimers();
  await cluster?.stop();
});

it("starts, elects, takes members back and stops while a test's timers are fake", async () => {
  cluster = await startCluster({ downAfterMs: 500 });
  const first = await cluster.killMaster();
  const second = await cluster.waitForMaster({ not: first.id });
  await cluster.restart(first.id);
  // The others have to dial it again: what waits between two attempts is a package's timer.
  await cluster.until(({ views }) =>
    Object.values(views).every(({ replicas }) =>
      replicas.some(({ id, ineligible }) => id === first.id && ineligible === null),
    ),
  );
  cluster.pause(second.id);
  await cluster.waitForMaster({ not: second.id });
  await cluster.stop();
});

it("ends a wait that is in vain while a test's timers are fake", async () => {
  cluster = await startCluster({ nodes: 1, sentinels: 1 });
  await expect(cluster.until(() => false, 50)).rejects.toMatchObject({ code: "TIMEOUT" });
});

it("takes no notice of a date that a test sets", async () => {
  cluster = await startCluster({ nodes: 1, sentinels: 1 });
  vi.setSystemTime(0);
  expect(Object.values(cluster.status().views)[0]?.history.at(-1)?.atWallMs).toBeGreaterThan(0);
  const { epoch } = await cluster.master();
  vi.setSystemTime(4e12);
  await cluster.restart("n1");
  await cluster.until(({ master }) => (master?.epoch ?? 0) > epoch);
  const [view] = Object.values(cluster.status().views);
  expect(view?.history.at(-1)?.atWallMs).toBeLessThan(4e12);
});
