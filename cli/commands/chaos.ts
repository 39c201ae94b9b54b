/** `interrex chaos`: load on a cluster, faults, and a verdict. Exit 1 when the verdict is bad. */
import { readFile } from "node:fs/promises";
import { type Command, Option } from "commander";
import type { Arena } from "../../cluster/chaos/arena.ts";
import type { FaultKind, FaultTarget } from "../../cluster/chaos/faults.ts";
import { startInProcessArena } from "../../cluster/chaos/in-process-arena.ts";
import { startLocalCluster } from "../../cluster/chaos/local-cluster.ts";
import { findPromise } from "../../cluster/chaos/look.ts";
import { ProcessArena } from "../../cluster/chaos/process-arena.ts";
import { parseReadyLine, processesOf } from "../../cluster/chaos/ready-line.ts";
import {
  type ChaosReport,
  countRows,
  leftRunningText,
  outageRows,
  verdictLine,
} from "../../cluster/chaos/report.ts";
import { type ChaosPlan, runChaos } from "../../cluster/chaos/run-chaos.ts";
import { WatchedArena } from "../../cluster/chaos/watched-arena.ts";
import { DEFAULT_GROUP, DURATION_MS_MAX, REPLICATION_MODES } from "../../cluster/config/fields.ts";
import { InterrexError } from "../../src/base/errors.ts";
import type { ReplicationMode } from "../../src/rules/group-record.ts";
import { checkChaosFlags } from "../chaos-flags.ts";
import { durationText } from "../duration.ts";
import { DURATION_FLAG_MS_MAX, durationFlag } from "../duration-flag.ts";
import { Interrupted, starting } from "../exit.ts";
import { type HostPort, hostPortListFlag, passwordOption, pathFlag, wholeNumberFlag } from "../flags.ts";
import { MAIN_FILE } from "../main-file.ts";
import { askMaster } from "../sentinel-client.ts";
import { stopSignal } from "../stop-signal.ts";
import { layOut } from "../table.ts";
import { paint, printJson, type Terminal } from "../terminal.ts";

interface ChaosFlags {
  readonly local?: boolean;
  readonly clusterJson?: string;
  readonly sentinel?: readonly HostPort[];
  readonly group: string;
  readonly password?: string;
  readonly kill?: FaultTarget;
  readonly stop?: FaultTarget;
  readonly partition?: boolean;
  readonly every: number;
  readonly for: number;
  readonly stopFor?: number;
  readonly deadFor?: number;
  readonly replication?: ReplicationMode;
  readonly downAfter?: number;
  readonly nodes: number;
  readonly sentinels: number;
  readonly clients: number;
  readonly think: number;
  readonly seed: number;
  readonly defaultClient?: boolean;
  readonly json?: boolean;
}

const TARGETS = ["master", "replica", "sentinel", "all"] as const;
/** Of the own cluster, unless told. */
const REPLICATION: ReplicationMode = "semi-sync";
const DOWN_AFTER_MS = 1000;
const CLEAR_LINE = "\r\u001b[2K";
const ANOMALIES_SHOWN = 5;

