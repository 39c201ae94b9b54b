/** Where the `interrex` command is, for the processes that run as it. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

// By our own name: what asks may be in a source file, in dist, or in a chunk of it.
const PACKAGE = dirname(createRequire(import.meta.url).resolve("interrex/package.json"));

export const MAIN_FILE: string = join(PACKAGE, "dist/cli/main.js");
