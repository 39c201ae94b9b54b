/**
 * One soak from start to verdict: clients at work, faults from a seed, everything mended at the end, and what was seen put before the checkers.
 * Prints nothing. It ends what it started, also when it fails.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Millis } from "../../src/base/ids.ts";
import { nodesOf, sentinelsOf } from "../chaos/arena.ts";
import { check } from "../chaos/checker.ts";
import { type History, HistoryRecorder } from "../chaos/history.ts";
import { ask, waitUntilWhole } from "../chaos/look.ts";
import { outagesOf } from "../chaos/outages.ts";
import { ClientFleet } from "./client-fleet.ts";
import { type ClientOrder, machineMs } from "./client-message.ts";
import { FaultLanes } from "./fault-lanes.ts";
import { readBack } from "./final-reads.ts";
import { beyondLease, type LostWrite, lossesByReign } from "./lease-bound.ts";
import { unexplainedKeys } from "./linearizable-keys.ts";
import { reignsIn } from "./reign-log.ts";
import type { SoakArena } from "./soak-arena.ts";
import { isOnceKey } from "./soak-keys.ts";
import type { SoakPlan } from "./soak-plan.ts";
import { makeSoakReport, type SoakReport } from "./soak-report.ts";

export interface SoakProgress {
  readonly elapsedMs: Millis;
  readonly operations: number;
  readonly faults: number;
  readonly now: string;
}

export interface SoakHooks {
  /** Ends the faults early; what was seen until then is still judged. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: SoakProgress) => void;
}

export interface SoakEnd {
  readonly report: SoakReport;
  readonly history: History;
}

const PREFIX = "soak:";
/** Generous: a busy machine is not what is judged. */
const WHOLE_TIMEOUT_MS = 180_000;
const SETTLE_TIMEOUT_MS = 60_000;
const PROGRESS_EVERY_MS = 250;

/** @param death rejects when a member has ended by itself. */
export async function runSoak(
  soak: SoakArena,
  plan: SoakPlan,
  death: AbortSignal,
  hooks: SoakHooks,
): Promise<SoakEnd> {
  const run = new Soak(soak, plan, death, hooks);
  try {
    return await run.toTheEnd();
  } finally {
    run.close();
  }
}

class Soak {
  readonly #soak: SoakArena;
  readonly #plan: SoakPlan;
  readonly #death: AbortSignal;
  readonly #hooks: SoakHooks;
  readonly #startedAtMs = machineMs();
  readonly #recorder = new HistoryRecorder(this.#startedAtMs);
  readonly #timer: NodeJS.Timeout;
  #lanes: FaultLanes | null = null;
  #fleet: ClientFleet | null = null;
  #now = "starting";

  constructor(soak: SoakArena, plan: SoakPlan, death: AbortSignal, hooks: SoakHooks) {
    this.#soak = soak;
    this.#plan = plan;
    this.#death = death;
    this.#hooks = hooks;
    this.#timer = setInterval(() => hooks.onProgress(this.#progress()), PROGRESS_EVERY_MS);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#fleet?.kill();
  }