export function registerChaosCommand(program: Command, terminal: Terminal): void {
  program
    .command("chaos")
    .description(
      "put load on a cluster, break it again and again, and tell what was lost and for how long it was away",
    )
    .option("--local", "start a cluster of its own, and remove it at the end")
    .option(
      "--cluster-json <file>",
      "a running cluster: the line that interrex up --json printed; who was killed is started again to stay",
      pathFlag,
    )
    .option(
      "--sentinel <host:port>",
      "any other running cluster: load only, break it yourself",
      hostPortListFlag,
    )
    .option("--group <name>", "its group, with --sentinel", DEFAULT_GROUP)
    .addOption(passwordOption("the nodes and sentinels"))
    .addOption(
      new Option(
        "--kill <whom>",
        "kill -9, then start again (the default, of the master); of several kinds of fault the seed draws one each time",
      ).choices(TARGETS),
    )
    .addOption(new Option("--stop <whom>", "SIGSTOP: alive but silent, then SIGCONT").choices(TARGETS))
    .option(
      "--partition",
      "cut the master and one sentinel off (with --local: a cluster inside this process)",
    )
    .addOption(
      new Option("--every <time>", "from one fault to the next; the first comes within a second")
        .argParser(durationFlag)
        .default(5000, "5s"),
    )
    .addOption(
      new Option(
        "--for <time>",
        "length of the load; no fault begins later, and the outage of the last one is waited out",
      )
        .argParser(durationFlag)
        .default(60_000, "60s"),
    )
    .option(
      "--stop-for <time>",
      "stopped and cut off members stay so (default: 3 x down-after)",
      durationFlag,
    )
    .option("--dead-for <time>", "killed members stay dead (default: half of --every)", durationFlag)
    .addOption(
      new Option(
        "--replication <mode>",
        "of the own cluster (default: semi-sync); the verdict goes by it (default: what the cluster's record says)",
      ).choices(REPLICATION_MODES),
    )
    .option("--down-after <ms>", "of the own cluster (default: 1000)", wholeNumberFlag(50, DURATION_MS_MAX))
    .option("--nodes <count>", "of the own cluster", wholeNumberFlag(1, 9), 3)
    .option("--sentinels <count>", "of the own cluster", wholeNumberFlag(1, 9), 3)
    .option("--clients <count>", "concurrent clients", wholeNumberFlag(1, 200), 8)
    .option("--think <ms>", "pause of a client between two operations", wholeNumberFlag(0, 10_000), 1)
    .option(
      "--seed <number>",
      "the same seed chooses the same operations, faults and victims",
      wholeNumberFlag(0, 2 ** 31),
      1,
    )
    .option("--default-client", "ioredis with its default options, to see what an unprepared user sees")
    .option("--json", "print the report as one line of JSON")
    .action((flags: ChaosFlags, command: Command) => {
      const kinds = kindsOf(flags);
      checkChaosFlags(flags, kinds, (name) => command.getOptionValueSource(name) === "cli");
      return chaos(flags, kinds, terminal);
    });
}

async function chaos(flags: ChaosFlags, kinds: readonly FaultKind[], terminal: Terminal): Promise<void> {
  const stop = stopSignal();
  let arena: Arena | undefined;
  try {
    const opened = await openArena(flags, kinds, stop.atOnce);
    arena = opened;
    stop.atOnce.addEventListener("abort", () => {
      const running = opened.leftRunning?.() ?? [];
      if (running.length > 0) terminal.err(`interrex: left running: ${leftRunningText(running)}\n`);
    });
    const plan = planOf(flags, kinds, await findPromise(arena));
    const report = await runChaos(arena, plan, {
      signal: stop.signal,
      onProgress: ({ elapsedMs, operations, faults, now }) => {
        if (!terminal.live || flags.json === true) return;
        const left = durationText(Math.max(0, flags.for - elapsedMs));
        terminal.err(`${CLEAR_LINE}${left} left  ${operations} operations  ${faults} faults  ${now}`);
      },
    });
    if (terminal.live && flags.json !== true) terminal.err(CLEAR_LINE);
    if (flags.json === true) printJson(terminal, report);
    else terminal.out(reportText(report, terminal));
    if (!report.ok) {
      throw new InterrexError(
        "CHAOS_FAILED",
        `${report.problems.join("; ")}; the same victims again: --seed ${report.seed}`,
      );
    }
    // What was seen is told; the run that was asked for was not done.
    stop.signal.throwIfAborted();
  } catch (error) {
    throw error instanceof Interrupted ? sayingWhatRuns(error, arena) : error;
  } finally {
    await arena?.close();
    stop.release();
  }
}

/** Of a cluster that is somebody else's, what was started again has not been stopped. */
function sayingWhatRuns(error: Interrupted, arena: Arena | undefined): Interrupted {
  const running = arena?.leftRunning?.() ?? [];
  if (running.length === 0) return error;
  const message = `Interrupted; started again, and left running: ${leftRunningText(running)}`;
  return new Interrupted(error.exitCode, message);
}

function kindsOf(flags: ChaosFlags): FaultKind[] {
  const kinds: FaultKind[] = [];
  if (flags.kill !== undefined) kinds.push({ action: "kill", target: flags.kill });
  if (flags.stop !== undefined) kinds.push({ action: "stop", target: flags.stop });
  if (flags.partition === true) kinds.push({ action: "partition" });
  const hands = flags.local === true || flags.clusterJson !== undefined;
  if (kinds.length > 0 && !hands) {
    throw new InterrexError(
      "BAD_FLAG",
      "Faults need the processes' ids: give --cluster-json FILE (the line that interrex up --json printed), or --local",
    );
  }
  if (kinds.length === 0 && hands) kinds.push({ action: "kill", target: "master" });
  return kinds;
}

