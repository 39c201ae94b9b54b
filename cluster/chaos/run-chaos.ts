/**
 * One chaos run from start to verdict: connects the clients, keeps the load going, breaks and mends members, reads everything back and has it
 * checked. Prints nothing, and leaves the cluster whole as far as it can.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { InterrexError } from "../../src/base/errors.ts";
import type { Millis } from "../../src/base/ids.ts";
import { SeededRandomness } from "../../src/base/randomness.ts";
import type { ReplicationMode } from "../../src/rules/group-record.ts";
import { type Arena, sentinelsOf } from "./arena.ts";
import { whenReady } from "./chaos-client.ts";
import { check } from "./checker.ts";
import { type Fault, type FaultKind, planFault } from "./faults.ts";
import { GroupClients } from "./group-clients.ts";
import { HistoryRecorder } from "./history.ts";
import { waitUntilWhole } from "./look.ts";
import { outagesOf } from "./outages.ts";
import { rethrowOwnMistake } from "./outcome.ts";
import { type ChaosReport, makeReport } from "./report.ts";
import { readEverything, removeKeys, runWorkload, type WorkloadOptions } from "./workload.ts";

export interface ChaosPlan {
  /** None: the load only, while somebody else breaks things. */
  readonly kinds: readonly FaultKind[];
  readonly everyMs: number;
  readonly forMs: number;
  /** How long a stopped or cut off member stays so. */
  readonly stopForMs: number;
  /** How long a killed member stays dead. */
  readonly deadForMs: number;
  readonly clients: number;
  readonly thinkMs: number;
  readonly seed: number;
  /** Clients with ioredis's own defaults; no compare-and-set then, and resent increments are excused. */
  readonly defaultClient: boolean;
  readonly replication: ReplicationMode;
}

export interface Progress {
  readonly elapsedMs: number;
  readonly operations: number;
  readonly faults: number;
  /** What happens now, in words. */
  readonly now: string;
}

/** A cluster that is not whole by then, or takes no writes, is left alone this round, and the skipped fault is counted. */
const WHOLE_TIMEOUT_MS = 15_000;
const LOOK_EVERY_MS = 50;
const CONNECT_TIMEOUT_MS = 10_000;
const FINAL_READS_TIMEOUT_MS = 30_000;
const PROGRESS_EVERY_MS = 250;

/**
 * @param signal ends the run early; what was seen until then is still judged.
 * @throws InterrexError NOT_WHOLE when the cluster is broken before the first fault, NO_CLIENT when none can connect.
 */
export async function runChaos(
  arena: Arena,
  plan: ChaosPlan,
  hooks: { readonly signal: AbortSignal; readonly onProgress: (progress: Progress) => void },
): Promise<ChaosReport> {
  const breaks = plan.kinds.length > 0;
  const obstacle = breaks ? await waitUntilWhole(arena, WHOLE_TIMEOUT_MS * 2, hooks.signal) : null;
  hooks.signal.throwIfAborted();
  if (obstacle !== null) {
    throw new InterrexError("NOT_WHOLE", `The cluster is not whole before the first fault: ${obstacle}`);
  }
  const run = new Run(arena, plan, hooks.signal);
  const timer = setInterval(() => hooks.onProgress(run.progress()), PROGRESS_EVERY_MS);
  try {
    return await run.toTheEnd();
  } finally {
    clearInterval(timer);
    run.disconnect();
  }
}

class Run {
  readonly #arena: Arena;
  readonly #plan: ChaosPlan;
  readonly #signal: AbortSignal;
  readonly #startedAtMs = performance.now();
  readonly #recorder: HistoryRecorder;
  readonly #group: GroupClients;
  readonly #clients: ReturnType<GroupClients["connect"]>[];
  readonly #workload: WorkloadOptions;
  #faults = 0;
  #skipped = 0;
  #now = "connecting";
  #clientError = "no answer";

