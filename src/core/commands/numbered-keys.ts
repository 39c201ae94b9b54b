/** `numkeys key [key ...]`, as LMPOP and its like take their keys. */
import { type Argv, arg } from "./command.ts";
import * as errors from "./errors.ts";
import { parseInteger } from "./numbers.ts";

interface NumberedKeys {
  readonly keys: readonly string[];
  /** The first argument behind the keys. */
  readonly next: number;
}

/**
 * @param at where the number of keys is.
 * @param behind how many arguments must follow the keys.
 * @returns the keys, or an encoded error.
 */
export function parseNumberedKeys(argv: Argv, at: number, behind: number): NumberedKeys | string {
  const count = parseInteger(arg(argv, at));
  if (count === undefined || count < 1) return errors.NUMKEYS_NOT_POSITIVE;
  const next = at + 1 + Number(count);
  if (next + behind > argv.length) return errors.SYNTAX_ERROR;
  return { keys: argv.slice(at + 1, next), next };
}

/** For the command table. @returns the keys that `parseNumberedKeys` would find; none for a bad number. */
export function numberedKeys(at: number): (argv: Argv) => string[] {
  return (argv) => {
    const found = parseNumberedKeys(argv, at, 0);
    return typeof found === "string" ? [] : [...found.keys];
  };
}
