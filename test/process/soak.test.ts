/** A short soak with its faults in a fixed order: what `npm run chaos:soak` does for minutes. And nothing stays, however it ends. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { SoakReport } from "../../cluster/soak/soak-report.ts";
import { until } from "../../cluster/until.ts";
import { type BuiltCommand, startBuilt } from "../cli/built-command.ts";
import { skipsNamespaces } from "./host-cluster.ts";

const SOAK = join(import.meta.dirname, "../../dist/cli/chaos-soak.js");
const FAULTS = ["kill-all", "cut-off-master", "switchover"];
const TIMEOUT_MS = 180_000;
const withoutHosts = skipsNamespaces();

function soak(...flags: readonly string[]): BuiltCommand {
  return startBuilt(["--for", "10m", "--seed", "1", ...flags], tmpdir(), SOAK);
}

/** Where its members keep their data; every command line of theirs names it. */
async function directoryOf(command: BuiltCommand): Promise<string> {
  return await until(() => /logs in (\S+)/.exec(command.stderr)?.[1], {
    timeoutMs: TIMEOUT_MS,
    what: () => `the first line of the soak; it says: ${command.stderr}`,
  });
}

function processesOf(directory: string): string[] {
  const { stdout } = spawnSync("pgrep", ["-f", directory], { encoding: "utf8" });
  return stdout.split("\n").filter((line) => line !== "");
}

function namespaces(): string {
  return withoutHosts ? "" : execFileSync("ip", ["netns"], { encoding: "utf8" });
}

describe("a soak", () => {
  it.each(["semi-sync", "sync", "async"])(
    "in %s passes kills of all, a cut off host and a switchover",
    async (mode) => {
      const command = soak("--replication", mode, "--faults", FAULTS.join(), "--json");
      const { code } = await command.exited;
      expect(command.stderr).not.toContain("FAIL");
      const report = JSON.parse(command.stdout) as SoakReport;
      expect(report.problems).toEqual([]);
      expect(report.verdict.acknowledged).toBeGreaterThan(100);
      expect(report.verdict.reads).toBeGreaterThan(100);
      if (mode !== "async") expect(report).toMatchObject({ linearizable: true, verdict: { lost: 0 } });
      const expected = FAULTS.filter((kind) => !withoutHosts || kind !== "cut-off-master");
      expect(report.faults.map(({ kind, count }) => [kind, count])).toEqual(
        expected.map((kind) => [kind, 1]),
      );
      expect(code).toBe(0);
    },
    TIMEOUT_MS,
  );

  it.each([
    { signal: "SIGINT", what: "interrupted" },
    { signal: "SIGKILL", what: "killed" },
  ] as const)(
    "leaves no process and no network behind when it is $what",
    async ({ signal }) => {
      const before = namespaces();
      const command = soak();
      const directory = await directoryOf(command);
      await until(() => (processesOf(directory).length >= 6 ? true : undefined), {
        timeoutMs: TIMEOUT_MS,
        what: () => `six members; the soak says: ${command.stderr}`,
      });
      command.process.kill(signal);
      await command.exited;
      await until(() => (processesOf(directory).length === 0 ? true : undefined), {
        timeoutMs: TIMEOUT_MS,
        what: () => `the end of ${processesOf(directory).join(", ")}`,
      });
      await until(() => (namespaces() === before ? true : undefined), {
        timeoutMs: TIMEOUT_MS,
        what: () => `the end of its namespaces; there are ${namespaces()}`,
      });
      if (existsSync(directory)) execFileSync("rm", ["-r", directory]);
    },
    TIMEOUT_MS,
  );
});
