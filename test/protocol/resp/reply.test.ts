import { describe, expect, it } from "vitest";
import { encodeCommand } from "../../../src/protocol/resp/command-encoder.ts";
import * as reply from "../../../src/protocol/resp/reply.ts";

describe("replies", () => {
  it.each([
    ["a simple string", reply.simple("OK"), "+OK\r\n"],
    ["an integer", reply.integer(-5), ":-5\r\n"],
    ["a 64-bit integer", reply.integer(9223372036854775807n), ":9223372036854775807\r\n"],
    ["a bulk string with bytes of all kinds", reply.bulk("a\r\n\xff\0"), "$5\r\na\r\n\xff\0\r\n"],
    ["a long bulk string", reply.bulk("x".repeat(2000)), `$2000\r\n${"x".repeat(2000)}\r\n`],
    ["an error on one line", reply.error("ERR a\r\nb"), "-ERR a  b\r\n"],
    ["an array of encoded values", reply.array([":1\r\n", "+x\r\n"]), "*2\r\n:1\r\n+x\r\n"],
    ["an array of bulk strings", reply.bulkArray(["a", ""]), "*2\r\n$1\r\na\r\n$0\r\n\r\n"],
    ["a long array's head", reply.arrayHeader(100), "*100\r\n"],
    ["a command", encodeCommand(["SET", "k", "\xff"]), "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\n\xff\r\n"],
  ])("%s", (_name, encoded, expected) => {
    expect(encoded).toBe(expected);
  });

  it("a command of very many arguments is the same text", () => {
    const argv = Array.from({ length: 5000 }, (_, at) => String(at));
    const expected = argv.map((argument) => `$${argument.length}\r\n${argument}\r\n`).join("");
    expect(encodeCommand(argv)).toBe(`*5000\r\n${expected}`);
  });

  it.each([
    ["nil", reply.nil, "$-1\r\n", "_\r\n"],
    ["a nil array", reply.nilArray, "*-1\r\n", "_\r\n"],
    ["a map's head", (v: reply.RespVersion) => reply.mapHeader(2, v), "*4\r\n", "%2\r\n"],
    [
      "a map",
      (v: reply.RespVersion) => reply.map([["a", ":1\r\n"]], v),
      "*2\r\n$1\r\na\r\n:1\r\n",
      "%1\r\n$1\r\na\r\n:1\r\n",
    ],
    ["a set's head", (v: reply.RespVersion) => reply.setHeader(2, v), "*2\r\n", "~2\r\n"],
    ["a push's head", (v: reply.RespVersion) => reply.pushHeader(3, v), "*3\r\n", ">3\r\n"],
    [
      "text for people",
      (v: reply.RespVersion) => reply.verbatim("hi", v),
      "$2\r\nhi\r\n",
      "=6\r\ntxt:hi\r\n",
    ],
    ["true", (v: reply.RespVersion) => reply.bool(true, v), ":1\r\n", "#t\r\n"],
    ["false", (v: reply.RespVersion) => reply.bool(false, v), ":0\r\n", "#f\r\n"],
    ["a double", (v: reply.RespVersion) => reply.double(1.5, v), "$3\r\n1.5\r\n", ",1.5\r\n"],
    ["a missing value", (v: reply.RespVersion) => reply.bulkOrNil(undefined, v), "$-1\r\n", "_\r\n"],
    ["a present value", (v: reply.RespVersion) => reply.bulkOrNil("x", v), "$1\r\nx\r\n", "$1\r\nx\r\n"],
  ] as const)("%s in RESP2 and RESP3", (_name, encode, inResp2, inResp3) => {
    expect([encode(2), encode(3)]).toEqual([inResp2, inResp3]);
  });

  // As C prints them with %.17g.
  it.each([
    [0, "0"],
    [-0, "-0"],
    [3, "3"],
    [0.1, "0.10000000000000001"],
    [-2.5, "-2.5"],
    [100000, "100000"],
    [1e16, "10000000000000000"],
    [1e17, "1e+17"],
    [1e21, "1e+21"],
    [123456789012345680, "1.2345678901234568e+17"],
    [0.0001, "0.0001"],
    [0.00001, "1.0000000000000001e-05"],
    [5e-324, "4.9406564584124654e-324"],
    [1.7976931348623157e308, "1.7976931348623157e+308"],
    [1 / 3, "0.33333333333333331"],
    [Number.POSITIVE_INFINITY, "inf"],
    [Number.NEGATIVE_INFINITY, "-inf"],
    [Number.NaN, "nan"],
    // In the middle between two of 17 digits.
    [1 + 2 ** -17, "1.0000076293945312"],
    [2 + 3 * 2 ** -17, "2.0000228881835938"],
    [2 ** -17, "7.62939453125e-06"],
  ])("the double %d is printed as Redis prints it", (value, text) => {
    expect(reply.formatDouble(value)).toBe(text);
  });
});
