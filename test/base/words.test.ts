import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { copyBytes, copyWords, equalsWords, wordsFor, writeWords } from "../../src/base/words.ts";

const BEFORE = -1;

function bytesOf(words: Int32Array): Buffer {
  return Buffer.from(words.buffer);
}

describe("a text in words", () => {
  it("has its bytes in order, the last word filled up with zeros, and nothing behind it touched", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.nat({ max: 9 }),
        fc.nat({ max: 3 }),
        (array, skip, at) => {
          const whole = Buffer.concat([Buffer.alloc(skip, 7), array, Buffer.alloc(5, 9)]);
          const count = wordsFor(array.length);
          const expected = new Int32Array(at + count + 2).fill(BEFORE);
          bytesOf(expected)
            .fill(0, at * 4, (at + count) * 4)
            .set(array, at * 4);
          const copied = new Int32Array(expected.length).fill(BEFORE);
          copyWords(whole, skip, skip + array.length, copied, at);
          expect(copied).toEqual(expected);

          const written = new Int32Array(count + 2).fill(BEFORE);
          writeWords(Buffer.from(array).toString("latin1"), written);
          expect(written).toEqual(expected.slice(at));
        },
      ),
    );
  });

  it("equals the same bytes, and no others of that length", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 20 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (array, place, by) => {
          const words = new Int32Array(wordsFor(array.length) + 1).fill(BEFORE);
          copyWords(Buffer.from(array), 0, array.length, words, 0);
          const bytes = Buffer.concat([Buffer.from("xx"), array, Buffer.from("x")]);
          const end = 2 + array.length;
          expect(equalsWords(bytes, 2, end, words)).toBe(true);
          if (array.length === 0) return;
          const at = 2 + (place % array.length);
          bytes[at] = (bytes[at] as number) ^ by;
          expect(equalsWords(bytes, 2, end, words)).toBe(false);
        },
      ),
    );
  });
});

describe("bytes", () => {
  it("are copied as they are, few and many, and nothing around them is touched", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 600, size: "max" }),
        fc.nat({ max: 9 }),
        fc.nat({ max: 9 }),
        (array, skip, at) => {
          const whole = Buffer.concat([Buffer.alloc(skip, 7), array, Buffer.alloc(5, 9)]);
          const into = Buffer.alloc(at + array.length + 5, 1);
          const view = new DataView(into.buffer, into.byteOffset, into.length);
          copyBytes(whole, skip, skip + array.length, into, view, at);
          expect(into).toEqual(Buffer.concat([Buffer.alloc(at, 1), array, Buffer.alloc(5, 1)]));
        },
      ),
    );
  });
});
