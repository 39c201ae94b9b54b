/**
 * Whether a pid that was written down is still the member that it was written down for: the file may be old, and the pid somebody else's by
 * now. Asks the member itself and, where it tells, the kernel. Signals nobody.
 */
import { readFileSync } from "node:fs";
import { InterrexError } from "../../src/base/errors.ts";
import { startOf } from "../../src/io/process-start.ts";
import type { ArenaMember } from "./arena.ts";
import { ask } from "./look.ts";

/** Of a stranger's command line. */
const SHOWN_MAX = 120;

/** A pid together with what tells its process from a later one. */
export interface SeenProcess {
  readonly pid: number;
  /** `null` where nobody tells, and where there is no such process. */
  readonly startedAt: string | null;
}

export interface WrittenDown extends ArenaMember {
  /** Its configuration file, which its command line names; `undefined` where there is none to look for. */
  readonly configPath?: string | undefined;
}

export function see(pid: number): SeenProcess {
  return { pid, startedAt: startOf(pid) };
}

/** False once it is gone, whoever has its pid. Where the kernel doesn't tell, it can't be known: true. */
export function isSame({ pid, startedAt }: SeenProcess): boolean {
  return startOf(pid) === startedAt;
}

/** @throws InterrexError `NOT_THE_MEMBER` unless the member answers as this process, and the process was started as this member. */
export async function confirm(
  member: WrittenDown,
  seen: SeenProcess,
  password: string | undefined,
): Promise<void> {
  const { id, kind, host, port, configPath } = member;
  const refuse = (why: string, cause?: unknown): InterrexError =>
    new InterrexError("NOT_THE_MEMBER", `Pid ${seen.pid} may not be ${id}, and gets no signal: ${why}`, {
      cause,
    });
  let info: string;
  try {
    info = String(await ask({ host, port }, password, "INFO", "server"));
  } catch (cause) {
    throw refuse(
      `${host}:${port} doesn't say who it is (${(cause as Error).message}); is it up, and --password right?`,
      cause,
    );
  }
  const said = (field: string): string => new RegExp(`^${field}:(.*?)\r?$`, "m").exec(info)?.[1] ?? "nothing";
  const ownId = said(kind === "node" ? "interrex_id" : "sentinel_id");
  if (ownId !== id) throw refuse(`${host}:${port} is ${ownId}`);
  const ownPid = said("process_id");
  if (ownPid !== String(seen.pid)) throw refuse(`${id} answers as pid ${ownPid}; name that instead`);
  // The member may run on another machine, where the same pid is another process.
  const started = commandLineOf(seen.pid);
  if (configPath !== undefined && started !== null && !started.includes(configPath)) {
    throw refuse(`on this machine that is "${started.join(" ").slice(0, SHOWN_MAX)}"`);
  }
  if (!isSame(seen)) throw refuse("its process has ended");
}

/** `null` where it can't be read: another system, another user's process, or none. */
function commandLineOf(pid: number): string[] | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  } catch {
    return null;
  }
}
