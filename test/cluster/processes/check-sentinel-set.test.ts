/** Which data directories may be gone on with, by the sentinels and the group that they were begun with. */
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
    const file = { id, sentinels: ids(count).map((one) => ({ id: one })), groups: [{ name: "mymaster" }] };
    writeFileSync(join(dataDir, id, "sentinel.yaml"), stringify(file));
    for (const name of files) writeFileSync(join(dataDir, id, name), "");
  }
}

function check(count: number, group = "mymaster", dir = dataDir): void {
  checkSentinelSet(dir, { sentinels: ids(count), group });
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
    expect(() => check(before)).not.toThrow();
    const was = before === 1 ? "1 sentinel" : `${before} sentinels`;
    expect(() => check(planned)).toThrow(
      new RegExp(`begun with ${was}, not with .* Give --sentinels ${before}, or another --data-dir`),
    );
  });

  it("are any where none has ever run", () => {
    expect(() => check(3, "mymaster", join(dataDir, "new"))).not.toThrow();
    begunWith(3, []);
    expect(() => check(5)).not.toThrow();
  });

  it("are still those when one has lost its directory", () => {
    begunWith(3);
    rmSync(join(dataDir, "s1"), { recursive: true });
    expect(() => check(3)).not.toThrow();
    expect(() => check(1)).toThrow("begun with 3 sentinels");
  });

  it("can be others once their directories were moved away", () => {
    begunWith(3);
    for (const id of ids(3)) rmSync(join(dataDir, id), { recursive: true });
    expect(() => check(5)).not.toThrow();
  });
});

describe("the group of a data directory", () => {
  it("stays that, and another one is refused", () => {
    begunWith(3);
    expect(() => check(3, "other")).toThrow(
      /begun with group mymaster, .* Give --group mymaster, or another --data-dir$/,
    );
  });

  it("is any where no sentinel has ever run", () => {
    begunWith(3, []);
    expect(() => check(3, "other")).not.toThrow();
  });
});