/** @param promise of the cluster that is there, where it tells: a verdict on another one would be none. */
function planOf(
  flags: ChaosFlags,
  kinds: readonly FaultKind[],
  promise: Awaited<ReturnType<typeof findPromise>>,
): ChaosPlan {
  const downAfterMs = promise?.downAfterMs ?? flags.downAfter ?? DOWN_AFTER_MS;
  return {
    kinds,
    everyMs: flags.every,
    forMs: flags.for,
    stopForMs: flags.stopFor ?? Math.min(3 * downAfterMs, DURATION_FLAG_MS_MAX),
    deadForMs: flags.deadFor ?? flags.every / 2,
    clients: flags.clients,
    thinkMs: flags.think,
    seed: flags.seed,
    defaultClient: flags.defaultClient === true,
    replication: flags.replication ?? promise?.replication ?? REPLICATION,
  };
}

async function openArena(
  flags: ChaosFlags,
  kinds: readonly FaultKind[],
  atOnce: AbortSignal,
): Promise<Arena> {
  const partitions = kinds.some(({ action }) => action === "partition");
  const { nodes, sentinels, password, replication = REPLICATION, downAfter = DOWN_AFTER_MS } = flags;
  const secret = password === undefined ? {} : { password };
  const own = { nodes, sentinels, replication, downAfterMs: downAfter, ...secret };
  if (flags.local === true) {
    refuseMissingReplica(kinds, nodes);
    return await starting<Arena>(() =>
      partitions ? startInProcessArena(own) : startLocalCluster({ ...own, main: MAIN_FILE, atOnce }),
    );
  }
  if (flags.clusterJson === undefined) {
    // What is wrong is told before any load, in plain words: the clients' library has none for a peer port.
    await askMaster(flags);
    return watchedArena(flags);
  }
  if (partitions) {
    throw new InterrexError(
      "BAD_FLAG",
      "--partition can't cut processes off from each other; use it with --local, which then runs the cluster in this process",
    );
  }
  const ready = parseReadyLine(await readLine(flags.clusterJson), flags.clusterJson);
  refuseMissingReplica(kinds, ready.nodes.length);
  const arena = new ProcessArena({
    group: ready.group,
    password: flags.password,
    processes: processesOf(ready, MAIN_FILE),
    foreign: true,
    atOnce,
  });
  // A file that is wrong is found before any load.
  await arena.confirmAll();
  return arena;
}

/** The master instead would be reported as what it is not. */
function refuseMissingReplica(kinds: readonly FaultKind[], nodes: number): void {
  if (nodes > 1 || !kinds.some((kind) => kind.action !== "partition" && kind.target === "replica")) return;
  throw new InterrexError(
    "BAD_FLAG",
    "A cluster of one node has no replica to kill or stop; aim at the master, or at a cluster of more nodes",
  );
}

/** Known by its sentinels alone: to look at, without hands. */
function watchedArena({ group, password, sentinel = [] }: ChaosFlags): Arena {
  const processes = sentinel.map(({ host, port }, index) => ({
    id: `sentinel ${index + 1}`,
    kind: "sentinel" as const,
    host,
    port,
  }));
  return new WatchedArena(group, password, processes);
}

async function readLine(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new InterrexError(
      "BAD_CONFIG",
      `Cannot read ${path} (${(cause as Error).message}); check --cluster-json`,
      {
        cause,
      },
    );
  }
}

function reportText(report: ChaosReport, terminal: Terminal): string {
  const client = report.defaultClient ? "ioredis with default options" : "ioredis with careful options";
  const lines = [
    `${durationText(report.elapsedMs)}, ${report.clients} clients (${client}), ${report.replication}, seed ${report.seed}`,
    "",
    ...layOut(outageRows(report)),
    "",
    ...layOut(countRows(report)),
    "",
    ...report.verdict.anomalies
      .slice(0, ANOMALIES_SHOWN)
      .map(({ key, kind, detail }) => `${kind} ${key}: ${detail}`),
    paint(terminal, report.ok ? (report.verdict.lost > 0 ? "yellow" : "green") : "red", verdictLine(report)),
  ];
  if (report.leftRunning.length > 0)
    lines.push(`Started again, and left running: ${leftRunningText(report.leftRunning)}`);
  if (report.historyFull)
    lines.push("The run ended early: its memory for operations was full; give a longer --think.");
  return `${lines.join("\n")}\n`;
}
