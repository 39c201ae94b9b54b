import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { Child } from "../../../cluster/processes/child.ts";
import { type PlannedProcess, planLayout } from "../../../cluster/processes/layout.ts";
import { stopChildren } from "../../../cluster/processes/stop-children.ts";
import { writeConfig } from "../../../cluster/processes/write-config.ts";
import { examplePlan } from "./example-plan.ts";

const FAKE = fileURLToPath(new URL("./fake-member.mjs", import.meta.url));
let dir: string;
const started: Child[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "interrex-child-"));
});

afterEach(async () => {
  for (const child of started.splice(0)) {
    child.signal("SIGKILL");
    await child.exited;
  }
  rmSync(dir, { recursive: true });
});

function planned(kind = "obeys"): PlannedProcess {
  const [node] = planLayout({ ...examplePlan, dataDir: dir }).nodes;
  if (node === undefined) throw new Error("the plan has no node");
  // The fake member takes its behaviour where a real one takes its kind.
  return { ...node, kind: kind as PlannedProcess["kind"] };
}

function start(behaviour: string): Child {
  const plan = planned(behaviour);
  writeConfig(plan);
  const child = new Child(plan, FAKE);
  started.push(child);
  return child;
}

describe("a child process", () => {
  it("is ready when it says so", async () => {
    const child = start("obeys");
    await child.ready;
    expect(child.running).toBe(true);
    expect(child.pid).toBeGreaterThan(0);
  });

  it("has the generations and the threads with which a node has the shortest pauses and the fewest collections", async () => {
    const child = start("obeys");
    await child.ready;
    const log = readFileSync(child.plan.logPath, "utf8");
    expect(log).toContain("--max-semi-space-size=8");
    expect(log).toContain("--initial-old-space-size=64");
    expect(log).toMatch(/--v8-pool-size=[1-4]\b/);
  });

  it("that refuses to start gives its own reason", async () => {
    const child = start("refuses");
    await expect(child.ready).rejects.toThrow("n1 did not start: Port 1 is in use");
    expect(await child.exited).toEqual({ code: 2, signal: null });
  });

  it("that ends without a word points to its log", async () => {
    const child = start("crashes");
    await expect(child.ready).rejects.toThrow(
      `n1 did not start: it ended (exit 3); see ${child.plan.logPath}`,
    );
  });

  it("ends at SIGTERM", async () => {
    const child = start("obeys");
    await child.ready;
    await stopChildren([child], 10_000);
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.running).toBe(false);
  });

  it("that ignores SIGTERM is killed", async () => {
    const child = start("ignores");
    await child.ready;
    await stopChildren([child], 1);
    expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
  });

  it("that is stopped by SIGSTOP still ends at SIGTERM", async () => {
    const child = start("obeys");
    await child.ready;
    child.signal("SIGSTOP");
    await stopChildren([child], 10_000);
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });
});

describe("the file of a planned process", () => {
  it("says all that the process needs, and only its owner may read it", () => {
    const plan = planned("node");
    writeConfig(plan);
    expect(parse(readFileSync(plan.configPath, "utf8"))).toEqual({
      id: "n1",
      host: "127.0.0.1",
      port: 6379,
      peerPort: 16_379,
      dataDir: join(dir, "n1"),
      appendfsync: "everysec",
    });
    expect(statSync(plan.configPath).mode & 0o777).toBe(0o600);
  });
});
