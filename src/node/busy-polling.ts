/**
 * Whether a node that waits for the next command or ack sleeps, or looks for it again and again for a moment.
 *
 * A process that sleeps has to be woken: on a virtual machine whose core has gone idle that takes 15 to 20 us of the sender and as many until
 * the sleeper runs, which is more than a command and its copy take. So a node that may expect something within the window keeps
 * its event loop turning. It does so only where that came true the last time, and lets go of the core for a while once
 * somebody else wanted it, or there is work for all: a core that is shared is better slept on.
 *
 * Decides by the times it is given; what it is called back by, and the clock, are its maker's.
 */
import type { Millis } from "../base/ids.ts";
import { usableCpus } from "../io/cpu-quota.ts";

/** A turn without anything to do is over in microseconds. One that took so long had to wait for its core. */
const PREEMPTED_MS: Millis = 1.5;
/** For how long it then sleeps as others do; twice as long each time that this comes soon again. */
const REST_MS_MIN: Millis = 10;
const REST_MS_MAX: Millis = 320;
/** "Soon": within so many times the last rest. */
const SOON = 4;
/** An ack that comes so long after the last command confirms a beat: of those, too, one may follow the other soon, and nothing them. */
const COMMAND_AGO_MS_MAX: Millis = 10;
/** Where so many batches of commands come in one turn and write, there is work for all cores: replicas apply it, clients read replies. */
const CROWD = 5;
/** For how long it sleeps as others do behind such a turn. */
const CROWD_REST_MS: Millis = 10;
/** With less than two there is no core on which others could send what is waited for. */
const CPUS_MIN = 2;

/** What has come: commands of clients, or acks of replicas. */
export type Arrival = "commands" | "acks";

export interface BusyPollingOptions {
  /** How long it looks at most; 0: it always sleeps. */
  readonly windowMs: Millis;
  nowMs(): Millis;
  /** Calls back in the next turn of the event loop, before which the loop then does not sleep. */
  nextTurn(action: () => void): void;
}

export class BusyPolling {
  readonly #options: BusyPollingOptions;
  /**
   * For each kind of arrival, and each kind of the one before it: whether the last such was followed by anything within the window. The
   * first ack of a write lets its reply go, so that the next command follows; a second ack may be followed by nothing.
   */
  readonly #followedSoon = [false, false, false, false];
  /** Where the latest arrival is in it: its kind is the lower bit, that of the one before it the upper. */
  #latest = 0;
  #latestMs: Millis = Number.NEGATIVE_INFINITY;
  #commandMs: Millis = Number.NEGATIVE_INFINITY;
  #polling = false;
  #untilMs: Millis = 0;
  /** When the latest turn of polling began. */
  #turnMs: Millis = 0;
  #restMs: Millis = REST_MS_MIN;
  #restUntilMs: Millis = Number.NEGATIVE_INFINITY;
  #crowdUntilMs: Millis = Number.NEGATIVE_INFINITY;

  constructor(options: BusyPollingOptions) {
    this.#options = options;
  }

  /** Something came and has been dealt with. @param nowMs about when that was. */
  came(arrival: Arrival, nowMs: Millis): void {
    const { windowMs } = this.#options;
    if (windowMs === 0) return;
    if (arrival === "commands") this.#commandMs = nowMs;
    else if (nowMs - this.#commandMs > COMMAND_AGO_MS_MAX) return;
    this.#followedSoon[this.#latest] = nowMs - this.#latestMs <= windowMs;
    this.#latest = ((this.#latest & 1) << 1) | (arrival === "acks" ? 1 : 0);
    this.#latestMs = nowMs;
    this.#untilMs = this.#followedSoon[this.#latest] ? nowMs + windowMs : nowMs;
    if (this.#polling || this.#untilMs === nowMs) return;
    if (nowMs < this.#restUntilMs || nowMs < this.#crowdUntilMs) return;
    this.#polling = true;
    // Not `nowMs`: what came may have taken long, which is work and no wait for the core.
    this.#turnMs = this.#options.nowMs();
    this.#again();
  }

  /** A turn has ended that leaves something to be written. @param batches of commands that came in it, mostly one of each client. */
  wrote(batches: number, nowMs: Millis): void {
    if (batches >= CROWD) this.#crowdUntilMs = nowMs + CROWD_REST_MS;
  }

  #again(): void {
    this.#options.nextTurn(() => this.#turn());
  }

  #turn(): void {
    const nowMs = this.#options.nowMs();
    const beganMs = this.#turnMs;
    this.#turnMs = nowMs;
    const wasIdle = this.#latestMs <= beganMs;
    const preempted = wasIdle && nowMs - beganMs >= PREEMPTED_MS;
    this.#polling = nowMs < this.#untilMs && nowMs >= this.#crowdUntilMs && !preempted;
    if (preempted) this.#rest(nowMs);
    else if (this.#polling) this.#again();
  }

  #rest(nowMs: Millis): void {
    const isSoon = nowMs - this.#restUntilMs < SOON * this.#restMs;
    this.#restMs = isSoon ? Math.min(2 * this.#restMs, REST_MS_MAX) : REST_MS_MIN;
    this.#restUntilMs = nowMs + this.#restMs;
  }
}

/** That of a node on this machine, by the real clock. @param windowUs microseconds. */
export function busyPolling(windowUs: number): BusyPolling {
  return new BusyPolling({
    windowMs: windowUs > 0 && usableCpus() >= CPUS_MIN ? windowUs / 1000 : 0,
    nowMs: () => performance.now(),
    nextTurn: (action) => setImmediate(action),
  });
}
