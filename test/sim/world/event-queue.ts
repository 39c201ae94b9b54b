/**
 * Virtual time: events in order of their time, and of their making where times are equal. Nothing here knows what
 * an event does; the same events scheduled in the same order run in the same order.
 */
import type { Millis } from "../../../src/base/ids.ts";

interface Scheduled {
  readonly atMs: Millis;
  readonly order: number;
  readonly run: () => void;
}

export class EventQueue {
  nowMs: Millis = 0;
  /** Events run so far. */
  ran = 0;
  readonly #heap: Scheduled[] = [];
  #made = 0;

  after(delayMs: Millis, run: () => void): void {
    this.at(this.nowMs + Math.max(0, delayMs), run);
  }

  at(atMs: Millis, run: () => void): void {
    const heap = this.#heap;
    const event = { atMs: Math.max(atMs, this.nowMs), order: this.#made++, run };
    let hole = heap.length;
    while (hole > 0) {
      const parent = heap[(hole - 1) >> 1] as Scheduled;
      if (!isBefore(event, parent)) break;
      heap[hole] = parent;
      hole = (hole - 1) >> 1;
    }
    heap[hole] = event;
  }

  /** Runs the next event. @returns false when there is none up to `untilMs`; the time is then `untilMs`. */
  runNext(untilMs: Millis): boolean {
    const next = this.#heap[0];
    if (next === undefined || next.atMs > untilMs) {
      this.nowMs = Math.max(this.nowMs, untilMs);
      return false;
    }
    this.#removeFirst();
    this.nowMs = next.atMs;
    this.ran++;
    next.run();
    return true;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let hole = 0;
    for (let child = 1; child < heap.length; child = 2 * hole + 1) {
      const isRightLess =
        child + 1 < heap.length && isBefore(heap[child + 1] as Scheduled, heap[child] as Scheduled);
      const least = isRightLess ? child + 1 : child;
      const event = heap[least] as Scheduled;
      if (!isBefore(event, last)) break;
      heap[hole] = event;
      hole = least;
    }
    heap[hole] = last;
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
