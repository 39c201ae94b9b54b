/** The options of ZADD, and which of them go together. */
import { type Argv, arg } from "./command.ts";
import * as errors from "./errors.ts";

export interface ZaddOptions {
  /** Where in argv the pairs of score and member begin. */
  readonly first: number;
  /** NX: only members that are new; XX: only those that are there. */
  readonly condition: "NX" | "XX" | undefined;
  /** Of members that are there, only to a greater (GT) or smaller (LT) score. */
  readonly only: "GT" | "LT" | undefined;
  /** CH: the reply counts changed scores too. */
  readonly changed: boolean;
  /** INCR: add to the score, and reply with it. */
  readonly increment: boolean;
}

const OPTIONS = new Set(["NX", "XX", "GT", "LT", "CH", "INCR"]);

const NONE: ZaddOptions = {
  first: 2,
  condition: undefined,
  only: undefined,
  changed: false,
  increment: false,
};

/** @returns the options, or an encoded error. */
export function parseZaddOptions(argv: Argv): ZaddOptions | string {
  // No option begins as most scores do.
  if (isBeforeLetters(arg(argv, 2))) return argv.length % 2 === 0 ? NONE : errors.SYNTAX_ERROR;
  const given = new Set<string>();
  let first = 2;
  for (; first < argv.length; first += 1) {
    const option = arg(argv, first).toUpperCase();
    if (!OPTIONS.has(option)) break;
    given.add(option);
  }
  const rest = argv.length - first;
  if (rest === 0 || rest % 2 !== 0) return errors.SYNTAX_ERROR;
  const nx = given.has("NX");
  const gt = given.has("GT");
  const lt = given.has("LT");
  if (nx && given.has("XX")) return errors.XX_AND_NX;
  if ((nx && (gt || lt)) || (gt && lt)) return errors.GT_LT_AND_NX;
  const increment = given.has("INCR");
  if (increment && rest > 2) return errors.INCR_TAKES_ONE_PAIR;
  return {
    first,
    condition: nx ? "NX" : given.has("XX") ? "XX" : undefined,
    only: gt ? "GT" : lt ? "LT" : undefined,
    changed: given.has("CH"),
    increment,
  };
}

/** Whether it begins with a digit, a sign or a point. */
function isBeforeLetters(text: string): boolean {
  return text.charCodeAt(0) < 65;
}
