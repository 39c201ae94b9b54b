/** Processes in virtual time: one queue of events, ordered by time, then by the order in which they were made. */
import type { Millis } from "../../../src/base/ids.ts";
import type { Instant } from "../../../src/base/instant.ts";

const WALL_ZERO_MS = 1_750_000_000_000;

export interface Process {
  alive: boolean;
  paused: boolean;
  /** Counts lives, so that what was meant for an earlier one is dropped. */
  life: number;
  /** What came while it was paused. */
  inbox: (() => void)[];
}

export class Processes {
  nowMs: Millis = 0;
  readonly #processes = new Map<string, Process>();
  #queue: { atMs: Millis; order: number; run: () => void }[] = [];
  #order = 0;

  add(id: string, first: Pick<Process, "alive" | "life">): void {
    this.#processes.set(id, { ...first, paused: false, inbox: [] });
  }

  of(id: string): Process {
    const process = this.#processes.get(id);
    if (process === undefined) throw new Error(`no process ${id}`);
    return process;
  }

  isRunning(id: string): boolean {
    const { alive, paused } = this.of(id);
    return alive && !paused;
  }

  end(id: string): void {
    const process = this.of(id);
    process.alive = false;
    process.paused = false;
    process.life++;
    process.inbox = [];
  }

  instant(): Instant {
    return { monoMs: this.nowMs, wallMs: WALL_ZERO_MS + this.nowMs };
  }

  /** So much later, unless the process has ended by then, also if it lives again. */
  afterInLife(id: string, ms: Millis, run: () => void): void {
    const { life } = this.of(id);
    const runInLife = (): void => {
      if (this.of(id).life === life) run();
    };
    this.#queue.push({ atMs: this.nowMs + ms, order: this.#order++, run: runInLife });
  }

  /** Now, or when it goes on. */
  deliver(id: string, run: () => void): void {
    const process = this.of(id);
    if (!process.alive) return;
    if (process.paused) process.inbox.push(run);
    else run();
  }

  /** @returns false when nothing is left to do until then. */
  runNext(limitMs: Millis): boolean {
    let next = this.#queue[0];
    for (const entry of this.#queue) {
      if (
        next === undefined ||
        entry.atMs < next.atMs ||
        (entry.atMs === next.atMs && entry.order < next.order)
      ) {
        next = entry;
      }
    }
    if (next === undefined || next.atMs > limitMs) return false;
    this.#queue = this.#queue.filter((entry) => entry !== next);
    this.nowMs = Math.max(this.nowMs, next.atMs);
    next.run();
    return true;
  }
}
