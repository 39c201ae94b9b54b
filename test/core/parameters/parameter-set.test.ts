import { describe, expect, it } from "vitest";
import { applyOutputLimits, readOutputLimits } from "../../../src/core/parameters/output-limits.ts";
import {
  integerBetween,
  memoryBetween,
  memoryOrPercent,
  oneOf,
  yesOrNo,
} from "../../../src/core/parameters/parameter-kinds.ts";
import { ParameterSet } from "../../../src/core/parameters/parameter-set.ts";
import { readSaveRules, saveRules } from "../../../src/core/parameters/save-rules.ts";
import type { OutputLimits } from "../../../src/protocol/resp/limits.ts";

describe("parameters", () => {
  function some(): { set: ParameterSet; applied: string[] } {
    const applied: string[] = [];
    const set = new ParameterSet([
      {
        ...{ name: "new-name", alias: "old-name", read: memoryBetween(0, 5000), initial: "100" },
        apply: (value, text) => applied.push(`${value} ${text}`),
      },
      { name: "limit", read: integerBetween(-1, 9), initial: "1", apply: (value) => applied.push(value) },
      { name: "port", read: integerBetween(0, 65_535), fixed: "it is set in node.yaml", value: () => "6379" },
      { name: "secret", read: yesOrNo, hidden: true, fixed: "why", value: () => "no" },
    ]);
    return { set, applied };
  }

  it("are changed all or none, under either name", () => {
    const { set, applied } = some();
    const wrong = new Map([
      ["old-name", "1kb"],
      ["limit", "10"],
    ]);
    expect(set.set(wrong)).toEqual({ name: "limit", reason: "argument must be between -1 and 9 inclusive" });
    expect([applied, set.get("new-name")]).toEqual([[], "100"]);
    expect(
      set.set(
        new Map([
          ["old-name", "1kb"],
          ["limit", "9"],
        ]),
      ),
    ).toBeUndefined();
    expect([applied, set.get("new-name"), set.get("old-name")]).toEqual([["1024 1kb", "9"], "1024", "1024"]);
    const twice = new Map([
      ["new-name", "1"],
      ["old-name", "2"],
    ]);
    expect(set.set(twice)).toEqual({ name: "old-name", reason: "duplicate parameter" });
  });

  it("that are fixed say why, and take what they are already", () => {
    const { set } = some();
    expect(set.set(new Map([["port", "6379"]]))).toBeUndefined();
    expect(set.set(new Map([["port", "1"]]))?.reason).toBe(
      "can't set immutable config: it is set in node.yaml",
    );
    expect(set.set(new Map([["port", "x"]]))?.reason).toBe("argument couldn't be parsed into an integer");
    expect([...set.names()]).toEqual(["new-name", "old-name", "limit", "port"]);
    expect(set.get("secret")).toBe("no");
  });

  it("are read as Redis reads them", () => {
    const memory = memoryBetween(0, 2 ** 40);
    expect(["1", "2k", "2kb", "1M", "1mb", "1g", "1gb"].map(memory)).toEqual(
      [1, 2000, 2048, 1e6, 2 ** 20, 1e9, 2 ** 30].map((bytes) => ({ value: String(bytes) })),
    );
    expect(["", "-1", "1tb", "x"].map(memory)).toEqual(
      Array.from({ length: 4 }, () => ({ reason: "argument must be a memory value" })),
    );
    expect(memoryOrPercent("200%")).toEqual({ reason: "percentage argument must be less or equal to 100" });
    expect(memoryOrPercent("20%")).toEqual({ value: "20%" });
    expect(yesOrNo("YES")).toEqual({ value: "yes" });
    expect(yesOrNo("1")).toEqual({ reason: "argument must be 'yes' or 'no'" });
    expect(oneOf(["a", "b"])("c")).toEqual({ reason: "argument(s) must be one of the following: a, b" });
  });
});

describe("client-output-buffer-limit", () => {
  const limits = (): OutputLimits => ({
    normal: { hardBytes: 1, softBytes: 2, softSec: 3 },
    pubsub: { hardBytes: 4, softBytes: 5, softSec: 6 },
  });

  it("changes the classes that are named", () => {
    const now = limits();
    const reading = readOutputLimits("PubSub 1kb 0 10", now);
    expect(reading).toEqual({ value: "normal 1 2 3 slave 0 0 0 pubsub 1024 0 10" });
    if ("value" in reading) applyOutputLimits(reading.value, now);
    expect(now).toEqual({ ...limits(), pubsub: { hardBytes: 1024, softBytes: 0, softSec: 10 } });
  });

  it.each([
    ["normal 1 2", "Wrong number of arguments in buffer limit configuration."],
    ["other 1 2 3", "Invalid client class specified in buffer limit configuration."],
    ["normal a 2 3", "Error in hard, soft or soft_seconds setting in buffer limit configuration."],
    ["slave 1 0 0", "can't set immutable config: replicas are no clients here, their limit stays 0 0 0"],
  ])("%s is refused", (text, reason) => {
    expect(readOutputLimits(text, limits())).toEqual({ reason });
  });
});

describe("save", () => {
  it("is pairs of seconds and changes", () => {
    expect(readSaveRules(" 3600  1 300 0100 ")).toEqual({ value: "3600 1 300 100" });
    expect(saveRules("3600 1 300 100")).toEqual([
      { afterMs: 3_600_000, changesMin: 1 },
      { afterMs: 300_000, changesMin: 100 },
    ]);
    expect(saveRules("")).toEqual([]);
    for (const wrong of ["1", "0 1", "a 1", "1 -1"]) {
      expect(readSaveRules(wrong)).toEqual({ reason: "Invalid save parameters" });
    }
  });
});
