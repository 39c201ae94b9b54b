import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { expect, it } from "vitest";
import { LeavingClients } from "../../src/node/leaving-clients.ts";

it("thousands of clients leave in order, some in each turn of the event loop", async () => {
  let nowMs = 0;
  const ended: number[] = [];
  const leaving = new LeavingClients<number>({
    nowMs: () => nowMs,
    end: (client) => {
      ended.push(client);
      nowMs += 0.01;
    },
  });
  const all = Array.from({ length: 3000 }, (_, i) => i);
  for (const client of all) leaving.add(client);
  expect(ended).toEqual([]);
  await turnOfTheLoop();
  expect(ended.length).toBeLessThan(all.length / 2);
  while (ended.length < all.length) await turnOfTheLoop();
  expect(ended).toEqual(all);
});
