/**
 * What makes a process of the test kit stand still as under SIGSTOP: while paused, nothing is read, nothing runs.
 * Decides only "now or after resume", in order; refuses to know what waits.
 */

/** A socket, or anything else that can be told to read nothing. */
export interface Pausable {
  pause(): void;
  resume(): void;
}

export class PauseGate {
  #paused = false;
  #waiting: (() => void)[] = [];
  readonly #pausables = new Set<Pausable>();

  get paused(): boolean {
    return this.#paused;
  }

  /** Pauses `pausable` together with the gate, from now until it is detached. */
  attach(pausable: Pausable): void {
    this.#pausables.add(pausable);
    if (this.#paused) pausable.pause();
  }

  detach(pausable: Pausable): void {
    this.#pausables.delete(pausable);
  }

  /** Runs `action` now, or on resume. What can wait is bounded by what the sockets had read before the pause. */
  whenRunning(action: () => void): void {
    if (this.#paused) this.#waiting.push(action);
    else action();
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    for (const pausable of this.#pausables) pausable.pause();
  }

  /** What waited runs first, so that nothing read afterwards overtakes it. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const action of waiting) this.whenRunning(action);
    // A waiting action may have paused again.
    if (!this.#paused) for (const pausable of this.#pausables) pausable.resume();
  }
}
