/**
 * `npm run redis-suite -- --checkout DIR`: Redis's own test suite, against redis-server and against a cluster, unit by unit.
 * Exit 1 when a test fails without a reviewed reason, the replicas' states differ, or the group failed over by itself.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { wholeNumberFlag } from "../../../cli/flags.ts";
import { stopSignal } from "../../../cli/stop-signal.ts";
import { judge, leftOutTests } from "./judgement.ts";
import { findings, reportOf, reportText, type UnitReport } from "./report.ts";
import { REVIEW } from "./review.ts";
import { copySuite } from "./suite-copy.ts";
import { runSuite } from "./suite-run.ts";
import { interrexTarget, redisTarget, type Target } from "./targets.ts";
import { verdictsOf } from "./unit-verdicts.ts";
import { UNITS } from "./units.ts";

interface Flags {
  readonly checkout: string;
  readonly only?: readonly string[];
  readonly jobs: number;
  readonly json?: boolean;
}

const flags = new Command("redis-suite")
  .description("Redis's own test suite, against redis-server and against a cluster of interrex")
  .requiredOption(
    "--checkout <directory>",
    "a checkout of redis 7.0; its tests are copied, it is not written to",
  )
  .addOption(new Option("--only <units...>", "these units").choices(UNITS))
  .option("--jobs <count>", "units side by side", wholeNumberFlag(1, 8), 1)
  .option("--json", "print the report as JSON")
  .parse()
  .opts<Flags>();

/** The script runs by npm, which sets the package's directory. */
const MAIN = join(process.cwd(), "dist/cli/main.js");
const CLEAR_LINE = "\r\u001b[2K";

const stop = stopSignal();
const failed = new AbortController();
const signal = AbortSignal.any([stop.signal, failed.signal]);
try {
  await main();
} catch (error) {
  say(stop.signal.aborted ? "interrupted" : `FAIL: ${(error as Error).message}`);
  process.exitCode = stop.signal.aborted ? 130 : 2;
} finally {
  stop.release();
}

async function main(): Promise<void> {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is not there: run npm run build`);
  const waiting = [...(flags.only ?? UNITS)];
  const order = [...waiting];
  const done: UnitReport[] = [];
  const worker = async (): Promise<void> => {
    // Each has a copy of its own: units write to the same files in it.
    const copy = await copySuite(flags.checkout);
    try {
      for (let unit = waiting.shift(); unit !== undefined; unit = waiting.shift()) {
        const report = await measure(copy.directory, unit);
        done.push(report);
        say(`${unit}: ${report.passed} of ${report.counted}`);
        for (const line of findings(report)) say(line);
      }
    } catch (error) {
      failed.abort();
      throw error;
    } finally {
      await copy[Symbol.asyncDispose]();
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: flags.jobs }, worker));
  for (const end of workers) if (end.status === "rejected") throw end.reason;
  done.sort((a, b) => order.indexOf(a.unit) - order.indexOf(b.unit));
  const report = reportOf(done);
  process.stdout.write(flags.json === true ? `${JSON.stringify(report)}\n` : reportText(report));
  if (!report.ok) process.exitCode = 1;
}

async function measure(directory: string, unit: string): Promise<UnitReport> {
  const startedMs = performance.now();
  let trouble: string | null = null;
  const verdicts = (name: string, leftOut: readonly string[], open: () => Promise<Target>) =>
    verdictsOf(unit, leftOut, async (skip) => {
      const target = await open();
      try {
        const run = await runSuite(target.server, {
          directory,
          unit,
          skip,
          signal,
          onProgress: (finished, running) =>
            progress(`${unit}  ${name}  ${finished} tests  ${running ?? ""}`),
        });
        trouble ??= await target.trouble();
        const left =
          run.end.kind === "done" ? "" : `, ended by: ${run.end.test ?? "what stands between tests"}`;
        say(`${unit}  ${name}  ${run.outcomes.length} tests${left}`);
        return run;
      } finally {
        await target[Symbol.asyncDispose]();
      }
    });
  const redis = await verdicts("redis", [], redisTarget);
  const interrex = await verdicts("interrex", leftOutTests(unit, REVIEW), () => interrexTarget(MAIN));
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  return { ...judge(redis, interrex, REVIEW), trouble, seconds };
}

/** On a terminal one line that changes. */
function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${CLEAR_LINE}${line.slice(0, process.stderr.columns - 1)}`);
}

function say(line: string): void {
  process.stderr.write(`${process.stderr.isTTY ? CLEAR_LINE : ""}${line}\n`);
}
