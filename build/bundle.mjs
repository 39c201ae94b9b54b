/**
 * Joins what tsc has put into dist into a few files, in place: the command, and what tests import. Each of the six processes of a
 * cluster would load some three hundred small modules one by one, which is half of the time until it serves. What they share, and
 * what they load only when asked for, stays in files of its own, in dist/chunks. The packages that it needs stay packages, but
 * for those that wait with the global timers, where a test may have put fake ones: see real-timers.mjs.
 *
 * What tests import is made a second time as one CommonJS file, for those who `require` it: jest knows no other way to load a
 * package unless it is told to, nor has Node before 20.19.
 */
import { copyFileSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..");
const dist = join(root, "dist");

/** They wait, so they need the timers that don't stand still; their licences come along. */
const JOINED_PACKAGES = ["p-retry", "is-network-error"];
const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const LIBRARY = join(dist, "cluster/start-cluster.js");
const shared = {
  bundle: true,
  external: Object.keys(dependencies).filter((name) => !JOINED_PACKAGES.includes(name)),
  platform: "node",
  target: "node20",
  logLevel: "warning",
};

// First, as the other build puts its own in the place of what this one reads.
await build({
  ...shared,
  entryPoints: [LIBRARY],
  outfile: join(dist, "cluster/start-cluster.cjs"),
  inject: [join(here, "real-timers.mjs"), join(here, "module-url.mjs")],
  define: { "import.meta.url": "moduleUrl" },
  format: "cjs",
});
copyFileSync(join(here, "start-cluster.d.cts"), join(dist, "cluster/start-cluster.d.cts"));

// Their names change with their content: those of the last build would stay.
rmSync(join(dist, "chunks"), { recursive: true, force: true });
await build({
  ...shared,
  entryPoints: [join(dist, "cli/main.js"), LIBRARY],
  outdir: dist,
  outbase: dist,
  chunkNames: "chunks/[name]-[hash]",
  allowOverwrite: true,
  splitting: true,
  inject: [join(here, "real-timers.mjs")],
  format: "esm",
  sourcemap: true,
});
for (const name of JOINED_PACKAGES) {
  copyFileSync(join(root, "node_modules", name, "license"), join(dist, "chunks", `${name}.license`));
}
