/**
 * One process on a machine of its own: whether it lives, runs or is stopped, and its two clocks. What is delivered to
 * a stopped process waits, as in a socket's buffer; what was meant for an earlier life is lost.
 */
import { invariant } from "../../../src/base/errors.ts";
import type { Millis } from "../../../src/base/ids.ts";
import type { Instant } from "../../../src/base/instant.ts";

const WALL_ZERO_MS = 1_750_000_000_000;
/** More than the last digit of any time in a simulation, and less than anything that happens in one. */
const ROUNDING_MS = 1e-6;

export interface ClockFault {
  /** Speed of the monotonic clock against true time. */
  readonly rate: number;
  readonly monoZeroMs: Millis;
  readonly wallSkewMs: Millis;
}

export class SimProcess {
  readonly id: string;
  /** Small and unique, for tables. */
  readonly index: number;
  alive = false;
  paused = false;
  /** False while the machine has no power: then nobody answers for its ports. */
  machineUp = true;
  /** Counts the lives of the process. */
  life = 0;
  /** Changes with each reboot of the machine. */
  boot = 1;
  #wallJumpMs: Millis = 0;
  #wallJumpMsMin: Millis = 0;
  #wallJumpMsMax: Millis = 0;
  readonly #clock: ClockFault;
  #inbox: (() => void)[] = [];

  constructor(id: string, index: number, clock: ClockFault) {
    this.id = id;
    this.index = index;
    this.#clock = clock;
  }

  get running(): boolean {
    return this.alive && !this.paused;
  }

  begin(): void {
    invariant(!this.alive && this.machineUp, "a process starts once, on a running machine");
    this.alive = true;
    this.paused = false;
    this.life++;
  }

  end(): void {
    this.alive = false;
    this.paused = false;
    this.#inbox = [];
  }

  /** Does it now, once the process goes on, or never if that life is over. */
  deliver(life: number, action: () => void): void {
    if (!this.alive || this.life !== life) return;
    if (this.paused) this.#inbox.push(action);
    else action();
  }

  /** @returns what came while it was stopped, oldest first. */
  resume(): readonly (() => void)[] {
    this.paused = false;
    const waited = this.#inbox;
    this.#inbox = [];
    return waited;
  }

  jumpWall(byMs: Millis): void {
    this.#wallJumpMs += byMs;
    this.#wallJumpMsMin = Math.min(this.#wallJumpMsMin, this.#wallJumpMs);
    this.#wallJumpMsMax = Math.max(this.#wallJumpMsMax, this.#wallJumpMs);
  }

  /** How far the wall clock has been from true time up to now, at the least and at the most. */
  wallErrorMs(trueMs: Millis): readonly [least: Millis, most: Millis] {
    const { rate, wallSkewMs } = this.#clock;
    const driftMs = trueMs * (rate - 1);
    return [
      wallSkewMs + this.#wallJumpMsMin + Math.min(0, driftMs),
      wallSkewMs + this.#wallJumpMsMax + Math.max(0, driftMs),
    ];
  }

  instant(trueMs: Millis): Instant {
    const { rate, monoZeroMs, wallSkewMs } = this.#clock;
    return {
      monoMs: monoZeroMs + trueMs * rate,
      wallMs: Math.floor(WALL_ZERO_MS + wallSkewMs + this.#wallJumpMs + trueMs * rate),
    };
  }

  /**
   * A true time at which the monotonic clock has just come to `monoMs`. Never before it, by a rounding: a timer that fires
   * early is set again for the same moment, and the simulation stands still.
   */
  trueMs(monoMs: Millis): Millis {
    const { rate, monoZeroMs } = this.#clock;
    let trueMs = (monoMs - monoZeroMs) / rate;
    while (this.instant(trueMs).monoMs < monoMs) trueMs += ROUNDING_MS;
    return trueMs;
  }
}
