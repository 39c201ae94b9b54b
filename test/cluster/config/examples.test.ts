import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nodeJsonSchema, sentinelJsonSchema } from "../../../cluster/config/json-schema.ts";
import { loadNodeConfig, loadSentinelConfig } from "../../../cluster/config/load-config.ts";

const DIR = join(import.meta.dirname, "../../../config");
const FILES = readdirSync(DIR).filter((name) => name.endsWith(".yaml"));
const nodes = FILES.filter((name) => name.startsWith("n")).map(
  (name) => loadNodeConfig({ path: join(DIR, name) }).config,
);
const sentinels = FILES.filter((name) => name.startsWith("s")).map(
  (name) => loadSentinelConfig({ path: join(DIR, name) }).config,
);

describe("the examples in config/", () => {
  it("are three nodes and three sentinels, all valid", () => {
    expect(nodes.map(({ id }) => id)).toEqual(["n1", "n2", "n3"]);
    expect(sentinels.map(({ id }) => id)).toEqual(["s1", "s2", "s3"]);
  });

  it("agree on where each process is", () => {
    const nodeUrls = nodes.map(({ id, host, peerPort }) => ({ id, url: `ws://${host}:${peerPort}` }));
    const sentinelUrls = sentinels.map(({ id, host, peerPort }) => ({ id, url: `ws://${host}:${peerPort}` }));
    for (const sentinel of sentinels) {
      expect(sentinel.sentinels).toMatchObject(sentinelUrls);
      expect(sentinel.groups[0]?.nodes).toMatchObject(nodeUrls);
    }
  });

  it("give all sentinels the same groups", () => {
    const [first, ...others] = sentinels.map(({ groups }) => groups);
    for (const groups of others) expect(groups).toEqual(first);
  });

  it("share no port and no directory", () => {
    const all = [...nodes, ...sentinels];
    expect(new Set(all.flatMap(({ port, peerPort }) => [port, peerPort])).size).toBe(2 * all.length);
    expect(new Set(all.map(({ dataDir }) => dataDir)).size).toBe(all.length);
  });
});

describe("the schemas in config/", () => {
  // After a change of a schema: npx vitest run test/cluster/config/examples.test.ts -u
  it("say what the program checks", async () => {
    await expect(nodeJsonSchema()).toMatchFileSnapshot(join(DIR, "node.schema.json"));
    await expect(sentinelJsonSchema()).toMatchFileSnapshot(join(DIR, "sentinel.schema.json"));
  });
});
