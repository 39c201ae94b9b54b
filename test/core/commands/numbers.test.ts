import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addLongDoubles, formatLongDouble, parseLongDouble } from "../../../src/core/commands/long-double.ts";
import { addIntegers, parseCursor, parseInteger } from "../../../src/core/commands/numbers.ts";

describe("integers", () => {
  it("are read as Redis reads them: all of the text, 64 bits, no frills", () => {
    const good = [
      "0",
      "-1",
      "999999999999999",
      "9007199254740993",
      "9223372036854775807",
      "-9223372036854775808",
    ];
    expect(good.map((text) => String(parseInteger(text)))).toEqual(good);
    const bad = [
      "",
      "-",
      "+1",
      "01",
      "-0",
      " 1",
      "1 ",
      "1.0",
      "1e3",
      "9223372036854775808",
      "-9223372036854775809",
    ];
    expect(bad.map(parseInteger)).toEqual(bad.map(() => undefined));
  });

  it("add up exactly, or not at all beyond 64 bits", () => {
    const value = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(value, value, (one, other) => {
        const sum = one + other;
        const fits = sum >= -(2n ** 63n) && sum < 2n ** 63n;
        const parsed = [String(one), String(other)].map((text) => parseInteger(text) ?? 0);
        expect(addIntegers(parsed[0] ?? 0, parsed[1] ?? 0)).toBe(fits ? String(sum) : undefined);
      }),
    );
  });

  it("as cursors wrap like C's strtoul", () => {
    expect(["0", "", "17", "+3"].map(parseCursor)).toEqual([0, 0, 17, 3]);
    expect(["x", "-", "1x", " 1", "18446744073709551616"].map(parseCursor)).toEqual(Array(5).fill(undefined));
  });
});

describe("long doubles", () => {
  const sum = (one: string, other: string): string | undefined => {
    const [left, right] = [parseLongDouble(one), parseLongDouble(other)];
    if (typeof left !== "object" || typeof right !== "object") return undefined;
    const result = addLongDoubles(left, right);
    return result && formatLongDouble(result);
  };

  // What redis-server 7.0 on x86-64 answers.
  it.each([
    ["10.5", "0.1", "10.6"],
    ["3.0e3", "200", "3200"],
    ["0.1", "0.2", "0.3"],
    ["1e20", "1", "100000000000000000000"],
    ["-1.5", "1.5", "0"],
    ["1e-18", "0", "0"],
    ["6e-18", "0", "0.00000000000000001"],
    ["3.6e-4951", "0", "0"],
    ["0x10", ".5", "16.5"],
    ["1.", "-2", "-1"],
  ])("%s + %s is %s", (one, other, expected) => {
    expect(sum(one, other)).toBe(expected);
  });

  it("know infinities, and refuse what is no number or out of range", () => {
    expect(["inf", "-Infinity"].map(parseLongDouble)).toEqual(["infinite", "infinite"]);
    const bad = ["", "x", "nan", "1e", "1 ", " 1", "0x", "1e5000", "1e-5000", "1e-4951", "1e999999999"];
    expect(bad.map(parseLongDouble)).toEqual(bad.map(() => undefined));
    expect(sum("1e4932", "1e4932")).toBeUndefined();
  });
});
