/** The line of `interrex up --json`, read back: which processes there are, their pids, and how to start each again. */
import { dirname, join } from "node:path";
import { z } from "zod";
import { InterrexError } from "../../src/base/errors.ts";
import * as fields from "../config/fields.ts";
import type { ArenaProcess } from "./process-arena.ts";

interface ReadyProcess {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly config: string;
}

interface ReadyCluster {
  readonly group: string;
  readonly nodes: readonly ReadyProcess[];
  readonly sentinels: readonly ReadyProcess[];
}

const PID = "must be a process's number";

const readyProcess: z.ZodType<ReadyProcess> = z.object(
  {
    // A file's name is made of it.
    id: fields.id(),
    host: fields.host(),
    port: fields.port(),
    pid: z.int({ error: PID }).positive({ error: PID }),
    config: z.string({ error: "must be a path" }),
  },
  { error: "must be a process" },
);

const PROCESSES = "must be a list of processes, not empty";
const readyProcesses = z.array(readyProcess, { error: PROCESSES }).min(1, { error: PROCESSES });

const readyLine: z.ZodType<ReadyCluster> = z.object(
  {
    event: z.literal("ready", { error: 'must be "ready"' }),
    group: z.string({ error: "must be text" }),
    nodes: readyProcesses,
    sentinels: readyProcesses,
  },
  { error: "must be keys and values" },
);

/** @throws InterrexError BAD_CONFIG when `text` is not such a line; the message names `source`. */
export function parseReadyLine(text: string, source: string): ReadyCluster {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new InterrexError(
      "BAD_CONFIG",
      `${source} is no JSON; give the line that interrex up --json prints`,
      {
        cause,
      },
    );
  }
  const parsed = readyLine.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join(".") || "it";
  const problem = issue?.input === undefined ? `${where} is missing` : `${where} ${issue.message}`;
  throw new InterrexError(
    "BAD_CONFIG",
    `${source} is not the line that interrex up --json prints (${problem}); save that line in it`,
  );
}

/** @param main path of the `interrex` script with which a killed one is started again. */
export function processesOf(ready: ReadyCluster, main: string): ArenaProcess[] {
  const toProcess = (kind: "node" | "sentinel") => (one: ReadyProcess) => ({
    id: one.id,
    kind,
    host: one.host,
    port: one.port,
    pid: one.pid,
    configPath: one.config,
    respawn: { command: process.execPath, args: [main, kind, "--config", one.config] },
    logPath: join(dirname(one.config), `${one.id}.log`),
  });
  return [...ready.nodes.map(toProcess("node")), ...ready.sentinels.map(toProcess("sentinel"))];
}
