import { describe, expect, it } from "vitest";
import { matchesGlob } from "../../src/core/glob.ts";

describe("glob patterns", () => {
  it.each([
    ["*", "anything", true],
    ["", "", true],
    ["", "a", false],
    ["*", "", false],
    ["a*c", "abbbc", true],
    ["a*c", "abbb", false],
    ["*a*b*", "xxaxxbxx", true],
    ["h?llo", "hello", true],
    ["h?llo", "hllo", false],
    ["h[ae]llo", "hallo", true],
    ["h[^e]llo", "hello", false],
    ["h[a-c]llo", "hbllo", true],
    ["h[c-a]llo", "hbllo", true],
    ["[\\]]", "]", true],
    ["[abc", "c", true],
    ["a\\*", "a*", true],
    ["a\\*", "ab", false],
    ["\\", "\\", true],
    ["a?\xff", "a\r\xff", true],
  ])("%j against %j: %s", (pattern, text, expected) => {
    expect(matchesGlob(pattern, text)).toBe(expected);
  });

  it("take bounded time on hostile patterns", () => {
    expect(matchesGlob(`${"a*".repeat(200)}b`, "a".repeat(5000))).toBe(false);
  });
});
