import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { withSubcommands } from "../../sentinel/clients/command-spec.ts";
import { COMMANDS } from "../../sentinel/clients/command-table.ts";
import { mayUse } from "../may-use.ts";
import { groupsOf } from "./compatibility/command-docs.ts";
import type { RedisCommands } from "./compatibility/compatibility-page.ts";
import { withRedisSentinel } from "./compatibility/redis-sentinel.ts";
import { SENTINEL_DEVIATIONS, SENTINEL_LEFT_OUT } from "./compatibility/sentinel-notes.ts";
import { judgeSentinel, sentinelPage } from "./compatibility/sentinel-page.ts";
import { ROOT, readDocument } from "./markdown.ts";

const comparing = mayUse("redis-server", "the sentinel's commands are not compared with Redis");

const REDIS = JSON.parse(
  readDocument("test/docs/compatibility/redis-sentinel-commands.json"),
) as RedisCommands;
const judged = judgeSentinel(REDIS, COMMANDS);

describe("docs/sentinel-commands.md", () => {
  // `npm run docs` writes what this compares.
  it("is what the sentinel's command table makes of it", async () => {
    await expect(sentinelPage(REDIS, COMMANDS)).toMatchFileSnapshot(join(ROOT, "docs/sentinel-commands.md"));
  });

  it("says why each command that is not there is not there", () => {
    const unexplained = judged.filter(
      ({ verdict }) => verdict.kind === "leftOut" && verdict.reason === undefined,
    );
    expect(unexplained.map(({ name }) => name)).toEqual([]);
  });

  it("gives no reason for what is there, and no deviation of what is not", () => {
    const used = new Set(judged.map(({ verdict }) => verdict.kind === "leftOut" && verdict.reason));
    expect(Object.keys(SENTINEL_LEFT_OUT).filter((reason) => !used.has(reason))).toEqual([]);
    const deviating = judged.filter(({ verdict }) => verdict.kind === "deviates").map(({ name }) => name);
    expect(Object.keys(SENTINEL_DEVIATIONS).sort()).toEqual(deviating.sort());
  });
});

describe.skipIf(!comparing)("compared with redis-sentinel 7.0", () => {
  it("the list of commands is Redis's", async () => {
    const docs = await withRedisSentinel((client) => client.call("COMMAND", "DOCS"));
    expect(REDIS).toEqual(groupsOf(docs));
  });

  it("arities of all commands, and flags of those that are there, are Redis's", async () => {
    const known = new Set(judged.map(({ name }) => name));
    const specs = withSubcommands(COMMANDS).filter(({ name }) => known.has(name));
    const described = await withRedisSentinel((client) =>
      client.call("COMMAND", "INFO", ...specs.map(({ name }) => name)),
    );
    const theirs = (described as [string, number, string[]][]).map(([name, arity, flags]) => ({
      name,
      arity,
      flags: [...flags].sort(),
    }));
    const ours = specs.map(({ name, arity, flags, leftOut }) => ({
      name,
      arity,
      // Who is refused altogether is told to nobody, so has none.
      flags: leftOut === undefined ? [...flags].sort() : theirs.find((their) => their.name === name)?.flags,
    }));
    expect(ours).toEqual(theirs);
  });
});
