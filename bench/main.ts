/** `npm run bench`: every figure of interrex beside Redis in the same run, on the same machine; a table, and JSON to quote from. */
import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname, resolve } from "node:path";
import { Command, Option } from "commander";
import { findContenders } from "./contender.ts";
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
import { OpenArenas } from "./open-arenas.ts";
import { figureTable, scoreLine } from "./table.ts";

const EXIT_INTERRUPTED = 130;

const GROUPS = {
  failover: failoverFigures,
  isolation: isolationFigures,
  throughput: throughputFigures,
  latency: latencyFigures,
} as const;

interface BenchFlags {
  readonly quick?: boolean;
  readonly json?: string;
  readonly only?: keyof typeof GROUPS;
}

const flags = new Command("bench")
  .description("measures interrex beside Redis and Redis Sentinel")
  .option("--quick", "fewer rounds: minutes instead of a quarter of an hour, and noisier")
  .option("--json <file>", "where the results go (default: bench/results/TIME.json)")
  .addOption(new Option("--only <group>", "one group of figures").choices(Object.keys(GROUPS)))
  .parse()
  .opts<BenchFlags>();

const open = new OpenArenas();
const { contenders, missing } = await findContenders(open);
const say = (line: string): void => void process.stderr.write(`${line}\n`);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
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

const lines = [
  `${sides}; 1 master, 2 replicas, 3 sentinels, down-after 1000 ms; ${machine.cores} cores (${machine.cpu}), Node ${machine.node}`,
  "",
  ...figureTable(figures),
  "",
  scoreLine(figures),
  `written to ${path}`,
];
process.stdout.write(`${lines.join("\n")}\n`);
