/** One inline command's quoting. */
import fc from "fast-check";
import { splitInlineArguments } from "../../../src/protocol/resp/inline-arguments.ts";
import { same } from "../same.ts";
import { type FuzzTarget, fuzzTarget, type Outcome, require } from "../target.ts";

const piece = fc.oneof(
  fc.constantFrom(..."\"|'|\\|\\x|\\x4|\\x41|\\n| |\t|\v|\f|\r|\0|\"a b\" |'a b' |set ".split("|")),
  fc.string({ unit: "binary", maxLength: 5 }),
);
const lines = fc
  .array(piece, { maxLength: 20 })
  .map((pieces) => Buffer.from(pieces.join("")).toString("latin1"));

function quoted(argument: string): string {
  return `"${Buffer.from(argument, "latin1").toString("hex").replaceAll(/../g, "\\x$&")}"`;
}

function check(line: string): Outcome {
  const argv = splitInlineArguments(line);
  if (argv === undefined) {
    require(/["']/.test(line), "only quotes can be unbalanced");
    return "refused";
  }
  require(argv.join("").length <= line.length, "arguments are no longer than their line");
  same(splitInlineArguments(argv.map(quoted).join(" ")), argv, "quoted arguments read back");
  same(splitInlineArguments(` ${line} `), argv, "blanks around a line change nothing");
  return "decoded";
}

export const inlineArguments: FuzzTarget = fuzzTarget("inline-arguments", lines, check);
