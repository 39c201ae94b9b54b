/**
 * One member of an in-process cluster, node or sentinel alike: running, paused or dead, and able to come back
 * with what a crashed process would have kept. Knows nothing of the others.
 */
import pRetry from "p-retry";
import { InterrexError } from "../src/base/errors.ts";
import { shownValue } from "./config/shown.ts";

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

/** From a start to the next death. */
interface Life {
  ended: "killed" | "stopped" | null;
}

export class Member<Running extends Shell> {
  readonly id: string;
  readonly #start: StartShell<Running>;
  readonly #onFailed: (error: unknown) => void;
  /** `null` when it is dead; without a shell it is still starting. */
  #life: Life | null = null;
  #starting: Promise<void> = Promise.resolve();
  #stopping: Promise<void> = Promise.resolve();
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

  /**
   * Starts a dead member; a running one is stopped cleanly first, and one that is starting already is started once. Resolves as well when
   * it is stopped or killed meanwhile.
   */
  start(): Promise<void> {
    if (this.#life !== null && this.#shell === null) return this.#starting;
    const stopped = this.stop();
    const life: Life = { ended: null };
    this.#life = life;
    this.#starting = this.#bringUp(life, stopped);
    return this.#starting;
  }

  /** As `kill -9`; a dead member stays dead. */
  kill(): void {
    this.#shell?.kill();
    this.#forget("killed");
  }

  /** Resolves when nothing of it is left: a start that was given up and an earlier stop included. */
  stop(): Promise<void> {
    if (this.#paused) this.#shell?.resume();
    const before = [this.#stopping, this.#starting];
    const shell = this.#shell;
    this.#forget("stopped");
    this.#stopping = endAfter(before, shell);
    return this.#stopping;
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

  async #bringUp(life: Life, stopped: Promise<void>): Promise<void> {
    try {
      await stopped;
      if (life.ended === null) await this.#adopt(life, await this.#startShell(life));
    } catch (error) {
      // Whoever ended it doesn't ask why it did not start.
      if (life.ended !== null) return;
      this.#forget("killed");
      throw error;
    }
  }

  #startShell(life: Life): Promise<Running> {
    const onFailed = (error: unknown): void => {
      // Of a life that is over, it says nothing about the present one.
      if (life.ended !== null) return;
      this.kill();
      this.#onFailed(error);
    };
    return pRetry(() => this.#start(onFailed), {
      retries: PORT_RETRIES,
      factor: 1,
      minTimeout: PORT_RETRY_MS,
      shouldRetry: ({ error }) =>
        life.ended === null && error instanceof InterrexError && error.code === "PORT_IN_USE",
    });
  }

  /** A shell that comes when its life is over ends as that did. */
  async #adopt(life: Life, shell: Running): Promise<void> {
    if (life.ended === "killed") return shell.kill();
    if (life.ended === "stopped") return await shell.stop();
    this.#shell = shell;
    shell.setReachable(this.#reachable);
  }

  #forget(how: "killed" | "stopped"): void {
    if (this.#life !== null) this.#life.ended = how;
    this.#life = null;
    this.#shell = null;
    this.#paused = false;
  }
}

/** Why one of `before` failed is told to who asked for it. */
async function endAfter(before: readonly Promise<void>[], shell: Shell | null): Promise<void> {
  const ended = Promise.allSettled(before);
  await shell?.stop();
  await ended;
}

/** For a name that a cluster's owner gave. */
export function noSuch(kind: string, id: unknown, known: readonly { readonly id: string }[]): InterrexError {
  const ids = known.map((member) => member.id).join(", ");
  return new InterrexError("NO_SUCH_MEMBER", `There is no ${kind} ${shownValue(id)}; there are ${ids}`);
}
