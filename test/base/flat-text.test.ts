import { describe, expect, it } from "vitest";
import { flat, ownText } from "../../src/base/flat-text.ts";
import { heapUsed } from "../heap-used.ts";

const TEXTS = 20_000;

/** Bytes that V8 holds for each of many texts, after so many that what makes them has been compiled. */
function bytesOfEach(make: (at: number) => string): number {
  const texts = new Array<string>(TEXTS).fill("");
  for (let at = 0; at < 10 * TEXTS; at += 1) texts[at % TEXTS] = make(at);
  texts.fill("");
  const before = heapUsed();
  for (let at = 0; at < TEXTS; at += 1) texts[at] = make(at);
  const bytes = (heapUsed() - before) / TEXTS;
  expect(texts).toHaveLength(TEXTS);
  return bytes;
}

const joined = (at: number): string => `${at}-${"x".repeat(40)}${at + 1}-${"y".repeat(at % 2)}${at + 2}`;
const piece = (at: number): string => `${at}${"x".repeat(400)}`.slice(1, 40);

describe("a text put together of others", () => {
  it("holds on to them", () => {
    expect(bytesOfEach(joined)).toBeGreaterThan(170);
  });

  it("is one of its own when made flat", () => {
    expect(bytesOfEach((at) => flat(joined(at)))).toBeLessThan(140);
    expect(flat(joined(7))).toBe(`7-${"x".repeat(40)}8-y9`);
    expect(flat("")).toBe("");
  });
});

it("a piece of a text holds on to it, unless it is made one of its own", () => {
  expect(bytesOfEach(piece)).toBeGreaterThan(400);
  expect(bytesOfEach((at) => ownText(piece(at)))).toBeLessThan(140);
});
