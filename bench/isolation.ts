/** The master's host silently cut off: how long the other side can't write, and what a client cut off with it loses of its acknowledged writes. */
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Arena, type ArenaMember, nodesOf, sentinelsOf } from "../cluster/chaos/arena.ts";
import { ask, findMaster, waitUntilWhole } from "../cluster/chaos/look.ts";
import { summarize } from "../cluster/chaos/quantiles.ts";
import type { HostArena } from "../cluster/hosts/host-arena.ts";
import { namespacesUnavailable } from "../cluster/hosts/namespaces.ts";
import { InterrexError } from "../src/base/errors.ts";
import type { ReplicationMode } from "../src/rules/group-record.ts";
import type { Contender } from "./contender.ts";
import type { CutOffReport } from "./cut-off-client.ts";
import type { Figure } from "./figure.ts";
import type { Bench } from "./figures.ts";
import { heardFrom } from "./heard-from.ts";
import { Pace, WARM_UP_WRITES, writeUntil } from "./pace.ts";
import { ioredisWriter } from "./writers.ts";

const CUT_OFF_MS = 8000;
const WHOLE_TIMEOUT_MS = 60_000;
const WRITE_TIMEOUT_MS = 30_000;
const KEYS_PER_READ = 500;
const CLIENT = fileURLToPath(new URL("./cut-off-client.js", import.meta.url));

const MODES: readonly ReplicationMode[] = ["semi-sync", "sync", "async"];

interface Round {
  readonly outageMs: number;
  readonly lost: number;
  readonly acknowledged: number;
}

/** Redis has one way only, and is measured once: the modes are beside the same rounds of it. */
export async function isolationFigures(bench: Bench): Promise<Figure[]> {
  const unavailable = namespacesUnavailable();
  if (unavailable !== null) {
    bench.say(`no figures of a master's host cut off: ${unavailable}`);
    return [];
  }
  const figures = MODES.map((mode): { mode: ReplicationMode; outage: Figure; lost: Figure } => ({
    mode,
    outage: figure(`outage, master's host cut off, ${mode}`, "ms"),
    lost: figure(`writes lost with that host, ${mode}`, "writes"),
  }));
  for (const contender of bench.contenders) {
    const own = contender.side === "redis" ? figures.slice(0, 1) : figures;
    for (const { mode, outage, lost } of own) {
      const rounds = await measure(bench, contender, mode);
      const outages = summarize(rounds.map(({ outageMs }) => outageMs));
      const losses = summarize(rounds.map((round) => round.lost));
      for (const to of contender.side === "redis" ? figures : [{ outage, lost }]) {
        if (outages !== null) to.outage.measured[contender.side] = outages;
        if (losses !== null) to.lost.measured[contender.side] = losses;
      }
    }
  }
  return figures.flatMap(({ outage, lost }) => [outage, lost]);
}

function figure(name: string, unit: Figure["unit"]): Figure {
  return { group: "isolation", name, unit, better: "lower", measured: {} };
}

async function measure(bench: Bench, contender: Contender, mode: ReplicationMode): Promise<Round[]> {
  const rounds: Round[] = [];
  let arena: HostArena | undefined;
  try {
    arena = await contender.startOnHosts(mode);
    for (let round = 0; round < bench.effort.isolationRounds; round += 1) {
      const one = await measureOnce(arena);
      const { outageMs, lost, acknowledged } = one;
      const label = contender.side === "redis" ? contender.label : `${contender.label} ${mode}`;
      bench.say(
        `${label}: master's host cut off: ${Math.round(outageMs)} ms; ${lost} of ${acknowledged} writes lost`,
      );
      rounds.push(one);
    }
  } catch (error) {
    bench.say(`${contender.label} FAILED: ${(error as Error).message}`);
  } finally {
    await arena?.close();
  }
  return rounds;
}

async function measureOnce(arena: HostArena): Promise<Round> {
  await untilWhole(arena);
  const master = await findMaster(arena);
  const host = arena.hostOf(master.id);
  const outside = sentinelsOf(arena).filter(({ id }) => arena.hostOf(id) !== host);
  const client = await startClient(arena, master);
  const writer = await ioredisWriter(addressed(arena, outside), false);
  const pace = new Pace();
  const stop = new AbortController();
  const writing = writeUntil(stop.signal, writer, pace);
  try {
    await pace.reach(WARM_UP_WRITES, WRITE_TIMEOUT_MS);
    pace.forgetGaps();
    // The length of the cut is the fault itself.
    const over = sleep(CUT_OFF_MS);
    await arena.network.cutOff(host.name);
    await over;
    const recovered = await pace.reach(pace.count + WARM_UP_WRITES, WRITE_TIMEOUT_MS);
    if (!recovered) throw new InterrexError("NO_FAILOVER", "the other side did not write again");
    const outageMs = pace.longestGapMs;
    await arena.network.heal();
    await untilWhole(arena);
    const { acknowledged } = await reportOf(client);
    return { outageMs, acknowledged: acknowledged.length, lost: await countLost(arena, acknowledged) };
  } finally {
    stop.abort();
    await writer.close();
    await writing;
    client.kill("SIGKILL");
  }
}

/** What a writer needs of an arena, with the sentinels that it may ask. */
function addressed(
  arena: HostArena,
  sentinels: readonly ArenaMember[],
): Pick<Arena, "group" | "members" | "password"> {
  const { group, password } = arena;
  return { group, password, members: [...nodesOf(arena), ...sentinels] };
}

async function untilWhole(arena: HostArena): Promise<void> {
  const obstacle = await waitUntilWhole(arena, WHOLE_TIMEOUT_MS);
  if (obstacle !== null) throw new InterrexError("NOT_WHOLE", `The cluster did not mend: ${obstacle}`);
}

async function startClient(arena: HostArena, { id, host, port }: ArenaMember): Promise<ChildProcess> {
  const password = arena.password === undefined ? [] : [arena.password];
  const { command, args } = arena.hostOf(id).on(process.execPath, [CLIENT, host, String(port), ...password]);
  const client = spawn(command, args, { stdio: ["ignore", "ignore", "inherit", "ipc"], detached: true });
  await heardFrom(client, (message) => message);
  return client;
}

async function reportOf(client: ChildProcess): Promise<CutOffReport> {
  const told = heardFrom(client, (message) =>
    typeof message === "object" ? (message as CutOffReport) : undefined,
  );
  // Whether it still hears is told by what it says.
  client.send("stop", () => {});
  return await told;
}

async function countLost(arena: HostArena, acknowledged: readonly string[]): Promise<number> {
  let lost = 0;
  for (let from = 0; from < acknowledged.length; from += KEYS_PER_READ) {
    const master = await findMaster(arena);
    const keys = acknowledged.slice(from, from + KEYS_PER_READ);
    const values = (await ask(master, arena.password, "MGET", ...keys)) as (string | null)[];
    lost += values.filter((value) => value === null).length;
  }
  return lost;
}
