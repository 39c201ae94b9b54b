/**
 * One member of an in-process cluster, node or sentinel alike: running, paused or dead, and able to come back
 * with what a crashed process would have kept. Knows nothing of the others.
 */
import pRetry from "p-retry";
import { InterrexError } from "../src/base/errors.ts";

/** What the shells of nodes and sentinels have in common. */
export interface Shell {
  readonly address: { readonly host: string; readonly port: number };
  stop(): Promise<void>;
  kill(): void;
  pause(): void;
  resume(): void;
  setReachable(reachable: (peerId: string) => boolean): void;
}

/** Starts the shell anew, on the same ports and the same storage. `onFailed`: it has stopped by itself. */
export type StartShell<Running extends Shell> = (onFailed: (error: unknown) => void) => Promise<Running>;

export type MemberState = "running" | "paused" | "dead";

/** A killed listener's port is free within a turn or two of the event loop. */
const PORT_RETRIES = 20;
const PORT_RETRY_MS = 10;

export class Member<Running extends Shell> {
  readonly id: string;
  readonly #start: StartShell<Running>;
  readonly #onFailed: (error: unknown) => void;
  #shell: Running | null = null;
  #paused = false;
  #reachable: (peerId: string) => boolean = () => true;

  /** @param onFailed the shell has stopped by itself; the member is dead by then. */
  constructor(id: string, start: StartShell<Running>, onFailed: (error: unknown) => void) {
    this.id = id;
    this.#start = start;
    this.#onFailed = onFailed;
  }

  get state(): MemberState {
    if (this.#shell === null) return "dead";
    return this.#paused ? "paused" : "running";
  }

  /** The shell, when it runs and isn't paused. */
  get shell(): Running | null {
    return this.#paused ? null : this.#shell;
  }

  /** Starts a dead member; a running one is stopped cleanly first. */
  async start(): Promise<void> {
    await this.stop();
    const shell: Running = await pRetry(
      () =>
        this.#start((error) => {
          this.kill();
          this.#onFailed(error);
        }),
      {
        retries: PORT_RETRIES,
        factor: 1,
        minTimeout: PORT_RETRY_MS,
        shouldRetry: ({ error }) => error instanceof InterrexError && error.code === "PORT_IN_USE",
      },
    );
    this.#shell = shell;
    shell.setReachable(this.#reachable);
  }

  /** As `kill -9`; a dead member stays dead. */
  kill(): void {
    this.#shell?.kill();
    this.#forget();
  }

  async stop(): Promise<void> {
    if (this.#paused) this.#shell?.resume();
    const shell = this.#shell;
    this.#forget();
    await shell?.stop();
  }

  /** As SIGSTOP. @throws InterrexError `NOT_RUNNING`. */
  pause(): void {
    this.#alive().pause();
    this.#paused = true;
  }

  /** As SIGCONT. @throws InterrexError `NOT_RUNNING`. */
  resume(): void {
    this.#alive().resume();
    this.#paused = false;
  }

  setReachable(reachable: (peerId: string) => boolean): void {
    this.#reachable = reachable;
    this.#shell?.setReachable(reachable);
  }

  #alive(): Running {
    if (this.#shell !== null) return this.#shell;
    throw new InterrexError("NOT_RUNNING", `${this.id} is dead; restart("${this.id}") brings it back`);
  }

  #forget(): void {
    this.#shell = null;
    this.#paused = false;
  }
}
