import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { planLayout } from "../../../cluster/processes/layout.ts";
import { examplePlan } from "./example-plan.ts";

describe("the layout of `interrex up`", () => {
  it("gives consecutive ports, and peer ports 10000 above them", () => {
    const { nodes, sentinels } = planLayout(examplePlan);
    expect(nodes.map(({ id, port, peerPort }) => [id, port, peerPort])).toEqual([
      ["n1", 6379, 16_379],
      ["n2", 6380, 16_380],
      ["n3", 6381, 16_381],
    ]);
    expect(sentinels.map(({ id, port, peerPort }) => [id, port, peerPort])).toEqual([
      ["s1", 26_379, 36_379],
      ["s2", 26_380, 36_380],
      ["s3", 26_381, 36_381],
    ]);
  });

  it("puts each process into a directory of its own, by an absolute path", () => {
    const { nodes, sentinels } = planLayout(examplePlan);
    expect(nodes[1]).toMatchObject({
      dir: resolve("data/n2"),
      configPath: resolve("data/n2/node.yaml"),
      logPath: resolve("data/n2/n2.log"),
    });
    expect(sentinels[0]).toMatchObject({ configPath: resolve("data/s1/sentinel.yaml") });
  });

  it("tells every sentinel of all sentinels and all nodes", () => {
    const { sentinels } = planLayout({ ...examplePlan, copies: 3, replication: "sync", downAfterMs: 500 });
    for (const { file } of sentinels) {
      expect(file).toMatchObject({
        sentinels: [{ id: "s1" }, { id: "s2" }, { id: "s3", url: "ws://127.0.0.1:36381" }],
        groups: [
          {
            name: "mymaster",
            nodes: [{ id: "n1", url: "ws://127.0.0.1:16379" }, { id: "n2" }, { id: "n3" }],
            downAfterMs: 500,
            replication: { mode: "sync", copies: 3 },
          },
        ],
      });
    }
  });

  it("tells everyone the address to announce, and binds to the other one", () => {
    const { nodes, sentinels } = planLayout({ ...examplePlan, host: "0.0.0.0", announceHost: "10.0.0.1" });
    for (const { host, file } of [...nodes, ...sentinels]) {
      expect(host).toBe("10.0.0.1");
      expect(file).toMatchObject({ host: "0.0.0.0", announceHost: "10.0.0.1" });
    }
    for (const { file } of sentinels) {
      expect(file).toMatchObject({
        sentinels: [{ host: "10.0.0.1", url: "ws://10.0.0.1:36379" }, {}, {}],
        groups: [{ nodes: [{ url: "ws://10.0.0.1:16379" }, {}, {}] }],
      });
    }
  });

  it("asks for an address to announce when all are bound to", () => {
    expect(() => planLayout({ ...examplePlan, host: "0.0.0.0" })).toThrow("add --announce-host, the one");
  });

  it("gives the password and the peers' secret to everyone", () => {
    const { nodes, sentinels } = planLayout({ ...examplePlan, password: "open", peerSecret: "sesame" });
    for (const { file } of [...nodes, ...sentinels]) {
      expect(file).toMatchObject({ password: "open", peerSecret: "sesame" });
    }
  });

  it("refuses ports whose peer ports meet another's client port", () => {
    expect(() => planLayout({ ...examplePlan, port: 16_379, sentinelPort: 26_379 })).toThrow(
      "Port 26379 would serve both n1's peers and s1; move --port and --sentinel-port further apart",
    );
  });
});
