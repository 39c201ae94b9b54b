/** Integers in bytes are those that texts spell. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { integerBytes, readInteger, writeInteger } from "../../src/base/decimal.ts";
import { parseInteger } from "../../src/core/keyspace/int64.ts";

function read(text: string): number | undefined {
  const bytes = Buffer.from(`1${text}1`, "latin1");
  return readInteger(bytes, 1, bytes.length - 1);
}

it("what is read is what the text spells, if it has at most 15 digits", () => {
  const texts = fc.oneof(
    fc.string({ unit: fc.constantFrom(..."0123456789-+ .".split("")), maxLength: 18 }),
    fc.maxSafeInteger().map(String),
    fc.constantFrom("", "-", "-0", "00", "01", "-01", "999999999999999", "1000000000000000"),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const isLong = text.replace("-", "").length > 15;
      expect(read(text)).toBe(isLong ? undefined : parseInteger(text));
    }),
    { numRuns: 2000 },
  );
});

it("what is written takes as many bytes as was said, and touches no others", () => {
  fc.assert(
    fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -1100, max: 1100 })), (value) => {
      const bytes = Buffer.alloc(20, "x");
      const length = integerBytes(value);
      writeInteger(bytes, value, 1 + length);
      expect(bytes.toString("latin1")).toBe(`x${value}`.padEnd(20, "x"));
    }),
    { numRuns: 2000 },
  );
});
