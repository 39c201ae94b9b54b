import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitInlineArguments } from "../../../src/protocol/resp/inline-arguments.ts";

describe("inline arguments", () => {
  it.each([
    ["", []],
    ["  \t ", []],
    ["PING", ["PING"]],
    ["  set  a\tb  ", ["set", "a", "b"]],
    ['set k "hello world"', ["set", "k", "hello world"]],
    ["set k 'hello world'", ["set", "k", "hello world"]],
    ["\"\" ''", ["", ""]],
    ['"\\x41\\xfF\\x0a"', ["A\xff\n"]],
    ['"\\xg1"', ["xg1"]],
    ['"\\n\\r\\t\\b\\a\\\\\\"\\q"', ['\n\r\t\b\x07\\"q']],
    ["'\\'' '\\n'", ["'", "\\n"]],
    ["a\\x41", ["a\\x41"]],
    ['a"b c"', ["ab c"]],
    ["a'b c' d", ["ab c", "d"]],
    ["\va\vb\fc", ["a\vb\fc"]],
    ['"a"\v"b"', ["a", "b"]],
    ["caf\xe9 \x80", ["caf\xe9", "\x80"]],
    ["a\0b c", ["a\0b", "c"]],
  ])("splits %j", (line, argv) => {
    expect(splitInlineArguments(line)).toEqual(argv);
  });

  it.each(['"a', "'a", '"a"b', "'a'b", '"a""b"', 'x"', '"a\\', '"a\\"', "'a\\'"])("refuses %j", (line) => {
    expect(splitInlineArguments(line)).toBeUndefined();
  });

  it("reads back any bytes written as \\xHH in double quotes", () =>
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 6 }), (values) => {
        const argv = values.map((bytes) => Buffer.from(bytes).toString("latin1"));
        const quote = (bytes: Uint8Array): string =>
          `"${Buffer.from(bytes).toString("hex").replaceAll(/../g, "\\x$&")}"`;
        expect(splitInlineArguments(values.map(quote).join(" "))).toEqual(argv);
      }),
    ));
});
