/**
 * Loaded into a node by `--import`, with `--expose-gc`: collects garbage when the parent asks for it, so that what a process takes can be
 * read without what it has only not thrown away yet. Does nothing else.
 */
import { COLLECT, COLLECTED } from "./collect-words.ts";

const collect = globalThis.gc;
if (collect === undefined) throw new Error("Cannot collect garbage: start node with --expose-gc");

process.on("message", (message) => {
  if (message !== COLLECT) return;
  // The second takes what the finalizers of the first have let go.
  collect();
  collect();
  process.send?.(COLLECTED);
});
