/**
 * fengari's modules, loaded for this copy of the code alone. What is replaced in them (dialect.ts) nobody else meets who uses
 * fengari in this process, nor does a second copy of this code, such as one that is imported beside one that is required.
 */
import { createRequire } from "node:module";

type Modulo = (state: unknown, one: number, other: number) => number;

/** Not `import`, which reads each of these files through for its exports first: fengari would take almost three times as long to load. */
const require = createRequire(import.meta.url);

const NAMES = [
  // First: fengari's modules require each other in a circle, which only this way in leaves whole.
  "lualib",
  "lapi",
  "lauxlib",
  "lcode",
  "lcorolib",
  "ldebug",
  "ldo",
  "lobject",
  "lopcodes",
  "lstate",
  "lstring",
  "ltable",
  "ltm",
  "llex",
  "lvm",
  "defs",
] as const;
type Name = (typeof NAMES)[number];

/** What `%` is. */
export const modulo: { run: Modulo } = { run: () => Number.NaN };

/** The modules themselves: what is replaced in them, fengari calls. */
export const fengari: Readonly<Record<Name, unknown>> = loadedAnew();

function loadedAnew(): Record<Name, unknown> {
  const others = takenFromCache();
  try {
    // Before the others, which take the function over as they are loaded.
    const limits = require("fengari/src/llimits.js") as { luai_nummod: Modulo };
    modulo.run = limits.luai_nummod;
    limits.luai_nummod = (state, one, other): number => modulo.run(state, one, other);
    return Object.fromEntries(NAMES.map((name) => [name, require(`fengari/src/${name}.js`)])) as Record<
      Name,
      unknown
    >;
  } finally {
    takenFromCache();
    Object.assign(require.cache, others);
  }
}

/** The modules of fengari that are loaded, which the next one to ask for them does not get any more. */
function takenFromCache(): NodeJS.Dict<NodeJS.Module> {
  const taken: NodeJS.Dict<NodeJS.Module> = {};
  for (const file of Object.keys(require.cache)) {
    if (!/[\\/]fengari[\\/]src[\\/]/.test(file)) continue;
    taken[file] = require.cache[file];
    delete require.cache[file];
  }
  return taken;
}
