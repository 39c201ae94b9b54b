/**
 * Makes fengari's `%` replaceable. Its modules take the function over as they are loaded, so that this one must come before them;
 * where somebody else has loaded fengari in this process already, its own remains.
 */
import { createRequire } from "node:module";

type Modulo = (state: unknown, one: number, other: number) => number;

const require = createRequire(import.meta.url);
const limits = require("fengari/src/llimits.js") as { luai_nummod: Modulo };

/** What `%` is. */
export const modulo: { run: Modulo } = { run: limits.luai_nummod };

limits.luai_nummod = (state, one, other): number => modulo.run(state, one, other);
