/**
 * Joins what tsc has put into dist into a few files, in place: the command, and what tests import. Each of the six processes of a
 * cluster would load some three hundred small modules one by one, which is half of the time until it serves. What they share, and
 * what they load only when asked for, stays in files of its own, in dist/chunks. The packages that it needs stay packages.
 */
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const dist = join(dirname(fileURLToPath(import.meta.url)), "../dist");

// Their names change with their content: those of the last build would stay.
rmSync(join(dist, "chunks"), { recursive: true, force: true });
await build({
  entryPoints: [join(dist, "cli/main.js"), join(dist, "cluster/start-cluster.js")],
  outdir: dist,
  outbase: dist,
  chunkNames: "chunks/[name]-[hash]",
  allowOverwrite: true,
  bundle: true,
  splitting: true,
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: true,
  logLevel: "warning",
});
