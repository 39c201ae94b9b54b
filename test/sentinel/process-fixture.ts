/**
 * Sentinel processes for tests, each with its real core, network and disk: a set of one, whose data nodes nobody has started.
 * Keeps what they log and how they fail; they and their directory go when the test ends. Checks no behaviour, but that nothing
 * failed that the test has not taken note of.
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect } from "vitest";
import type { ConfiguredGroup, SentinelConfig } from "../../sentinel/sentinel-config.ts";
import { SentinelProcess, type SentinelProcessOptions } from "../../sentinel/sentinel-process.ts";
import type { MemberId, SentinelId } from "../../src/base/ids.ts";
import { createLogger, type Logger } from "../../src/io/logger.ts";

/** Port 1 refuses: no test of ours listens there. */
export const group: ConfiguredGroup = {
  name: "mymaster",
  nodes: ["n1", "n2", "n3"].map((id) => ({
    id: id as MemberId,
    url: "ws://127.0.0.1:1",
    priority: 100,
    zone: "",
    voting: true,
  })),
  quorum: 1,
  downAfterMs: 1000,
  stallAfterMs: 2000,
  switchoverTimeoutMs: 5000,
  replication: { mode: "semi-sync", copies: 2 },
  crashEvidence: true,
};

const CONFIG: SentinelConfig = {
  id: "s1" as SentinelId,
  host: "127.0.0.1",
  port: 0,
  peerPort: 0,
  announceHost: "127.0.0.1",
  dataDir: null,
  password: null,
  peerSecret: null,
  sentinels: [{ id: "s1" as SentinelId, url: "ws://127.0.0.1:1" }],
  membershipVersion: 1,
  groups: [group],
};

export interface ProcessFixture {
  /** `s1` on free ports, its state in memory only, where `change` does not say otherwise. */
  start(change?: Partial<SentinelConfig>, more?: Partial<SentinelProcessOptions>): Promise<SentinelProcess>;
  /** The test's own, the same at each call. */
  directory(): string;
  /** Writes to `lines`, as those that were started do. */
  logger(): Logger;
  /** Logged in this test. */
  readonly lines: Record<string, unknown>[];
  /** Of those that have stopped by themselves; a test takes out what it expects. */
  readonly failures: Error[];
}

/** Call it once, outside of the tests. */
export function processFixture(): ProcessFixture {
  const lines: Record<string, unknown>[] = [];
  const failures: Error[] = [];
  const started: SentinelProcess[] = [];
  let directory: string | null = null;

  beforeEach(() => {
    lines.length = 0;
    failures.length = 0;
  });

  afterEach(async () => {
    await Promise.all(started.map((sentinel) => sentinel.stop()));
    for (const sentinel of started.splice(0)) sentinel.kill();
    if (directory !== null) rmSync(directory, { recursive: true, force: true });
    directory = null;
    expect(failures).toEqual([]);
  });

  const logger = (): Logger => {
    const write = (line: string) => lines.push(JSON.parse(line));
    return createLogger({ level: "info", id: "s1", destination: { write } });
  };
  return {
    start: async (change, more) => {
      const sentinel = await SentinelProcess.start({
        config: { ...CONFIG, ...change },
        logger: logger(),
        onFailed: (error) => failures.push(error),
        ...more,
      });
      started.push(sentinel);
      return sentinel;
    },
    directory: () => {
      directory ??= mkdtempSync(path.join(os.tmpdir(), "interrex-sentinel-"));
      return directory;
    },
    logger,
    lines,
    failures,
  };
}
