/** What is wrong with flags is told by their own names, not by the keys that they stand for. */
import { describe, expect, it } from "vitest";
import { loadSentinelConfig } from "../../../cluster/config/load-config.ts";

describe("a sentinel described by flags", () => {
  const s1 = { id: "s1", url: "ws://127.0.0.1:37501" };
  const n1 = { id: "n1", url: "ws://127.0.0.1:17501" };
  const groupOf = (nodes: unknown) => [{ name: "mymaster", nodes }];

  it.each<[string, unknown, unknown]>([
    ["--nodes must list at least one group of data nodes (it is missing)", [s1], undefined],
    ['--sentinels "s1" is used twice in this list', [s1, { ...s1, url: "ws://127.0.0.1:1" }], groupOf([n1])],
    ['--nodes "n1" is used twice in this list', [s1], groupOf([n1, { ...n1, url: "ws://127.0.0.1:1" }])],
    [
      `--nodes "${s1.url}" is that of sentinel s1; a process has one part in one group`,
      [s1],
      groupOf([{ ...n1, url: s1.url }]),
    ],
  ])("is refused by the flag's own name: %s", (message, sentinels, groups) => {
    const flags = { id: "s1", sentinels, ...(groups === undefined ? {} : { groups }) };
    expect(() => loadSentinelConfig({ flags })).toThrow(
      expect.objectContaining({ code: "BAD_CONFIG", message }),
    );
  });
});
