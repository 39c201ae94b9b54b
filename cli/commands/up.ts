/** `interrex up`: a whole cluster on this machine, each node and sentinel its own process, until told to stop. */
import { type Command, Option } from "commander";
import {
  APPEND_FSYNC,
  DEFAULT_GROUP,
  DURATION_MS_MAX,
  REPLICATION_MODES,
} from "../../cluster/config/fields.ts";
import type { PlannedProcess } from "../../cluster/processes/layout.ts";
import { ProcessCluster, type Started } from "../../cluster/processes/process-cluster.ts";
import type { AppendFsync } from "../../src/io/storage/member-storage.ts";
import type { ReplicationMode } from "../../src/rules/group-record.ts";
import { starting } from "../exit.ts";
import { passwordOption, pathFlag, portFlag, wholeNumberFlag } from "../flags.ts";
import { MAIN_FILE } from "../main-file.ts";
import { withSpinner } from "../spinner.ts";
import { type StopSignal, stopSignal } from "../stop-signal.ts";
import { printJson, type Terminal } from "../terminal.ts";
import { readyLine, readyText } from "../up-report.ts";

export interface UpFlags {
  readonly nodes: number;
  readonly sentinels: number;
  readonly group: string;
  readonly host: string;
  readonly announceHost?: string;
  readonly port: number;
  readonly sentinelPort: number;
  readonly replication: ReplicationMode;
  readonly copies?: number;
  readonly downAfter: number;
  readonly appendfsync: AppendFsync;
  readonly dataDir: string;
  readonly password?: string;
  readonly peerSecret?: string;
  readonly json?: boolean;
}

export function registerUpCommand(program: Command, terminal: Terminal): void {
  program
    .command("up")
    .description("start a whole cluster on this machine, each node and sentinel its own process")
    .option("--nodes <count>", "data nodes", wholeNumberFlag(1, 50), 3)
    .option("--sentinels <count>", "sentinels", wholeNumberFlag(1, 50), 3)
    .option("--group <name>", "name that clients ask the sentinels for", DEFAULT_GROUP)
    .option("--host <host>", "address that all bind to", "127.0.0.1")
    .option("--announce-host <host>", "where others are told to reach them (default: host)")
    .option(
      "--port <port>",
      "of the first node, the others follow; peer ports are 10000 above",
      portFlag,
      6379,
    )
    .option("--sentinel-port <port>", "of the first sentinel, the others follow", portFlag, 26_379)
    .addOption(
      new Option("--replication <mode>", "when a write is acknowledged")
        .choices(REPLICATION_MODES)
        .default("semi-sync"),
    )
    .option(
      "--copies <W>",
      "copies of a write, the master's own included (default: a majority)",
      wholeNumberFlag(1, 50),
    )
    .option("--down-after <ms>", "silence that counts as down", wholeNumberFlag(50, DURATION_MS_MAX), 1000)
    .addOption(
      new Option("--appendfsync <when>", "when records are synced to disk")
        .choices(APPEND_FSYNC)
        .default("everysec"),
    )
    .option(
      "--data-dir <dir>",
      "where everything is kept; start again with the same to go on",
      pathFlag,
      "./data",
    )
    .addOption(passwordOption("the nodes and sentinels, for clients"))
    .option("--peer-secret <text>", "shared secret of the peer ports")
    .option("--json", "print one line of JSON when ready, and nothing else on stdout")
    .action((flags: UpFlags) => up(flags, terminal));
}

async function up(flags: UpFlags, terminal: Terminal): Promise<void> {
  const stop = stopSignal();
  try {
    const { cluster, master, replication, survives, differences } = await withSpinner(
      terminal,
      "starting, and electing a master",
      () => starting(() => start(flags, stop, terminal)),
    );
    if (differences.length > 0) terminal.err(`interrex: ${differencesText(flags, differences)}\n`);
    const ready = readyLine(flags.group, master, cluster);
    if (flags.json === true) printJson(terminal, ready);
    else terminal.out(readyText(ready, { ...flags, replication, survives }, terminal));
    await stop.told;
    await withSpinner(terminal, "stopping", () => cluster.stop());
    if (flags.json !== true) terminal.out(`stopped; the data is in ${flags.dataDir}\n`);
  } finally {
    stop.release();
  }
}

function start(flags: UpFlags, { signal, atOnce }: StopSignal, terminal: Terminal): Promise<Started> {
  return ProcessCluster.start({
    plan: {
      ...flags,
      announceHost: flags.announceHost ?? null,
      copies: flags.copies ?? null,
      downAfterMs: flags.downAfter,
      password: flags.password ?? null,
      peerSecret: flags.peerSecret ?? null,
    },
    main: MAIN_FILE,
    signal,
    atOnce,
    onDeath: (process, pid, exit) => {
      const how = exit.signal === null ? `exit ${exit.code}` : exit.signal;
      terminal.err(`interrex: ${process.id} (pid ${pid}) has died: ${how}. ${advice(process)}\n`);
    },
  });
}

function differencesText({ group, dataDir }: UpFlags, differences: readonly string[]): string {
  return (
    `${group} goes on as it was begun in ${dataDir}, whatever the flags say: ${differences.join("; ")}. ` +
    "To change that see `Changing the group` in docs/operations.md"
  );
}

function advice({ kind, logPath, configPath }: PlannedProcess): string {
  return `Its log: ${logPath}. Start it again with: interrex ${kind} --config ${configPath}`;
}
