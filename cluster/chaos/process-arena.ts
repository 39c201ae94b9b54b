/**
 * An arena of operating-system processes, known by their pids. Ends only what it started itself; what others started it kills or stops only
 * when told to by name. Of a cluster that is somebody else's it ends nothing.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { InterrexError } from "../../src/base/errors.ts";
import { childEnvironment } from "../processes/child-environment.ts";
import type { Arena, ArenaMember, LeftRunning } from "./arena.ts";
import { confirm, isSame, type SeenProcess, see, type WrittenDown } from "./process-identity.ts";

export interface ArenaProcess extends WrittenDown {
  /** `null`: not started yet; `restart` starts it. */
  readonly pid: number | null;
  /** How to start it again; it must take the same port. */
  readonly respawn: { readonly command: string; readonly args: readonly string[] };
  /** Where the output of a restarted one goes; nowhere without it. */
  readonly logPath: string | null;
}

export interface ProcessArenaOptions {
  readonly group: string;
  readonly password?: string | undefined;
  readonly processes: readonly ArenaProcess[];
  /** Where members can be cut off from each other; `partition` takes their ids. */
  readonly cuts?: { partition(sides: readonly (readonly string[])[]): Promise<void>; heal(): Promise<void> };
  /** Something that the arena started has ended although nobody here told it to. */
  readonly onDeath?: (id: string, how: string) => void;
  /** What must happen once a killed or stopped member is back, such as telling a Redis whom to follow. */
  readonly afterReturn?: (member: ArenaMember) => Promise<void>;
  /**
   * The cluster is somebody else's: what was started again outlives this process, and runs on when the arena is closed. Pids are hearsay: none
   * is killed or stopped before its member has answered as that process.
   */
  readonly foreign?: boolean;
  /** Ends the cluster itself, where the arena is its owner. */
  readonly closeCluster?: () => Promise<void>;
  /** Kills all that it owns without waiting: whoever aborts it is about to exit. */
  readonly atOnce?: AbortSignal | undefined;
}

/** A process that has not ended this long after SIGTERM is killed. */
const END_TIMEOUT_MS = 5000;

export class ProcessArena implements Arena {
  readonly group: string;
  readonly members: readonly ArenaMember[];
  readonly password: string | undefined;
  /** Without namespaces a process can't be cut off from its peers. */
  readonly partition: Arena["partition"];
  readonly #options: ProcessArenaOptions;
  readonly #processes: ReadonlyMap<string, ArenaProcess>;
  /** Who runs and was started by others. */
  readonly #seen = new Map<string, SeenProcess>();
  readonly #confirmed = new WeakSet<SeenProcess>();
  readonly #started = new Map<string, ChildProcess>();
  readonly #stopped = new Set<string>();
  #closing: Promise<void> | null = null;

