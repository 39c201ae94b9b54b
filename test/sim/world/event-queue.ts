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
    heap.push({ atMs: Math.max(atMs, this.nowMs), order: this.#made++, run });
    let child = heap.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!isBefore(heap[child] as Scheduled, heap[parent] as Scheduled)) break;
      this.#swap(child, parent);
      child = parent;
    }
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
    heap[0] = last;
    let parent = 0;
    for (;;) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2]) {
        if (child < heap.length && isBefore(heap[child] as Scheduled, heap[least] as Scheduled))
          least = child;
      }
      if (least === parent) return;
      this.#swap(parent, least);
      parent = least;
    }
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap;
    const kept = heap[a] as Scheduled;
    heap[a] = heap[b] as Scheduled;
    heap[b] = kept;
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
