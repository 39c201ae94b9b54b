/**
 * One node or sentinel as a process of its own. It is started, watched and stopped here; it is never started
 * again: a child that dies stays dead until somebody decides otherwise.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { availableParallelism } from "node:os";
import { InterrexError } from "../../src/base/errors.ts";
import { childEnvironment } from "./child-environment.ts";
import { asChildMessage } from "./child-message.ts";
import type { PlannedProcess } from "./layout.ts";

/**
 * Half of V8's own size: while keys come in, all of the young generation outlives each collection, and nobody is served until it is
 * copied. So the longest waits are half as long; no command became slower by it.
 */
const YOUNG_GENERATION = "--max-semi-space-size";
const YOUNG_GENERATION_MB = 8;
/**
 * The old generation is not collected before it is as large as this. V8 begins with less than what a node holds when it has started,
 * and under writes marked it three times a second for little.
 */
const OLD_GENERATION = "--initial-old-space-size=64";
/**
 * Threads of V8 beside the one that serves. While the old generation is marked each of them takes a whole core, and Node's own four
 * left the serving thread of a two-core machine a third of one.
 */
const BACKGROUND_THREADS = "--v8-pool-size";
const BACKGROUND_THREADS_MAX = 4;

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Child {
  readonly plan: PlannedProcess;
  readonly pid: number;
  /** Resolves once the process has ended, however it did. */
  readonly exited: Promise<ChildExit>;
  /** Resolves when it listens; rejects with InterrexError `CHILD_REFUSED` when it ends before. */
  readonly ready: Promise<void>;
  readonly #process: ChildProcess;

  /**
   * @param main path of the `interrex` script, `dist/cli/main.js`.
   * @throws InterrexError `SPAWN_FAILED` when there can't be a process.
   */
  constructor(plan: PlannedProcess, main: string) {
    this.plan = plan;
    const log = openSync(plan.logPath, "a");
    try {
      const options = plan.kind === "sentinel" ? sentinelOptions() : dataNodeOptions();
      const args = [...options, main, plan.kind, "--config", plan.configPath];
      this.#process = spawn(process.execPath, args, {
        // The IPC channel tells it when this process ends, even by SIGKILL: no orphan outlives its parent.
        stdio: ["ignore", "ignore", log, "ipc"],
        env: childEnvironment(),
        // A group of its own: Ctrl-C reaches the parent alone, which then stops all in order.
        detached: true,
      });
    } finally {
      closeSync(log);
    }
    const { exited, ready } = watch(this.#process, plan);
    this.exited = exited;
    this.ready = ready;
    if (this.#process.pid === undefined) {
      throw new InterrexError(
        "SPAWN_FAILED",
        `Cannot start a process for ${plan.id}; is the machine out of processes?`,
      );
    }
    this.pid = this.#process.pid;
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#process.kill(signal);
  }
}

/** @returns the options of Node that a data node runs best with. What the user asks of Node in its own way wins. */
export function dataNodeOptions(): string[] {
  return [
    OLD_GENERATION,
    ...unlessGiven(YOUNG_GENERATION, YOUNG_GENERATION_MB),
    ...unlessGiven(BACKGROUND_THREADS, backgroundThreads()),
  ];
}

function sentinelOptions(): string[] {
  return unlessGiven(BACKGROUND_THREADS, backgroundThreads());
}

function unlessGiven(option: string, value: number): string[] {
  return process.env.NODE_OPTIONS?.includes(option) === true ? [] : [`${option}=${value}`];
}

/** One core is left to the thread that serves. */
function backgroundThreads(): number {
  return Math.min(BACKGROUND_THREADS_MAX, Math.max(1, availableParallelism() - 1));
}

function watch(child: ChildProcess, plan: PlannedProcess): Pick<Child, "exited" | "ready"> {
  const exited = new Promise<ChildExit>((resolve) => {
    // `close`, not `exit`: by then its last message has been read.
    child.once("close", (code, signal) => resolve({ code, signal }));
    child.once("error", () => resolve({ code: null, signal: null }));
  });
  const ready = new Promise<void>((resolve, reject) => {
    const refuse = (reason: string): void =>
      reject(new InterrexError("CHILD_REFUSED", `${plan.id} did not start: ${reason}`));
    child.on("message", (value) => {
      const message = asChildMessage(value);
      if (message?.type === "ready") resolve();
      else if (message?.type === "refused") refuse(message.message);
    });
    void exited.then(({ code, signal }) =>
      refuse(`it ended (${signal ?? `exit ${code}`}); see ${plan.logPath}`),
    );
  });
  // Whoever stops everything before it is ready no longer waits for it.
  ready.catch(() => {});
  return { exited, ready };
}
