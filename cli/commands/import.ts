/** `interrex import`: brings the keys of a running Redis server into the group. Exit 1 when a key could not be copied. */
import { type Command, InvalidArgumentError } from "commander";
import type { Endpoint } from "../../cluster/chaos/endpoint.ts";
import { importKeys } from "../../cluster/import/import-keys.ts";
import type { ImportReport } from "../../cluster/import/run-import.ts";
import { InterrexError } from "../../src/base/errors.ts";
import { durationText } from "../duration.ts";
import { Interrupted } from "../exit.ts";
import { addSentinelFlags, askMaster, DEFAULT_SENTINEL, type SentinelFlags } from "../sentinel-client.ts";
import { stopSignal } from "../stop-signal.ts";
import { paint, printJson, type Terminal } from "../terminal.ts";

interface ImportFlags extends SentinelFlags {
  readonly replace?: boolean;
}

const CLEAR_LINE = "\r\u001b[2K";
const FAILURES_SHOWN = 10;
const SHOW_EVERY_MS = 100;

export function registerImportCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command("import")
    .description(
      "copy the keys of a running Redis server into the group; what is written there meanwhile may be missed: stop its writers first",
    )
    .argument("<url>", "redis://[user:password@]host:port, with /N for one database alone", urlArgument)
    .option("--replace", "overwrite keys that the group has already");
  addSentinelFlags(command).action((url: URL, flags: ImportFlags) => importFrom(url, flags, terminal));
}

async function importFrom(from: URL, flags: ImportFlags, terminal: Terminal): Promise<void> {
  const sentinels: readonly Endpoint[] = flags.sentinel ?? [DEFAULT_SENTINEL];
  // Says in words why a group can't be found, where the clients below would only go on looking.
  await askMaster(flags);
  const stop = stopSignal();
  const startedMs = performance.now();
  let done = 0;
  let shownAtMs = 0;
  let report: ImportReport;
  try {
    report = await importKeys({
      from,
      sentinels,
      group: flags.group,
      password: flags.password,
      replace: flags.replace === true,
      onProgress: ({ copied, gone, failed }, keys) => {
        done = copied;
        if (!terminal.live || performance.now() - shownAtMs < SHOW_EVERY_MS) return;
        shownAtMs = performance.now();
        terminal.err(`${CLEAR_LINE}${copied + gone + failed} of ${keys} keys`);
      },
      signal: stop.signal,
    });
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    throw new Interrupted(
      error.exitCode,
      `Interrupted: at least ${done} keys are copied; start anew with --replace`,
    );
  } finally {
    stop.release();
    if (terminal.live) terminal.err(CLEAR_LINE);
  }
  const tookMs = Math.round(performance.now() - startedMs);
  if (flags.json === true) printJson(terminal, { group: flags.group, ...report, tookMs });
  else terminal.out(reportText(report, tookMs, flags.group, terminal));
  if (report.failed === 0) return;
  throw new InterrexError("NOT_COPIED", `${report.failed} keys could not be copied`);
}

export function reportText(
  { copied, gone, failed, failures }: ImportReport,
  tookMs: number,
  group: string,
  terminal: Pick<Terminal, "colours">,
): string {
  const mark = failed === 0 ? paint(terminal, "green", "✓") : paint(terminal, "red", "✗");
  const lines = [`${mark} ${copied} keys copied into ${group} (${durationText(tookMs)})`];
  if (gone > 0) lines.push(`  ${gone} expired or were deleted before they were read`);
  for (const { database, key, reason } of failures.slice(0, FAILURES_SHOWN)) {
    lines.push(`  not copied: ${JSON.stringify(key)} of database ${database}: ${reason}`);
  }
  const more = failed - Math.min(failures.length, FAILURES_SHOWN);
  if (more > 0) lines.push(`  and ${more} more`);
  return `${lines.join("\n")}\n`;
}

function urlArgument(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isRedis = url?.protocol === "redis:" || url?.protocol === "rediss:";
  if (
    url === null ||
    !isRedis ||
    url.hostname === "" ||
    !/^(\/\d*)?$/.test(url.pathname) ||
    url.search + url.hash
  ) {
    throw new InvalidArgumentError("Give a URL such as redis://127.0.0.1:6379, or redis://127.0.0.1:6379/3.");
  }
  try {
    decodeURIComponent(url.username + url.password);
  } catch {
    throw new InvalidArgumentError("In a user or password, write % as %25.");
  }
  return url;
}
