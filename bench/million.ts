/**
 * A server that holds many keys: how soon a fresh replica and the server itself after a restart hold them all, and how long a client
 * waits while keys come in, while a snapshot is taken, and while much of what is held changes.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Contender } from "./contender.ts";
import type { Figure } from "./figure.ts";
import { type Bench, take } from "./figures.ts";
import { EXPIRIES, ONE_HASH, STRINGS } from "./fillings.ts";
import { load } from "./load.ts";
import type { LoneServer } from "./lone-server.ts";
import { longestWait } from "./probe.ts";

/** No client may wait longer for a snapshot. */
const PAUSE_MAX_MS = 50;
const IDLE_MS = 1000;
/** Of a hash's fields: more than can change while a snapshot is taken. */
const CHANGED_SHARE = 0.1;

/** One measurement of one round, in ms. */
type Measure = (contender: Contender, server: LoneServer, keys: number) => Promise<number>;

interface Step {
  readonly name: string;
  readonly measure: Measure;
  readonly aim?: Figure["aim"];
  /** It can be measured but once. */
  readonly once?: true;
}

/** In this order: the first restart reads what the load has left on the disk, those after it a snapshot. */
const STEPS: readonly Step[] = [
  {
    name: "longest wait of a client, keys coming in",
    measure: (_, server, keys) => fill(server, keys),
    once: true,
  },
  { name: "restart, disk as the load left it", measure: (_, server, keys) => restart(server, keys) },
  {
    name: "longest wait of a client, at rest",
    measure: (_, server, keys) => longestWait(server, keys, () => sleep(IDLE_MS)),
  },
  {
    name: "longest wait of a client, BGSAVE",
    measure: (_, server, keys) => longestWait(server, keys, () => server.snapshot()),
    aim: { atMost: PAUSE_MAX_MS },
  },
  {
    name: "restart, disk just compacted",
    measure: async (_, server, keys) => {
      await server.compactDisk();
      return await restart(server, keys);
    },
  },
  { name: "full sync of a fresh replica", measure: fullSync },
  {
    name: "longest wait of a client, every key given a new expiry",
    measure: (_, server, keys) => longestWait(server, keys, () => load(server, EXPIRIES, keys)),
  },
  {
    name: "longest wait of a client, BGSAVE while one hash of as many fields changes",
    measure: (_, server, keys) => saveWhileHashChanges(server, keys),
    aim: { atMost: PAUSE_MAX_MS },
  },
];

export async function millionFigures(bench: Bench): Promise<Figure[]> {
  const { elements: keys, largeRounds } = bench.effort;
  const servers = new Map<Contender, LoneServer>();
  const figures: Figure[] = [];
  try {
    for (const contender of bench.contenders) {
      await attempt(bench, contender, servers, async () => {
        const server = await contender.startAlone(null);
        servers.set(contender, server);
        await server.holds(0);
      });
    }
    for (const { name, measure, aim, once } of STEPS) {
      const times = new Map<Contender, number[]>();
      for (let round = 0; round < (once ? 1 : largeRounds); round += 1) {
        for (const [contender, server] of servers) {
          await attempt(bench, contender, servers, async () => {
            const ms = await measure(contender, server, keys);
            bench.say(`${contender.label}: ${name}: ${ms.toFixed(1)} ms`);
            times.set(contender, [...(times.get(contender) ?? []), ms]);
          });
        }
      }
      const figure: Figure = {
        group: "million",
        name: `${name}, ${keys / 1000}k keys`,
        unit: "ms",
        better: "lower",
        measured: {},
        ...(aim === undefined ? {} : { aim }),
      };
      for (const [{ side }, all] of times) take(figure, side, all);
      figures.push(figure);
    }
    return figures;
  } finally {
    for (const server of servers.values()) await server.close();
  }
}

/** A side that fails once is said and left out from there on; the other's figures are still worth having. */
async function attempt(
  bench: Bench,
  contender: Contender,
  servers: Map<Contender, LoneServer>,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    bench.say(`${contender.label} FAILED: ${(error as Error).message}`);
    const server = servers.get(contender);
    servers.delete(contender);
    await server?.close();
  }
}

async function fill(server: LoneServer, keys: number): Promise<number> {
  const ms = await longestWait(server, keys, () => load(server, STRINGS, keys));
  await server.settled();
  return ms;
}

async function saveWhileHashChanges(server: LoneServer, fields: number): Promise<number> {
  await load(server, ONE_HASH, fields);
  await server.settled();
  return await longestWait(server, fields, () =>
    Promise.all([server.snapshot(), load(server, ONE_HASH, fields * CHANGED_SHARE)]),
  );
}

async function restart(server: LoneServer, keys: number): Promise<number> {
  const startedAtMs = await server.restart();
  await server.holds(keys);
  return performance.now() - startedAtMs;
}

/** The start of the replica's process is part of it, on both sides. */
async function fullSync(contender: Contender, master: LoneServer, keys: number): Promise<number> {
  const startedAtMs = performance.now();
  const replica = await contender.startAlone(master);
  try {
    await replica.holds(keys);
    return performance.now() - startedAtMs;
  } finally {
    await replica.close();
  }
}