  async toTheEnd(): Promise<SoakEnd> {
    const { arena } = this.#soak;
    const atFirst = await waitUntilWhole(arena, WHOLE_TIMEOUT_MS, this.#hooks.signal);
    this.#hooks.signal.throwIfAborted();
    const troubles: string[] = [];
    if (atFirst !== null) troubles.push(`the cluster did not become whole at its start: ${atFirst}`);
    else await this.#load();
    const loadEndedAtMs = machineMs();
    if (this.#death.aborted) troubles.push(String(this.#death.reason));
    else if (troubles.length === 0) troubles.push(...(await this.#settle()));
    this.#now = "checking";
    this.#hooks.onProgress(this.#progress());
    const history = this.#recorder.finish(loadEndedAtMs);
    return { report: this.#judge(history, troubles), history };
  }

  async #load(): Promise<void> {
    const fleet = ClientFleet.start(
      this.#soak.places,
      this.#recorder,
      (place) => this.#orderFor(place),
      join(this.#plan.directory, "clients.log"),
    );
    this.#fleet = fleet;
    const late = sleep(WHOLE_TIMEOUT_MS, undefined, { ref: false });
    await Promise.race([fleet.working, fleet.broken, late]);
    const broken = new AbortController();
    const enough = AbortSignal.any([this.#hooks.signal, this.#death, broken.signal]);
    const lanes = new FaultLanes(this.#soak, this.#plan, {
      signal: enough,
      onFault: ({ kind, target }) => this.#recorder.fault({ atMs: machineMs(), action: kind, target }),
      isFull: () => this.#recorder.full,
    });
    this.#lanes = lanes;
    const faults = lanes.run();
    try {
      await Promise.race([faults, fleet.broken]);
    } finally {
      broken.abort();
      await faults;
      this.#lanes = null;
    }
    if (this.#death.aborted) return;
    this.#now = "mended; a last second of load";
    await sleep(1000);
    await fleet.stop();
  }

  #orderFor(place: number): ClientOrder {
    const { clientsPerPlace, seed, thinkMs } = this.#plan;
    const { arena } = this.#soak;
    return {
      type: "start",
      sentinels: sentinelsOf(arena).map(({ host, port }) => ({ host, port })),
      group: arena.group,
      password: arena.password,
      prefix: PREFIX,
      clients: Array.from({ length: clientsPerPlace }, (_, index) => place * clientsPerPlace + index),
      seed,
      thinkMs,
      startedAtMs: this.#startedAtMs,
    };
  }

  /** Everything is mended: now it must become whole by itself, answer for every key, and hold equal data. */
  async #settle(): Promise<string[]> {
    const { arena } = this.#soak;
    this.#now = "waiting until the cluster is whole";
    const obstacle = await waitUntilWhole(arena, WHOLE_TIMEOUT_MS, this.#death);
    if (obstacle !== null) return [`the mended cluster did not become whole: ${obstacle}`];
    this.#now = "reading everything back";
    const keys = new Set(this.#recorder.finish(machineMs()).operations.map(({ key }) => key));
    const unread = await readBack(arena, [...keys], this.#recorder, SETTLE_TIMEOUT_MS);
    if (unread !== null) return [`not every key could be read at the end: ${unread}`];
    this.#now = "comparing the nodes";
    return await this.#differences();
  }

  async #differences(): Promise<string[]> {
    const { arena } = this.#soak;
    const untilMs = machineMs() + SETTLE_TIMEOUT_MS;
    for (;;) {
      const digests = await Promise.all(
        nodesOf(arena).map((node) => ask(node, arena.password, "DEBUG", "DIGEST").then(String, String)),
      );
      if (new Set(digests).size === 1) return [];
      if (machineMs() >= untilMs) return [`the nodes' data differ: ${digests.join(", ")}`];
      // A replica applies what is committed a moment later; no event tells of it here.
      await sleep(100);
    }
  }

  #judge(history: History, troubles: readonly string[]): SoakReport {
    const { replication, seed, members, downAfterMs, directory, withoutPartitions } = this.#plan;
    const { operations } = history;
    const { arena, places } = this.#soak;
    const reigns = reignsIn(
      directory,
      nodesOf(arena).map(({ id }) => id),
      machineMs() - Date.now(),
    );
    const losses = lossesByReign(lostOnceWrites(history), reigns);
    return makeSoakReport({
      replication,
      seed,
      members,
      withoutPartitions,
      elapsedMs: history.endedAtMs - history.startedAtMs,
      clients: places.length * this.#plan.clientsPerPlace,
      keys: new Set(operations.map(({ key }) => key)).size,
      outages: outagesOf(history),
      unansweredReads: history.unansweredReads,
      verdict: check(operations, { clientResends: false }),
      unexplained: replication === "async" ? null : unexplainedKeys(operations),
      losses: losses.losses,
      beyondLease: beyondLease(losses, downAfterMs),
      troubles,
    });
  }

  #progress(): SoakProgress {
    return {
      elapsedMs: machineMs() - this.#startedAtMs,
      operations: this.#recorder.count,
      faults: this.#lanes?.count ?? 0,
      now: this.#lanes?.now ?? this.#now,
    };
  }
}

/** The acknowledged writes to keys of their own that the last read of their key does not show. */
function lostOnceWrites({ operations }: History): LostWrite[] {
  const last = new Map<string, string | null>();
  for (const operation of operations) {
    if (operation.kind === "read" && isOnceKey(PREFIX, operation.key))
      last.set(operation.key, operation.value);
  }
  return operations.flatMap((operation) => {
    if (operation.kind !== "write" || operation.outcome !== "acknowledged") return [];
    const { key, value, invokedAtMs, returnedAtMs } = operation;
    const seen = last.get(key);
    return seen === undefined || seen === value ? [] : [{ key, invokedAtMs, returnedAtMs }];
  });
}
