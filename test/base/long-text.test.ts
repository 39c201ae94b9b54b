import { describe, expect, it } from "vitest";
import { LongText } from "../../src/base/long-text.ts";
import { heapUsed } from "../heap-used.ts";

const PARTS = 200_000;

describe("a long text", () => {
  it("is its parts in order, short and long ones", () => {
    const parts = [5, 4000, 0, 200, 4096, 1, 10_000, 3].map((length, at) => `${at}`.repeat(length));
    const text = new LongText("head ");
    for (const part of parts) text.add(part);
    expect(text.toString()).toBe(`head ${parts.join("")}`);
    expect(text.length).toBe(text.toString().length);
  });

  it("is empty again once cleared", () => {
    const text = new LongText("x".repeat(5000));
    text.add("y".repeat(5000));
    text.clear();
    expect([text.length, text.toString()]).toEqual([0, ""]);
    text.add("z");
    expect(text.toString()).toBe("z");
  });

  it("takes no more memory than it is long while it grows", () => {
    const before = heapUsed();
    const text = new LongText();
    for (let at = 0; at < PARTS; at += 1) text.add(`${at % 1000}\r\n`);
    const bytes = heapUsed() - before;
    expect(text.length).toBeGreaterThan(4 * PARTS);
    expect(bytes).toBeLessThan(2 * text.length);
  });
});
