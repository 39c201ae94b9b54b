/** Which data directories may be gone on with, by the sentinels that they were begun with. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { checkSentinelSet } from "../../../cluster/processes/check-sentinel-set.ts";

let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "interrex-set-"));
});

afterEach(() => {
  rmSync(dataDir, { recursive: true });
});

function begunWith(count: number, files: readonly string[] = ["votes.cell"]): void {
  for (const id of ids(count)) {
    mkdirSync(join(dataDir, id), { recursive: true });
    const file = { id, sentinels: ids(count).map((one) => ({ id: one, url: "ws://127.0.0.1:1" })) };
    writeFileSync(join(dataDir, id, "sentinel.yaml"), stringify(file));
    for (const name of files) writeFileSync(join(dataDir, id, name), "");
  }
}

function ids(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `s${index + 1}`);
}

describe("the sentinels of a data directory", () => {
  it.each([
    [3, 5],
    [5, 1],
    [1, 3],
  ])("%i stay that many, and %i are refused", (before, planned) => {
    begunWith(before);
    expect(() => checkSentinelSet(dataDir, ids(before))).not.toThrow();
    const was = before === 1 ? "1 sentinel" : `${before} sentinels`;
    expect(() => checkSentinelSet(dataDir, ids(planned))).toThrow(
      new RegExp(`begun with ${was}, not with .* Give --sentinels ${before}, or another --data-dir`),
    );
  });

  it("are any where none has ever run", () => {
    expect(() => checkSentinelSet(join(dataDir, "new"), ids(3))).not.toThrow();
    begunWith(3, []);
    expect(() => checkSentinelSet(dataDir, ids(5))).not.toThrow();
  });

  it("are still those when one has lost its directory", () => {
    begunWith(3);
    rmSync(join(dataDir, "s1"), { recursive: true });
    expect(() => checkSentinelSet(dataDir, ids(3))).not.toThrow();
    expect(() => checkSentinelSet(dataDir, ids(1))).toThrow("begun with 3 sentinels");
  });

  it("can be others once their directories were moved away", () => {
    begunWith(3);
    for (const id of ids(3)) rmSync(join(dataDir, id), { recursive: true });
    expect(() => checkSentinelSet(dataDir, ids(5))).not.toThrow();
  });
});