  constructor(options: ProcessArenaOptions) {
    this.group = options.group;
    this.password = options.password;
    this.members = options.processes;
    this.#options = options;
    this.#processes = new Map(options.processes.map((process) => [process.id, process]));
    this.partition = options.cuts === undefined ? null : options.cuts.partition;
    for (const { id, pid } of options.processes) if (pid !== null) this.#seen.set(id, see(pid));
    options.atOnce?.addEventListener("abort", () => this.#leaveAtOnce());
  }

  /**
   * Looks at whom the pids are now, so that nobody is hit who is no member.
   *
   * @throws InterrexError NOT_THE_MEMBER
   */
  async confirmAll(): Promise<void> {
    for (const { id } of this.members) await this.#confirm(id);
  }

  async kill(id: string): Promise<void> {
    await this.#confirm(id);
    const child = this.#started.get(id);
    this.#signal(id, "SIGKILL");
    this.#forget(id);
    if (child !== undefined) await ended(child);
  }

  /** As SIGTERM: a clean stop. Only of what the arena started itself; resolves when it has ended. */
  async end(id: string): Promise<void> {
    const child = this.#started.get(id);
    if (child === undefined)
      throw new InterrexError("NOT_RUNNING", `Cannot end ${id}: it was not started here`);
    this.#forget(id);
    await end(child);
  }

  /** @throws InterrexError SPAWN_FAILED; it is still dead then. */
  async restart(id: string): Promise<void> {
    const process = this.#process(id);
    const log = process.logPath === null ? null : openLog(id, process.logPath);
    const output = log ?? "ignore";
    const foreign = this.#options.foreign === true;
    const child = spawn(process.respawn.command, process.respawn.args, {
      // Like `interrex up`: the channel's end tells a node that its parent is gone, so that none is left behind.
      stdio: ["ignore", output, output, foreign ? "ignore" : "ipc"],
      detached: true,
      env: childEnvironment(),
    });
    if (foreign) child.unref();
    if (log !== null) closeSync(log);
    try {
      // Rejects at "error".
      await once(child, "spawn");
    } catch (cause) {
      const message = `Cannot start ${id} again: ${(cause as Error).message}`;
      throw new InterrexError("SPAWN_FAILED", message, { cause });
    }
    this.#seen.delete(id);
    this.#started.set(id, child);
    child.once("exit", (code, signal) => {
      if (this.#started.get(id) !== child) return;
      this.#forget(id);
      this.#options.onDeath?.(id, signal ?? `exit ${code}`);
    });
    await this.#options.afterReturn?.(process);
  }

  async stop(id: string): Promise<void> {
    await this.#confirm(id);
    this.#signal(id, "SIGSTOP");
    this.#stopped.add(id);
  }

  async resume(id: string): Promise<void> {
    this.#wake(id);
    await this.#options.afterReturn?.(this.#process(id));
  }

  async heal(): Promise<void> {
    await this.#options.cuts?.heal();
  }

  leftRunning(): LeftRunning[] {
    if (this.#options.foreign !== true) return [];
    return [...this.#started].flatMap(([id, { pid }]) => (pid === undefined ? [] : [{ id, pid }]));
  }

  /** Again does no harm. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    this.#signalLiving(this.#stopped, "SIGCONT");
    this.#stopped.clear();
    const started = [...this.#started.values()];
    this.#started.clear();
    try {
      if (this.#options.foreign !== true) await Promise.all(started.map(end));
    } finally {
      await this.#options.closeCluster?.();
    }
  }

  #leaveAtOnce(): void {
    if (this.#options.foreign === true) this.#signalLiving(this.#stopped, "SIGCONT");
    else this.#signalLiving([...this.#seen.keys(), ...this.#started.keys()], "SIGKILL");
  }

  /** Whoever has died meanwhile needs no signal. */
  #signalLiving(ids: Iterable<string>, signal: NodeJS.Signals): void {
    for (const id of ids) {
      try {
        this.#signal(id, signal);
      } catch (error) {
        if (!(error instanceof InterrexError)) throw error;
      }
    }
  }

  #wake(id: string): void {
    this.#signal(id, "SIGCONT");
    this.#stopped.delete(id);
  }

  #forget(id: string): void {
    this.#seen.delete(id);
    this.#started.delete(id);
    this.#stopped.delete(id);
  }

  /** Once is enough where the kernel tells a later process of the same pid apart. */
  async #confirm(id: string): Promise<void> {
    const seen = this.#seen.get(id);
    if (this.#options.foreign !== true || seen === undefined) return;
    if (this.#confirmed.has(seen) && seen.startedAt !== null) return;
    await confirm(this.#process(id), seen, this.password);
    this.#confirmed.add(seen);
  }

  #signal(id: string, signal: NodeJS.Signals): void {
    this.#process(id);
    const child = this.#started.get(id);
    const seen = this.#seen.get(id);
    const reached = child === undefined ? seen !== undefined && signalSeen(seen, signal) : child.kill(signal);
    if (!reached) throw new InterrexError("NOT_RUNNING", `Cannot send ${signal} to ${id}: it is dead`);
  }

  #process(id: string): ArenaProcess {
    const process = this.#processes.get(id);
    if (process === undefined) throw new InterrexError("NO_SUCH_MEMBER", `There is no member "${id}"`);
    return process;
  }
}

function openLog(id: string, path: string): number {
  try {
    return openSync(path, "a");
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new InterrexError("SPAWN_FAILED", `Cannot start ${id} again: its log can't be opened (${reason})`, {
      cause,
    });
  }
}

/** False when it is gone, whoever has its pid now. */
function signalSeen(seen: SeenProcess, signal: NodeJS.Signals): boolean {
  if (!isSame(seen)) return false;
  try {
    return process.kill(seen.pid, signal);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw new InterrexError("NOT_RUNNING", `Cannot send ${signal} to pid ${seen.pid}`, { cause });
  }
}

async function end(child: ChildProcess): Promise<void> {
  child.kill("SIGTERM");
  child.kill("SIGCONT");
  const timer = setTimeout(() => child.kill("SIGKILL"), END_TIMEOUT_MS);
  await ended(child);
  clearTimeout(timer);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
