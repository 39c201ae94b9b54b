import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FLAGS } from "../../src/core/commands/command.ts";
import { createCommandTable } from "../../src/core/commands/table.ts";
import { RedisServer } from "../core/commands/redis-server.ts";
import { mayUse } from "../may-use.ts";
import { groupsOf } from "./compatibility/command-docs.ts";
import { compatibilityPage, judge, type RedisCommands } from "./compatibility/compatibility-page.ts";
import { DEVIATIONS } from "./compatibility/deviations.ts";
import { GROUPS_LEFT_OUT, LEFT_OUT } from "./compatibility/left-out.ts";
import { ROOT, readDocument } from "./markdown.ts";

const comparing = mayUse("redis-server", "the command table is not compared with Redis");

const REDIS = JSON.parse(readDocument("test/docs/compatibility/redis-commands.json")) as RedisCommands;
const table = createCommandTable();
const judged = judge(REDIS, table);

describe("docs/compatibility.md", () => {
  // `npm run docs` writes what this compares.
  it("is what the command table makes of it", async () => {
    await expect(compatibilityPage(REDIS, table)).toMatchFileSnapshot(join(ROOT, "docs/compatibility.md"));
  });

  it("says why each command that is not there is not there", () => {
    const unexplained = judged.filter(
      ({ verdict }) => verdict.kind === "leftOut" && verdict.reason === undefined,
    );
    expect(unexplained.map(({ name }) => name)).toEqual([]);
  });

  it("gives no reason for what is there, and no deviation of what is not", () => {
    const used = new Set(judged.map(({ verdict }) => verdict.kind === "leftOut" && verdict.reason));
    const reasons = [...Object.keys(LEFT_OUT), ...Object.keys(GROUPS_LEFT_OUT)];
    expect(reasons.filter((reason) => !used.has(reason))).toEqual([]);
    const known = Object.keys(DEVIATIONS).filter((name) => table.findByFullName(name) !== undefined);
    expect(Object.keys(DEVIATIONS)).toEqual(known);
  });
});

describe.skipIf(!comparing)("compared with redis-server 7.0", () => {
  it("the list of commands is Redis's", async () => {
    const redis = await RedisServer.start();
    const [docs] = await redis.ask([["COMMAND", "DOCS"]]);
    await redis.stop();
    expect(REDIS).toEqual(groupsOf(docs));
  });

  it("arities and flags of all commands are Redis's", async () => {
    const redis = await RedisServer.start();
    const names = judged.filter(({ verdict }) => verdict.kind !== "leftOut").map(({ name }) => name);
    const [described] = await redis.ask([["COMMAND", "INFO", ...names]]);
    await redis.stop();
    const theirs = (described as [string, number, string[]][]).map(([name, arity, flags]) => ({
      name,
      arity,
      flags: [...flags].sort(),
    }));
    const ours = names.map((name) => {
      const command = table.findByFullName(name);
      // Redis keeps "may_replicate" to itself.
      const told = command?.spec.flags.filter((flag) => flag !== "may_replicate");
      const flags = Object.keys(FLAGS).filter((flag) => told?.some((has) => has === flag));
      return { name, arity: command?.arity, flags: flags.sort() };
    });
    expect(ours).toEqual(theirs);
  });
});
