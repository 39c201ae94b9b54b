/** `npm run bench`: every figure of interrex beside Redis in the same run, on the same machine; a table, and JSON to quote from. */
import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname, resolve } from "node:path";
import { Command, Option } from "commander";
import { failOnLostOutput } from "../cli/lost-output.ts";
import { findContenders } from "./contender.ts";
import { familiesFigures } from "./families.ts";
import type { Figure } from "./figure.ts";
import {
  type Bench,
  FULL_EFFORT,
  failoverFigures,
  latencyFigures,
  QUICK_EFFORT,
  throughputFigures,
} from "./figures.ts";
import { isolationFigures } from "./isolation.ts";
import { memoryFigures } from "./memory.ts";
import { millionFigures } from "./million.ts";
import { OpenArenas } from "./open-arenas.ts";
import { aimLine, figureTable, scoreLine } from "./table.ts";

const EXIT_INTERRUPTED = 130;

const GROUPS = {
  failover: failoverFigures,
  isolation: isolationFigures,
  throughput: throughputFigures,
  latency: latencyFigures,
  families: familiesFigures,
  memory: memoryFigures,
  million: millionFigures,
} as const;

const GROUPS_HELP = `
Groups:
  failover    how long a client can't write when the master dies or stops; also with 1M keys (100k with --quick)
  isolation   the same when its host is cut off, and the writes lost (needs network namespaces)
  throughput  SET and GET a second, -P 1, 16 and 64
  latency     one SET, async and semi-sync
  families    one command of each family a second, -P 1 and 16; the aim is 0.8 of Redis
  memory      bytes a string, a hash field and a sorted-set member (1M; 100k with --quick)
  million     1M keys (100k with --quick): restart, full sync, and the longest waits of a client

Each is described in docs/benchmarks.md.`;

interface BenchFlags {
  readonly quick?: boolean;
  readonly json?: string;
  readonly only?: keyof typeof GROUPS;
}

const flags = new Command("bench")
  .description("measures interrex beside Redis and Redis Sentinel")
  .option("--quick", "fewer rounds and keys: minutes instead of most of an hour, and noisier")
  .option("--json <file>", "where the results go (default: bench/results/TIME.json)")
  .addOption(new Option("--only <group>", "one group of figures").choices(Object.keys(GROUPS)))
  .addHelpText("after", GROUPS_HELP)
  .parse()
  .opts<BenchFlags>();

failOnLostOutput();
const open = new OpenArenas();
const { contenders, missing } = await findContenders(open);
const say = (line: string): void => void process.stderr.write(`${line}\n`);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    say(`${signal}: stopping what was started`);
    void open.closeAll().finally(() => process.exit(EXIT_INTERRUPTED));
  });
}
for (const line of missing) say(line);

const bench: Bench = { contenders, effort: flags.quick === true ? QUICK_EFFORT : FULL_EFFORT, say };
const startedAt = new Date();
const figures: Figure[] = [];
for (const [group, measure] of Object.entries(GROUPS)) {
  if (flags.only === undefined || flags.only === group) figures.push(...(await measure(bench)));
}

const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version };
const sides = contenders.map(({ label }) => label).join(" and ");
const path = resolve(flags.json ?? `bench/results/${startedAt.toISOString().replace(/[:.]/g, "-")}.json`);
await mkdir(dirname(path), { recursive: true });
const results = {
  startedAt: startedAt.toISOString(),
  effort: bench.effort,
  machine,
  sides,
  missing,
  figures,
};
await writeFile(path, `${JSON.stringify(results, null, 2)}\n`);

const aims = aimLine(figures);
const lines = [
  `${sides}; 1 master, 2 replicas, 3 sentinels, down-after 1000 ms (memory, million: one server alone); ${machine.cores} cores (${machine.cpu}), Node ${machine.node}`,
  "",
  ...figureTable(figures),
  "",
  scoreLine(figures),
  ...(aims === null ? [] : [aims]),
  `written to ${path}`,
];
process.stdout.write(`${lines.join("\n")}\n`);
