import { describe, expect, it } from "vitest";
import { SuiteOutput } from "./suite-output.ts";

function read(...lines: string[]): SuiteOutput {
  const output = new SuiteOutput();
  for (const line of lines) output.line(line);
  return output;
}

describe("what the suite prints", () => {
  it("is a pass or a failure of the test that was running, with all that was said of it", () => {
    const run = read(
      "[ready]: 4711",
      "Testing unit/type/string",
      "[testing]: SET and GET an item",
      "[ok]: SET and GET an item (1 ms)",
      "[testing]: MGET",
      "\u001b[0;31;49m[err]\u001b[0m: MGET in tests/unit/type/string.tcl",
      "Expected 'a' to be equal to 'b'",
      '"[srv $level "client"] {*}$args"',
      "[testing]: APPEND",
      "[ok]: APPEND (0 ms)",
      "[ignore]: Tag: slow denied",
      "[1/1 done]: unit/type/string (2 seconds)",
    ).end("exit 1");
    expect(run).toEqual({
      outcomes: [
        { name: "SET and GET an item", failure: null },
        { name: "MGET", failure: `Expected 'a' to be equal to 'b'\n"[srv $level "client"] {*}$args"` },
        { name: "APPEND", failure: null },
      ],
      refused: [],
      end: { kind: "done" },
    });
  });

  it("tells tests of one name apart by their order, also where one was left out", () => {
    const { outcomes } = read(
      "[skip]: fuzz",
      "[testing]: fuzz",
      "[ok]: fuzz (1 ms)",
      "[testing]: fuzz",
      "  Average time: 3.5 microseconds [ok]: fuzz (9 ms)",
    ).end("exit 0");
    expect(outcomes.map(({ name }) => name)).toEqual(["fuzz (2)", "fuzz (3)"]);
  });

  it("ends with the test that an exception hit", () => {
    const { end, refused } = read(
      "[refused]: list-compress-depth: ERR Unknown option",
      "[testing]: LCS basic",
      "[exception]: Executing test client: ERR unknown command 'LCS'.",
      "    while executing",
    ).end("exit 1");
    expect(end).toEqual({
      kind: "aborted",
      test: "LCS basic",
      message: "ERR unknown command 'LCS'.\n    while executing",
    });
    expect(refused).toEqual(["list-compress-depth: ERR Unknown option"]);
  });

  it("ends between two tests when none was running, or when the suite breaks off without a word", () => {
    const thrown = read("[testing]: GET", "[ok]: GET (1 ms)", "[exception]: Executing test client: gone");
    expect(thrown.end("exit 1").end).toEqual({ kind: "aborted", test: null, message: "gone" });
    const silent = read("Can't find a non busy port in the 20000-20031 range.");
    expect(silent.end("exit 1").end).toEqual({
      kind: "aborted",
      test: null,
      message: "the suite ended: exit 1\nCan't find a non busy port in the 20000-20031 range.",
    });
  });
});
