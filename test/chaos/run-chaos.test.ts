/** A whole run, on a cluster inside this process, with faults that only the test knows. */
import { afterEach, expect, it } from "vitest";
import type { Arena } from "../../cluster/chaos/arena.ts";
import { startInProcessArena } from "../../cluster/chaos/in-process-arena.ts";
import { ask, findMaster, findPromise } from "../../cluster/chaos/look.ts";
import type { ChaosReport } from "../../cluster/chaos/report.ts";
import { type ChaosPlan, runChaos } from "../../cluster/chaos/run-chaos.ts";

const arenas: Arena[] = [];
afterEach(async () => {
  for (const arena of arenas.splice(0)) await arena.close();
});

async function start(replication: "semi-sync" | "async", downAfterMs: number): Promise<Arena> {
  const arena = await startInProcessArena({ nodes: 3, sentinels: 3, replication, downAfterMs });
  arenas.push(arena);
  return arena;
}

/** One fault: the master holds all writes for so long, and nothing else breaks. */
async function holdWrites(
  heldMs: number,
  load: Pick<ChaosPlan, "clients" | "thinkMs">,
): Promise<ChaosReport> {
  const arena = await start("semi-sync", 1000);
  const nothing = async (): Promise<void> => {};
  const holdingWrites: Arena = {
    group: arena.group,
    members: arena.members,
    password: undefined,
    partition: null,
    kill: async () =>
      void (await ask(await findMaster(arena), undefined, "CLIENT", "PAUSE", String(heldMs), "WRITE")),
    ...{ restart: nothing, stop: nothing, resume: nothing, heal: nothing, close: nothing },
  };
  const plan: ChaosPlan = {
    kinds: [{ action: "kill", target: "master" }],
    ...{ everyMs: 300, forMs: 301, stopForMs: 10, deadForMs: 10 },
    ...{ ...load, seed: 1, defaultClient: false },
    replication: "semi-sync",
  };
  return await runChaos(holdingWrites, plan, {
    signal: new AbortController().signal,
    onProgress: () => {},
  });
}

it("waits for a write after the last fault, although the cluster is whole before its clients", async () => {
  expect(await holdWrites(1500, { clients: 1, thinkMs: 250 })).toMatchObject({
    problems: [],
    faults: [{ fault: "kill master", count: 1, unrecovered: 0 }],
  });
});

it("takes no acknowledgement that was under way at the fault for the end of its outage", async () => {
  const heldMs = 2000;
  const { problems, faults } = await holdWrites(heldMs, { clients: 8, thinkMs: 1 });
  expect(problems).toEqual([]);
  expect(faults[0]?.firstClientMs.max).toBeGreaterThan(heldMs / 2);
});

it("reads out of a cluster what it promises", async () => {
  const arena = await start("async", 700);
  expect(await findPromise(arena)).toEqual({ replication: "async", downAfterMs: 700 });
});
