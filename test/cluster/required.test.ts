/** The library as a CommonJS file requires it, which is how jest loads packages: it is built, so it needs `npm run build` first. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { compileFunction, createContext, runInContext } from "node:vm";
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

/** In a realm of its own, as jest loads it: with `Error`, `RangeError` and so on that are not those of Node's modules. */
function loadedByJest(): typeof library {
  const context = createContext({});
  const ownNames: string[] = runInContext("Object.getOwnPropertyNames(globalThis)", context);
  const shared = Object.getOwnPropertyDescriptors(globalThis) as Record<string, PropertyDescriptor>;
  for (const name of ownNames) if (!/^(ArrayBuffer|Uint8Array)$/.test(name)) delete shared[name];
  Object.defineProperties(context, shared);
  const file = require.resolve("interrex");
  const names = ["module", "exports", "require", "__filename", "__dirname"];
  const run = compileFunction(readFileSync(file, "utf8"), names, { parsingContext: context, filename: file });
  const module = { exports: {} as typeof library };
  run(module, module.exports, createRequire(file), file, dirname(file));
  return module.exports;
}

it("keeps files, and replaces a killed master before its silence counts, in a realm of its own", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "interrex-realm-"));
  try {
    // Of silence alone nobody would be held down within the test.
    cluster = await loadedByJest().startCluster({ dataDir, downAfterMs: 60_000 });
    const old = await cluster.killMaster();
    const next = await cluster.waitForMaster({ not: old.id });
    expect(next.epoch).toBeGreaterThan(old.epoch);
  } finally {
    await cluster?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
});

it("names files for those who know no exports: TypeScript's older resolution, and tools of its age", () => {
  const packed = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
  expect(packed.main).toBe(packed.exports["."].require.default);
  expect(packed.types).toBe(packed.exports["."].types);
});
