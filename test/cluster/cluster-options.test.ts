/** Options of `startCluster` that make no cluster. */
import { describe, expect, it } from "vitest";
import { type ClusterOptions, type NodeChoices, startCluster } from "../../cluster/start-cluster.ts";

describe("startCluster", () => {
  it("refuses options that make no cluster, and starts nothing", async () => {
    await expect(startCluster({ nodes: 0 })).rejects.toMatchObject({ code: "BAD_OPTION" });
    await expect(startCluster({ copies: 4 })).rejects.toThrow("only 3 nodes vote");
  });

  it.each([
    [{ nodes: 2.5 }, "A cluster needs 1 to 50 nodes (got 2.5)"],
    [{ nodes: Number.NaN }, "A cluster needs 1 to 50 nodes (got NaN)"],
    [{ nodes: "3" as unknown as number }, 'A cluster needs 1 to 50 nodes (got "3")'],
    [{ nodes: null as unknown as number }, "A cluster needs 1 to 50 nodes (got null)"],
    [{ replciation: "sync" } as ClusterOptions, 'unknown option "replciation"; did you mean "replication"?'],
    [{ nodes: [{ zoen: "a" } as NodeChoices] }, 'nodes[0] has an unknown key "zoen"; did you mean "zone"?'],
    [{ nodes: [{}, { id: "a" } as NodeChoices] }, 'nodes[1] has an unknown key "id"; remove it'],
    [{ nodes: [{ port: 7000 } as NodeChoices] }, 'nodes[0] has an unknown key "port"; remove it'],
    [{ nodes: [null as unknown as NodeChoices] }, 'nodes[0] must be such as { zone: "a" }, or {} (got null)'],
    [null as unknown as ClusterOptions, "the options must be an object (got null)"],
    [[] as unknown as ClusterOptions, "the options must be an object (got [])"],
    [
      { logLevel: "verbose" as "debug" },
      'logLevel must be one of trace, debug, info, warn, error, fatal, silent (got "verbose")',
    ],
    [{ sentinels: 1.5 }, "A cluster needs 1 to 50 sentinels (got 1.5)"],
    [{ dataDir: "" }, 'dataDir must be a directory; leave it out to keep everything in memory (got "")'],
    [{ startTimeoutMs: Number.NaN }, "startTimeoutMs must be a number of milliseconds (got NaN)"],
    [{ downAfterMs: 1 }, "downAfterMs must be a whole number from 50 to 2592000000 (got 1)"],
    [{ copies: 4 }, "copies is 4, but only 3 nodes vote; no write could ever be acknowledged"],
    [{ group: "a b" }, "group must be 1 to 64 letters, digits"],
    [{ replication: "fast" as "sync" }, 'replication must be async, semi-sync or sync (got "fast")'],
    [{ ackTimeoutMs: 0 }, "ackTimeoutMs must be a whole number"],
    [{ nodes: [{ voting: false }] }, "nodes has observers only"],
    [{ password: "" }, "password must be text, not empty"],
  ] satisfies [ClusterOptions, string][])("refuses %j by the name of the option", async (options, words) => {
    const error = await startCluster(options).then(
      (cluster) => cluster.stop(),
      (refusal: unknown) => refusal,
    );
    expect((error as Error | undefined)?.message.slice(0, words.length)).toBe(words);
  });
});