  constructor(arena: Arena, plan: ChaosPlan, signal: AbortSignal) {
    this.#arena = arena;
    this.#plan = plan;
    this.#signal = signal;
    this.#recorder = new HistoryRecorder(this.#startedAtMs);
    this.#group = new GroupClients({
      sentinels: sentinelsOf(arena),
      group: arena.group,
      password: arena.password,
      sentinelPassword: arena.password,
      defaults: plan.defaultClient,
      onError: (error) => {
        this.#clientError = error.message;
      },
    });
    this.#clients = Array.from({ length: plan.clients }, () => this.#group.connect());
    this.#workload = {
      clients: this.#clients,
      recorder: this.#recorder,
      seed: plan.seed,
      keyPrefix: `interrex-chaos:${Date.now().toString(36)}:`,
      thinkMs: plan.thinkMs,
      compareAndSet: !plan.defaultClient,
      nowMs: () => performance.now(),
    };
  }

  progress(): Progress {
    const elapsedMs = performance.now() - this.#startedAtMs;
    return { elapsedMs, operations: this.#recorder.count, faults: this.#faults, now: this.#now };
  }

  disconnect(): void {
    this.#group.close();
  }

  async toTheEnd(): Promise<ChaosReport> {
    const connected = await Promise.all(this.#clients.map((client) => whenReady(client, CONNECT_TIMEOUT_MS)));
    if (connected.includes(false)) {
      throw new InterrexError("NO_CLIENT", `A client cannot connect to the master: ${this.#clientError}`);
    }
    const stopLoad = new AbortController();
    const load = runWorkload(this.#workload, stopLoad.signal);
    // A load that breaks down ends the faults at once; its error comes out of the await below.
    const loadEnded = new AbortController();
    const watched = load.finally(() => loadEnded.abort());
    watched.catch(() => loadEnded.abort());
    let endedAtMs: Millis;
    try {
      const signal = AbortSignal.any([this.#signal, loadEnded.signal]);
      if (this.#plan.kinds.length > 0) await this.#breakAndMend(signal);
      else await this.#watch(signal);
    } finally {
      // What a client that hangs still waits for is no outage: nobody writes beside it any more.
      endedAtMs = performance.now();
      stopLoad.abort();
      await watched;
    }
    this.#now = "reading everything back";
    const readBack = await readEverything(this.#workload, FINAL_READS_TIMEOUT_MS);
    this.#now = "checking";
    const history = this.#recorder.finish(endedAtMs);
    const verdict = check(history.operations, { clientResends: this.#plan.defaultClient });
    // What is left is a few keys; the verdict stands.
    if (readBack) await removeKeys(this.#workload).catch(rethrowOwnMistake);
    return makeReport({
      plan: this.#plan,
      elapsedMs: endedAtMs - this.#startedAtMs,
      outages: outagesOf(history),
      skippedFaults: this.#skipped,
      unansweredReads: history.unansweredReads,
      interrupted: this.#signal.aborted,
      readBack,
      historyFull: this.#recorder.full,
      leftRunning: this.#arena.leftRunning?.() ?? [],
      verdict,
    });
  }

  /** One mark for the whole run: its outage is the longest gap that anyone's faults made. */
  async #watch(signal: AbortSignal): Promise<void> {
    this.#now = "watching";
    this.#recorder.fault({ atMs: performance.now(), action: "(whole run)", target: "none" });
    await pause(this.#plan.forMs, signal);
  }

  async #breakAndMend(signal: AbortSignal): Promise<void> {
    const random = new SeededRandomness(this.#plan.seed);
    const untilMs = performance.now() + this.#plan.forMs;
    let nextAtMs = performance.now() + Math.min(this.#plan.everyMs, 1000);
    while (Math.max(nextAtMs, performance.now()) < untilMs && !signal.aborted) {
      this.#now = "waiting for the next fault";
      await pause(nextAtMs - performance.now(), signal);
      if (signal.aborted) return;
      nextAtMs = Math.max(nextAtMs + this.#plan.everyMs, performance.now());
      this.#now = "waiting until the cluster is whole";
      if (!(await this.#isBack(signal))) {
        this.#skipped += 1;
        continue;
      }
      await this.#once(await planFault(this.#arena, this.#plan.kinds, random), signal);
    }
    await pause(untilMs - performance.now(), signal);
    this.#now = "waiting until the cluster is whole";
    await this.#isBack(signal);
  }

  /** Whole, and a write that was sent since then is acknowledged: a client that takes its time to connect anew is no outage without end. */
  async #isBack(signal: AbortSignal): Promise<boolean> {
    const untilMs = performance.now() + WHOLE_TIMEOUT_MS;
    if ((await waitUntilWhole(this.#arena, WHOLE_TIMEOUT_MS, signal)) !== null) return false;
    const wholeAtMs = performance.now();
    while (this.#recorder.provenAtMs < wholeAtMs && performance.now() < untilMs && !signal.aborted) {
      await pause(LOOK_EVERY_MS, signal);
    }
    return this.#recorder.provenAtMs >= wholeAtMs;
  }

  async #once(fault: Fault, signal: AbortSignal): Promise<void> {
    const { action, role, memberId } = fault;
    this.#now = `${action} ${role} ${memberId}`;
    this.#faults += 1;
    const atMs = performance.now();
    await fault.inject();
    const mark = { atMs, brokenAtMs: performance.now(), action: `${action} ${role}`, target: memberId };
    try {
      await pause(action === "kill" ? this.#plan.deadForMs : this.#plan.stopForMs, signal);
    } finally {
      await fault.mend();
      const waitedFor = !signal.aborted;
      this.#recorder.fault(waitedFor ? { ...mark, mendedAtMs: performance.now() } : mark);
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
