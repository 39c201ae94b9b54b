/**
 * `npm run chaos:soak`: a cluster of real processes under random faults for a long time, and a verdict on everything its clients saw.
 * Exit 1 when the verdict is bad; the logs and the history are then kept, and their place is printed.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { REPLICATION_MODES } from "../cluster/config/fields.ts";
import { namespacesUnavailable } from "../cluster/hosts/namespaces.ts";
import { runSoak, type SoakEnd, type SoakProgress } from "../cluster/soak/run-soak.ts";
import { openSoakArena, type SoakArena } from "../cluster/soak/soak-arena.ts";
import { isNetworkKind, SOAK_FAULT_KINDS, type SoakFaultKind } from "../cluster/soak/soak-faults.ts";
import type { SoakPlan } from "../cluster/soak/soak-plan.ts";
import { soakCountRows, soakFaultRows, soakVerdictLine } from "../cluster/soak/soak-report.ts";
import type { ReplicationMode } from "../src/rules/group-record.ts";
import { durationText } from "./duration.ts";
import { durationFlag } from "./duration-flag.ts";
import { wholeNumberFlag } from "./flags.ts";
import { failOnLostOutput } from "./lost-output.ts";
import { MAIN_FILE } from "./main-file.ts";
import { stopSignal } from "./stop-signal.ts";
import { layOut } from "./table.ts";

interface SoakFlags {
  readonly for: number;
  readonly replication: ReplicationMode;
  readonly seed: number;
  readonly members: number;
  readonly downAfter: number;
  readonly clients: number;
  readonly think: number;
  readonly faults: readonly SoakFaultKind[];
  readonly partitions: boolean;
  readonly keep?: boolean;
  readonly json?: boolean;
}

const EXIT_FAILED = 1;
const EXIT_INTERRUPTED = 130;
const SEED_MAX = 2 ** 31 - 1;
const SAY_EVERY_MS = 10_000;
const CLEAR_LINE = "\r\u001b[2K";

const flags = new Command("chaos:soak")
  .description("real processes under random faults for a long time; every answer of every client is checked")
  .option("--for <time>", "length of the run, such as 30s or 10m", durationFlag, 60_000)
  .addOption(new Option("--replication <mode>").choices(REPLICATION_MODES).default("semi-sync"))
  .option(
    "--seed <number>",
    "the same seed draws the same faults and operations",
    wholeNumberFlag(0, SEED_MAX),
    Math.floor(Math.random() * SEED_MAX),
  )
  .option("--members <count>", "nodes, and as many sentinels", wholeNumberFlag(3, 9), 3)
  .option("--down-after <ms>", "silence after which a member is down", wholeNumberFlag(50, 60_000), 1000)
  .option("--clients <count>", "on each host, and outside of all", wholeNumberFlag(1, 50), 2)
  .option("--think <ms>", "mean pause of a client between two operations", wholeNumberFlag(1, 10_000), 25)
  .option("--faults <list>", "these, once each in this order, instead of random ones", faultsFlag, [])
  .option("--no-partitions", "all on this host, nobody is cut off")
  .option("--keep", "keep the logs and the history also when nothing was wrong")
  .option("--json", "print the report as one line of JSON")
  .parse()
  .opts<SoakFlags>();

await main();

async function main(): Promise<void> {
  const withoutPartitions = flags.partitions ? namespacesUnavailable() : "--no-partitions";
  const script = flags.faults.filter((kind) => withoutPartitions === null || !isNetworkKind(kind));
  if (withoutPartitions !== null) say(`nobody is cut off: ${withoutPartitions}`);
  const directory = mkdtempSync(join(tmpdir(), "interrex-soak-"));
  say(`seed ${flags.seed}, ${flags.replication}, ${durationText(flags.for)}; logs in ${directory}`);
  failOnLostOutput();
  const stop = stopSignal();
  const death = new AbortController();
  let soak: SoakArena | undefined;
  let end: SoakEnd | undefined;
  try {
    soak = await openSoakArena({
      main: MAIN_FILE,
      directory,
      members: flags.members,
      replication: flags.replication,
      downAfterMs: flags.downAfter,
      onHosts: withoutPartitions === null,
      onDeath: (id, how) => death.abort(`${id} ended by itself: ${how}`),
      atOnce: stop.atOnce,
    });
    end = await runSoak(soak, planOf(directory, script, withoutPartitions), death.signal, {
      signal: stop.signal,
      onProgress: progressLine(),
    });
  } catch (error) {
    say(`FAIL: ${(error as Error).message}`);
  } finally {
    await soak?.arena.close();
    stop.release();
  }
  conclude(directory, end, stop.signal.aborted);
}

function planOf(
  directory: string,
  script: readonly SoakFaultKind[],
  withoutPartitions: string | null,
): SoakPlan {
  return {
    seed: flags.seed,
    forMs: flags.for,
    script,
    replication: flags.replication,
    members: flags.members,
    downAfterMs: flags.downAfter,
    clientsPerPlace: flags.clients,
    thinkMs: flags.think,
    directory,
    withoutPartitions,
  };
}

function conclude(directory: string, end: SoakEnd | undefined, interrupted: boolean): void {
  if (end !== undefined) {
    const { report } = end;
    process.stdout.write(flags.json === true ? `${JSON.stringify(report)}\n` : reportText(end));
    if (report.ok) process.exitCode = interrupted ? EXIT_INTERRUPTED : 0;
    else process.exitCode = EXIT_FAILED;
    if (report.ok && flags.keep !== true) {
      rmSync(directory, { recursive: true });
      return;
    }
    writeFileSync(join(directory, "report.json"), JSON.stringify(report, null, 2));
    const lines = end.history.operations.map((operation) => JSON.stringify(operation));
    writeFileSync(join(directory, "history.jsonl"), `${lines.join("\n")}\n`);
    writeFileSync(join(directory, "faults.json"), JSON.stringify(end.history.faults, null, 2));
  }
  process.exitCode ??= EXIT_FAILED;
  say(`the logs, and the history as far as there is one: ${directory}`);
}

function reportText({ report }: SoakEnd): string {
  const where = report.withoutPartitions === null ? `${report.members} hosts` : "one host";
  const lines = [
    `${durationText(report.elapsedMs)}, ${where}, ${report.clients} clients, ${report.replication}, seed ${report.seed}`,
    "",
    ...layOut(soakFaultRows(report)),
    "",
    ...layOut(soakCountRows(report)),
    "",
    soakVerdictLine(report),
  ];
  return `${lines.join("\n")}\n`;
}

/** On a terminal one line that changes; else a line now and then. */
function progressLine(): (progress: SoakProgress) => void {
  let saidAtMs = 0;
  return ({ elapsedMs, operations, faults, now }) => {
    const line = `${durationText(elapsedMs)}  ${operations} operations  ${faults} faults  ${now}`;
    if (process.stderr.isTTY) process.stderr.write(`${CLEAR_LINE}${line}`);
    else if (elapsedMs - saidAtMs >= SAY_EVERY_MS) {
      saidAtMs = elapsedMs;
      say(line);
    }
  };
}

function say(line: string): void {
  process.stderr.write(`${process.stderr.isTTY ? CLEAR_LINE : ""}${line}\n`);
}

function faultsFlag(text: string): SoakFaultKind[] {
  return text.split(",").map((word) => {
    const kind = SOAK_FAULT_KINDS.find((candidate) => candidate === word.trim());
    if (kind === undefined) throw new InvalidArgumentError(`Give some of ${SOAK_FAULT_KINDS.join(", ")}.`);
    return kind;
  });
}
