/** Workload and checker together, on ioredis-mock: a healthy store passes, each sabotaged one is caught. */
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { ChaosClient } from "../../cluster/chaos/chaos-client.ts";
import { check, type Verdict } from "../../cluster/chaos/checker.ts";
import { HistoryRecorder } from "../../cluster/chaos/history.ts";
import { readEverything, removeKeys, runWorkload } from "../../cluster/chaos/workload.ts";
import * as store from "./sabotaged-client.ts";

const CLIENTS = 4;
const OPERATIONS = 3000;

/** Runs the load until so many operations are recorded; time plays no part. */
async function verdictOn(sabotage?: Parameters<typeof store.mockClients>[2]): Promise<Verdict> {
  const clients = store.mockClients(randomUUID(), CLIENTS, sabotage);
  const recorder = new HistoryRecorder(performance.now(), OPERATIONS);
  const options = { clients, recorder, ...fixed };
  try {
    await runWorkload(options, new AbortController().signal);
    expect(await readEverything(options, 10_000)).toBe(true);
    return check(recorder.finish(performance.now()).operations, { clientResends: false });
  } finally {
    await removeKeys(options);
  }
}

const fixed = {
  seed: 7,
  keyPrefix: "chaos:",
  thinkMs: 0,
  compareAndSet: true,
  nowMs: () => performance.now(),
};

describe("chaos workload and checker", () => {
  it("passes a healthy store, and does every kind of operation", async () => {
    const verdict = await verdictOn();
    expect(verdict).toMatchObject({ lost: 0, anomalyCount: 0, indeterminate: 0 });
    expect(verdict.acknowledged).toBeGreaterThan(OPERATIONS / 2);
    expect(verdict.reads).toBeGreaterThan(OPERATIONS / 20);
  });

  it("passes a store that refuses and times out, but loses nothing", async () => {
    const verdict = await verdictOn(store.failsHonestly());
    expect(verdict).toMatchObject({ lost: 0, anomalyCount: 0 });
    expect(verdict.failed).toBeGreaterThan(0);
    expect(verdict.indeterminate).toBeGreaterThan(0);
  });

  it("catches a store that drops acknowledged writes", async () => {
    expect((await verdictOn(store.dropsAcknowledgedWrites())).lost).toBeGreaterThan(0);
  });

  it("catches a store that carries writes out of order", async () => {
    expect((await verdictOn(store.reordersWrites())).lost).toBeGreaterThan(0);
  });

  it("catches a store that reverts to older values after a failover, although later writes cover the loss", async () => {
    expect((await verdictOn(store.revertsToAnOldCopy())).lost).toBeGreaterThan(0);
  });

  it("catches a store that counts an increment twice", async () => {
    const { anomalies } = await verdictOn(store.duplicatesIncrements());
    expect(anomalies.map(({ kind }) => kind)).toContain("extra-increment");
  });

  it("catches a store that forgets acknowledged increments", async () => {
    expect((await verdictOn(store.forgetsIncrements())).lost).toBeGreaterThan(0);
  });

  it("catches a store whose EXEC ignores WATCH", async () => {
    const { anomalies } = await verdictOn(store.ignoresWatch());
    expect(anomalies.map(({ kind }) => kind)).toContain("lost-update");
  });

  it("stops at once when it is told to, with every operation under way recorded", async () => {
    const clients: ChaosClient[] = store.mockClients(randomUUID(), 2);
    const recorder = new HistoryRecorder(performance.now());
    const stop = new AbortController();
    stop.abort();
    await runWorkload({ clients, recorder, ...fixed }, stop.signal);
    expect(recorder.count).toBe(0);
  });
});
