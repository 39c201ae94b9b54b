/** Reads the first line of a script: `#!lua flags=no-writes,...`, as Redis 7.0 does. It compiles nothing. */
import { splitInlineArguments } from "../../protocol/resp/inline-arguments.ts";
import * as errors from "../commands/errors.ts";

export interface ScriptSource {
  /** What is compiled; line numbers are those of the whole. */
  readonly body: string;
  /** `undefined` for a script without a first line of that kind: it may do what it likes. */
  readonly flags: ReadonlySet<string> | undefined;
}

const FLAGS: ReadonlySet<string> = new Set([
  "no-writes",
  "allow-oom",
  "allow-stale",
  "no-cluster",
  "allow-cross-slot-keys",
]);

/** @returns an error text when the line is wrong. */
export function readScript(source: string): ScriptSource | string {
  if (!source.startsWith("#!")) return { body: source, flags: undefined };
  const end = source.indexOf("\n");
  if (end < 0) return errors.SCRIPT_SHEBANG;
  const [engine, ...options] = splitInlineArguments(source.slice(0, end)) ?? [];
  if (engine === undefined) return errors.SCRIPT_ENGINE_MISSING;
  if (engine !== "#!lua") return errors.scriptEngine(engine);
  const flags = new Set<string>();
  for (const option of options) {
    if (!option.startsWith("flags=")) return errors.scriptOption(option);
    const named = option.slice("flags=".length);
    for (const flag of named === "" ? [] : named.split(",")) {
      if (!FLAGS.has(flag)) return errors.scriptFlag(flag);
      flags.add(flag);
    }
  }
  return { body: source.slice(end), flags };
}
