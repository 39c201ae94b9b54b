import { describe, expect, it } from "vitest";
import { loadSentinelConfig } from "../../../cluster/config/load-config.ts";
import { fileOf, SENTINEL, sentinelRefusal } from "./config-files.ts";

describe("sentinel.yaml", () => {
  it("works out quorum and time-outs, and leaves to the nodes what it does not say of them", () => {
    const { config } = loadSentinelConfig({ path: fileOf(SENTINEL) });
    expect(config).toMatchObject({
      port: 26_379,
      peerPort: 36_379,
      membershipVersion: 1,
      dataDir: "./data/s1",
    });
    expect(config.groups[0]).toMatchObject({
      quorum: 2,
      downAfterMs: 1000,
      stallAfterMs: 2000,
      switchoverTimeoutMs: 5000,
      replication: { mode: "semi-sync", copies: null },
      crashEvidence: true,
    });
    expect(config.groups[0]?.nodes[1]).toEqual({
      id: "n2",
      url: "ws://127.0.0.1:16380",
    });
  });

  it("overrules what a node says of itself only where it says so", () => {
    const file = fileOf(SENTINEL.replace("16380", '16380", voting: false, zone: "b'));
    const nodes = loadSentinelConfig({ path: file }).config.groups[0]?.nodes;
    expect(nodes?.map(({ voting }) => voting)).toEqual([undefined, false, undefined]);
  });

  it("must list itself", () => {
    expect(sentinelRefusal((content) => content.replace("id: s1\n", "id: s9\n"))).toBe(
      'some.yaml:2: sentinels does not list "s9" itself; every sentinel lists all of them',
    );
  });

  it("refuses two nodes of one id, at the second one's line", () => {
    expect(sentinelRefusal((content) => content.replace("id: n3", "id: n1"))).toBe(
      'some.yaml:11: groups[0].nodes[2].id "n1" is used twice in this list',
    );
  });

  it("refuses a quorum above the number of sentinels", () => {
    expect(sentinelRefusal((content) => `${content}    quorum: 4\n`)).toBe(
      "some.yaml:12: groups[0].quorum is 4, but there are 3 sentinels only",
    );
  });

  it("refuses more copies than nodes that vote", () => {
    const replication = "    replication: { mode: sync, copies: 4 }\n";
    expect(sentinelRefusal((content) => content + replication)).toBe(
      "some.yaml:12: groups[0].replication.copies is 4, but only 3 nodes vote; no write could ever be acknowledged",
    );
  });

  it("refuses copies in async, which would not be waited for", () => {
    const replication = "    replication: { mode: async, copies: 2 }\n";
    expect(sentinelRefusal((content) => content + replication)).toMatch(
      /copies is 2, but async acknowledges/,
    );
  });

  it("refuses an unknown mode", () => {
    expect(sentinelRefusal((content) => `${content}    replication: { mode: fast }\n`)).toBe(
      'some.yaml:12: groups[0].replication.mode must be async, semi-sync or sync (got "fast")',
    );
  });

  it.each([
    "ws://127.0.0.1:0",
    "ws://127.0.0.1:70000",
    "ws://300.0.0.1:16380",
    "ws://a[b?c#:16380",
    "ws://user@host:16380",
    "ws://%zz:16380",
    "ws://0.0.0.0:16380",
    "ws://[::]:16380",
    "ws://[:::::]:16380",
  ])("refuses %s, which nobody could dial", (url) => {
    expect(sentinelRefusal((content) => content.replace("ws://127.0.0.1:16380", url))).toBe(
      `some.yaml:10: groups[0].nodes[1].url must be a peer port's address such as ws://127.0.0.1:16379 (got "${url}")`,
    );
  });

  it.each(["ws://node-2.example_net:16380", "ws://[fd00::2]:16380", "ws://10.0.0.2:80"])(
    "takes %s",
    (url) => {
      const path = fileOf(SENTINEL.replace("ws://127.0.0.1:16380", url));
      expect(loadSentinelConfig({ path }).config.groups[0]?.nodes[1]?.url).toBe(url);
    },
  );

  it.each(["s1", "s2"])("refuses a node with the id of the sentinel %s", (id) => {
    expect(sentinelRefusal((content) => content.replace("id: n2", `id: ${id}`))).toBe(
      `some.yaml:10: groups[0].nodes[1].id "${id}" is a sentinel's id too; every process needs its own`,
    );
  });

  it("counts one as one", () => {
    const alone = SENTINEL.replace(/ {2}- \{ id: s[23].*\n/g, "").replace(/ {6}- \{ id: n[23].*\n/g, "");
    expect(sentinelRefusal(() => `${alone}    quorum: 2\n`)).toContain("but there is 1 sentinel only");
    const replication = "    replication: { mode: sync, copies: 2 }\n";
    expect(sentinelRefusal(() => alone + replication)).toContain("but only 1 node votes");
  });

  it("refuses a node at a sentinel's address, and one in two groups", () => {
    expect(sentinelRefusal((content) => content.replace("127.0.0.1:16380", "127.0.0.1:36380"))).toBe(
      'some.yaml:10: groups[0].nodes[1].url "ws://127.0.0.1:36380" is that of sentinel s2; a process has one part in one group',
    );
    const other = '  - name: other\n    nodes: [{ id: x1, url: "ws://127.0.0.1:16381" }]\n';
    expect(sentinelRefusal((content) => content + other)).toBe(
      'some.yaml:13: groups[1].nodes[0].url "ws://127.0.0.1:16381" is that of n3 of mymaster; a process has one part in one group',
    );
  });

  it("refuses an address that is no peer port's", () => {
    expect(sentinelRefusal((content) => content.replace('"ws://127.0.0.1:36380"', '"127.0.0.1:36380"'))).toBe(
      'some.yaml:4: sentinels[1].url must be a peer port\'s address such as ws://127.0.0.1:16379 (got "127.0.0.1:36380")',
    );
  });
});
