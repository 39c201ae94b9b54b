/** The arguments of ZUNION, ZINTER, ZDIFF, ZINTERCARD and of their STORE forms. */
import { type Argv, arg } from "./command.ts";
import { parseDouble } from "./doubles.ts";
import * as errors from "./errors.ts";
import { parseCount, parseIndex } from "./numbers.ts";

export type Operation = "union" | "inter" | "diff";
export type Aggregate = "SUM" | "MIN" | "MAX";

export interface AlgebraCommand {
  /** Lower case, for an error. */
  readonly name: string;
  readonly operation: Operation;
  /** What becomes of the result. */
  readonly purpose: "tell" | "store" | "count";
}

export interface AlgebraOptions {
  readonly weights: readonly number[];
  readonly aggregate: Aggregate;
  readonly withScores: boolean;
  /** 0 for none. */
  readonly limit: number;
}

/** @param at where the number of keys stands. @returns the keys, or an encoded error. */
export function parseInputKeys(argv: Argv, at: number, name: string): readonly string[] | string {
  const count = parseIndex(arg(argv, at));
  if (count === undefined) return errors.NOT_AN_INTEGER;
  if (count < 1) return errors.noInputKey(name);
  if (count > argv.length - at - 1) return errors.SYNTAX_ERROR;
  return argv.slice(at + 1, at + 1 + count);
}

/** @param from where the options begin. @returns the options, or an encoded error. */
export function parseAlgebraOptions(
  argv: Argv,
  from: number,
  command: AlgebraCommand,
  keyCount: number,
): AlgebraOptions | string {
  let weights: readonly number[] = new Array<number>(keyCount).fill(1);
  let aggregate: Aggregate = "SUM";
  let withScores = false;
  let limit = 0;
  const scored = command.operation !== "diff" && command.purpose !== "count";
  for (let at = from; at < argv.length; ) {
    const option = arg(argv, at).toUpperCase();
    const left = argv.length - at - 1;
    if (option === "WEIGHTS" && scored && left >= keyCount) {
      const parsed = parseWeights(argv.slice(at + 1, at + 1 + keyCount));
      if (typeof parsed === "string") return parsed;
      weights = parsed;
      at += 1 + keyCount;
    } else if (option === "AGGREGATE" && scored && left >= 1) {
      const parsed = arg(argv, at + 1).toUpperCase();
      if (parsed !== "SUM" && parsed !== "MIN" && parsed !== "MAX") return errors.SYNTAX_ERROR;
      aggregate = parsed;
      at += 2;
    } else if (option === "WITHSCORES" && command.purpose === "tell") {
      withScores = true;
      at += 1;
    } else if (option === "LIMIT" && command.purpose === "count" && left >= 1) {
      const parsed = parseCount(arg(argv, at + 1), 0);
      if (parsed === undefined) return errors.LIMIT_NEGATIVE;
      limit = parsed;
      at += 2;
    } else {
      return errors.SYNTAX_ERROR;
    }
  }
  return { weights, aggregate, withScores, limit };
}

function parseWeights(texts: Argv): number[] | string {
  const weights: number[] = [];
  for (const text of texts) {
    const weight = parseDouble(text);
    if (weight === undefined) return errors.WEIGHT_NOT_A_FLOAT;
    weights.push(weight);
  }
  return weights;
}
