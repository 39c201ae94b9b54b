/** The library as a CommonJS file requires it, which is how jest loads packages: it is built, so it needs `npm run build` first. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterEach, expect, it } from "vitest";
import * as library from "../../cluster/start-cluster.ts";

const require = createRequire(import.meta.url);
// By its name, so that the package's own `exports` decide.
const required: typeof library = require("interrex");
let cluster: library.Cluster | undefined;

afterEach(() => cluster?.stop());

it("is a CommonJS file with the same names, typed as such", () => {
  expect(require.resolve("interrex")).toMatch(/start-cluster\.cjs$/);
  expect(Object.keys(required).sort()).toEqual(Object.keys(library).sort());
  const types = readFileSync(join(import.meta.dirname, "../../build/start-cluster.d.cts"), "utf8");
  for (const name of Object.keys(library)) expect(types).toContain(`export declare const ${name}:`);
});

it("runs scripts, fails over and takes its errors for its own", async () => {
  cluster = await required.startCluster();
  expect(cluster).toBeInstanceOf(required.Cluster);
  const redis = new Redis(cluster.ioredisOptions());
  redis.on("error", () => {}); // Its master is killed.
  await redis.set("answer", 42);
  const old = await cluster.killMaster();
  await cluster.waitForMaster({ not: old.id });
  expect(await redis.eval("return redis.call('GET', KEYS[1])", 1, "answer")).toBe("42");
  redis.disconnect();
  await expect(required.startCluster({ nodes: 0 })).rejects.toBeInstanceOf(required.InterrexError);
});
