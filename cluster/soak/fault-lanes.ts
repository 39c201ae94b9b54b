/**
 * Lets faults happen, one after the other in each of two lanes, so that they overlap; only one lane cuts hosts off. In async mode there is one
 * lane, and the cluster is whole before each fault: what several at once may cost there is not bounded by a lease.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Millis } from "../../src/base/ids.ts";
import { type Randomness, SeededRandomness } from "../../src/base/randomness.ts";
import { findMaster, waitUntilWhole } from "../chaos/look.ts";
import { machineMs } from "./client-message.ts";
import type { SoakArena } from "./soak-arena.ts";
import {
  isNetworkKind,
  planSoakFault,
  SOAK_FAULT_KINDS,
  type SoakFault,
  type SoakFaultKind,
} from "./soak-faults.ts";
import type { SoakPlan } from "./soak-plan.ts";

interface LaneHooks {
  readonly signal: AbortSignal;
  readonly onFault: (fault: SoakFault) => void;
  /** Nothing more can be recorded. */
  readonly isFull: () => boolean;
}

const WHOLE_TIMEOUT_MS = 20_000;
/** How often a lane lets the cluster mend before it goes on. */
const REST_SHARE = 0.35;

export class FaultLanes {
  count = 0;
  readonly #soak: SoakArena;
  readonly #plan: SoakPlan;
  readonly #hooks: LaneHooks;
  readonly #open = new Map<SoakFault, string>();
  readonly #untilMs: Millis;

  constructor(soak: SoakArena, plan: SoakPlan, hooks: LaneHooks) {
    this.#soak = soak;
    this.#plan = plan;
    this.#hooks = hooks;
    this.#untilMs = machineMs() + plan.forMs;
  }

  /** What is broken now, in words. */
  get now(): string {
    return [...this.#open.values()].join(", ") || "no fault";
  }

  /** Resolves when the time, the script or the signal ends it; every fault is mended then. */
  async run(): Promise<void> {
    const { script, seed, replication } = this.#plan;
    if (script.length > 0) return await this.#runScript(new SeededRandomness(seed));
    const kinds = SOAK_FAULT_KINDS.filter((kind) => this.#soak.network !== null || !isNetworkKind(kind));
    if (replication === "async") return await this.#lane(kinds, new SeededRandomness(seed), 1);
    await Promise.all([
      this.#lane(kinds, new SeededRandomness(seed), REST_SHARE),
      this.#lane(
        kinds.filter((kind) => !isNetworkKind(kind)),
        new SeededRandomness(seed + 1),
        REST_SHARE,
      ),
    ]);
  }

  async #runScript(random: Randomness): Promise<void> {
    for (const kind of this.#plan.script) {
      await waitUntilWhole(this.#soak.arena, WHOLE_TIMEOUT_MS, this.#hooks.signal);
      // The script is the length of the run, however slow the machine.
      if (this.#hooks.signal.aborted) return;
      await this.#once(kind, random);
    }
  }

  async #lane(kinds: readonly SoakFaultKind[], random: Randomness, restShare: number): Promise<void> {
    while (!this.#isOver()) {
      await this.#pause(200 + random.next() * 3 * this.#plan.downAfterMs);
      if (random.next() < restShare) {
        await waitUntilWhole(this.#soak.arena, WHOLE_TIMEOUT_MS, this.#hooks.signal);
      }
      const kind = kinds[random.below(kinds.length)];
      if (kind !== undefined && !this.#isOver()) await this.#once(kind, random);
    }
  }

  async #once(kind: SoakFaultKind, random: Randomness): Promise<void> {
    const { arena, network } = this.#soak;
    const master = await findMaster(arena).catch(() => null);
    if (master === null) return;
    const busy = new Set([...this.#open.keys()].flatMap(({ holds }) => holds));
    const { downAfterMs } = this.#plan;
    const fault = planSoakFault(kind, { arena, network, master, busy, random, downAfterMs });
    if (fault === null) return;
    this.count += 1;
    this.#hooks.onFault(fault);
    this.#open.set(fault, `${kind} ${fault.target}`);
    try {
      await fault.inject();
      await this.#pause(fault.lastsMs);
      await fault.mend();
    } catch (error) {
      // A member that has died by itself can't be hit or mended, and has ended the run already.
      if (!this.#hooks.signal.aborted) throw error;
    } finally {
      this.#open.delete(fault);
    }
  }

  #isOver(): boolean {
    return this.#hooks.signal.aborted || this.#hooks.isFull() || machineMs() >= this.#untilMs;
  }

  async #pause(ms: Millis): Promise<void> {
    const { signal } = this.#hooks;
    await sleep(ms, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}
