/** The arguments of XREAD and XREADGROUP, up to the IDs: what these mean depends on the streams. */
import type { Millis } from "../../base/ids.ts";
import { type Argv, arg } from "./command.ts";
import * as errors from "./errors.ts";
import { parseIndex } from "./numbers.ts";
import { parseTimeoutMs } from "./timeouts.ts";

export interface ReadOptions {
  /** How long to wait, 0 for ever; `undefined` not to wait. */
  readonly blockMs: Millis | undefined;
  /** Most entries of one stream; 0 for all. */
  readonly count: number;
  /** Entries count as acknowledged right away. */
  readonly noack: boolean;
  readonly group: { readonly name: string; readonly consumer: string } | undefined;
  readonly keys: readonly string[];
  /** One for each key, as they were written. */
  readonly ids: readonly string[];
}

/** What the arguments before STREAMS say so far. */
interface Parsed {
  blockMs?: Millis;
  count: number;
  noack: boolean;
  group?: ReadOptions["group"];
}

/** @param inScript where nobody may wait. @returns the options, or an encoded error. */
export function parseReadOptions(argv: Argv, ofGroup: boolean, inScript: boolean): ReadOptions | string {
  const parsed: Parsed = { count: 0, noack: false };
  let at = 1;
  while (at < argv.length) {
    if (arg(argv, at).toUpperCase() === "STREAMS" && at + 1 < argv.length) break;
    const next = parseOption(argv, at, parsed, { ofGroup, inScript });
    if (typeof next === "string") return next;
    at = next;
  }
  if (at < argv.length && (argv.length - at - 1) % 2 !== 0) return errors.UNBALANCED_STREAMS;
  if (at >= argv.length) return errors.SYNTAX_ERROR;
  const { blockMs, count, noack, group } = parsed;
  if (ofGroup && group === undefined) return errors.MISSING_GROUP;
  const half = at + 1 + (argv.length - at - 1) / 2;
  return { blockMs, count, noack, group, keys: argv.slice(at + 1, half), ids: argv.slice(half) };
}

/** @returns where the next option is, or an encoded error. */
function parseOption(
  argv: Argv,
  at: number,
  parsed: Parsed,
  { ofGroup, inScript }: { readonly ofGroup: boolean; readonly inScript: boolean },
): number | string {
  const further = argv.length - at - 1;
  const option = arg(argv, at).toUpperCase();
  if (option === "BLOCK" && further > 0) {
    if (inScript) return errors.blockInScript(arg(argv, 0));
    const timeout = parseTimeoutMs(arg(argv, at + 1));
    if (typeof timeout === "string") return timeout;
    parsed.blockMs = timeout;
    return at + 2;
  }
  if (option === "COUNT" && further > 0) {
    const count = parseIndex(arg(argv, at + 1));
    if (count === undefined) return errors.NOT_AN_INTEGER;
    parsed.count = Math.max(0, count);
    return at + 2;
  }
  if (option === "GROUP" && further > 1) {
    if (!ofGroup) return errors.GROUP_OF_XREAD;
    parsed.group = { name: arg(argv, at + 1), consumer: arg(argv, at + 2) };
    return at + 3;
  }
  if (option !== "NOACK") return errors.SYNTAX_ERROR;
  if (!ofGroup) return errors.NOACK_OF_XREAD;
  parsed.noack = true;
  return at + 1;
}

/**
 * For the command table: the first half of what is behind STREAMS. As in Redis the first STREAMS from the `from`-th argument on,
 * whatever it stands for.
 */
export function streamKeys(from: number): (argv: Argv) => string[] {
  return (argv) => {
    const at = argv.findIndex((word, index) => index >= from && word.toUpperCase() === "STREAMS");
    if (at < 0) return [];
    return argv.slice(at + 1, at + 1 + Math.floor((argv.length - at - 1) / 2));
  };
}
