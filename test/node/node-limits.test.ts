/** How many clients a node takes. */
import { describe, expect, it } from "vitest";
import { openFilesMax, readOpenFilesMax } from "../../src/io/open-files.ts";
import { nodeLimits } from "../../src/node/node-limits.ts";

describe("the clients that a node takes", () => {
  it.each([
    [10_000, null, 10_000],
    [10_000, 1_048_576, 10_000],
    [10_000, 4096, 3840],
    [10_000, 300, 150],
    [100, 4096, 100],
  ])("%d are configured, %s files may be open: %d", (configured, files, clients) => {
    expect(nodeLimits(configured, files).clientsMax).toBe(clients);
  });

  it("can be raised by CONFIG SET as far as files are left", () => {
    expect(nodeLimits(100, 4096).clientsCeiling).toBe(3840);
  });
});

describe("the limit of open files", () => {
  it("is the soft one", () => {
    const line = "Max open files            1024                 524288               files     \n";
    expect(readOpenFilesMax(`Max processes             7823  7823  processes \n${line}`)).toBe(1024);
  });

  it("is unknown where there is none", () => {
    const line = "Max open files            unlimited            unlimited            files     \n";
    expect(readOpenFilesMax(line)).toBeNull();
  });

  it.skipIf(process.platform !== "linux")("is told by Linux", () => {
    expect(openFilesMax()).toBeGreaterThan(10);
  });
});
