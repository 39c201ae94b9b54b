/**
 * Runs a sentinel's core: one event at a time, effects carried out in their order before the next event, one timer
 * for the next deadline. Decides the order of things and the moment they see; knows no socket and no file.
 */
import { toError } from "../src/base/errors.ts";
import type { Millis } from "../src/base/ids.ts";
import type { Instant } from "../src/base/instant.ts";
import type { Clock } from "../src/io/clock.ts";
import type { SentinelEffect } from "./core/outbox.ts";
import type { SentinelCore } from "./core/sentinel.ts";
import type { SentinelInput } from "./core/sentinel-input.ts";
import type { GroupView } from "./core/view.ts";

/** Node's timers take no longer delay. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export interface CoreLoopSetup {
  readonly core: Pick<SentinelCore, "step" | "outbox" | "deadlineMs" | "view" | "isHolding">;
  readonly clock: Clock;
  carryOut(effect: SentinelEffect): void;
  /** Nothing is left to do for now; what waited for a change may look again. May dispatch. */
  settle(nowMs: Millis): void;
  /** When `settle` is due even if no event comes. */
  settleDeadlineMs(): Millis | undefined;
  /** Something threw: our own mistake. The loop has stopped for good. */
  failed(error: Error): void;
}

export class CoreLoop {
  readonly #setup: CoreLoopSetup;
  /** Events not yet taken: those set off by an effect, and what comes while paused. */
  readonly #inputs: SentinelInput[] = [];
  #busy = false;
  #paused = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  #armedForMs: Millis | undefined;
  /** Views of one moment are made once, however many clients ask. */
  readonly #views = new Map<string, GroupView | undefined>();
  #now: Instant;

  constructor(setup: CoreLoopSetup) {
    this.#setup = setup;
    this.#now = setup.clock.now();
  }

  /** What an effect sets off waits until all effects before it are carried out. Does nothing once stopped. */
  dispatch(input: SentinelInput): void {
    if (this.#stopped) return;
    this.#inputs.push(input);
    this.#work();
  }

  /** Runs what may look at views, at a fresh moment; a mistake in it stops the loop as one in the core does. */
  observe(action: (nowMs: Millis) => void): void {
    if (this.#stopped) return;
    this.#guarded(() => {
      action(this.#freshen().monoMs);
      this.#arm();
    });
  }

  /** Of the moment that is being worked on. */
  view(group: string): GroupView | undefined {
    if (!this.#views.has(group)) this.#views.set(group, this.#setup.core.view(group, this.#now));
    return this.#views.get(group);
  }

  /** As in the view of that moment. */
  isHolding(group: string): boolean {
    return this.#setup.core.isHolding(group, this.#now);
  }

  /** As a stopped process: nothing runs, no timer fires. */
  pause(): void {
    this.#paused = true;
    this.#disarm();
  }

  /** Late timers come first, as in a process that goes on; then what has come meanwhile. */
  resume(): void {
    if (!this.#paused || this.#stopped) return;
    this.#paused = false;
    this.#inputs.unshift({ type: "tick" });
    this.#work();
  }

  stop(): void {
    this.#stopped = true;
    this.#inputs.length = 0;
    this.#disarm();
  }

  #work(): void {
    if (this.#busy || this.#paused) return;
    this.#busy = true;
    this.#guarded(() => {
      while (this.#inputs.length > 0) {
        this.#takeInputs();
        this.#setup.settle(this.#now.monoMs);
      }
      this.#arm();
    });
    this.#busy = false;
  }

  #takeInputs(): void {
    const { core, carryOut } = this.#setup;
    for (let input = this.#inputs.shift(); input !== undefined; input = this.#inputs.shift()) {
      core.step(this.#freshen(), input);
      for (const effect of core.outbox.take()) {
        if (!this.#stopped) carryOut(effect);
      }
    }
  }

  #arm(): void {
    if (this.#stopped || this.#paused) return;
    const deadlineMs = earlier(this.#setup.core.deadlineMs(), this.#setup.settleDeadlineMs());
    if (deadlineMs === this.#armedForMs) return;
    this.#disarm();
    if (deadlineMs === undefined) return;
    this.#armedForMs = deadlineMs;
    const delayMs = Math.ceil(deadlineMs - this.#setup.clock.now().monoMs);
    this.#timer = setTimeout(
      () => {
        this.#armedForMs = undefined;
        this.dispatch({ type: "tick" });
      },
      Math.min(Math.max(delayMs, 0), TIMER_MS_MAX),
    );
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#armedForMs = undefined;
  }

  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.stop();
      this.#setup.failed(toError(error));
    }
  }

  #freshen(): Instant {
    this.#views.clear();
    this.#now = this.#setup.clock.now();
    return this.#now;
  }
}

function earlier(a: Millis | undefined, b: Millis | undefined): Millis | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
