import { describe, expect, it } from "vitest";
import { globMatches } from "../../../sentinel/clients/glob.ts";

describe("glob patterns", () => {
  it.each([
    ["*", "", true],
    ["*", "anything", true],
    ["+switch-*", "+switch-master", true],
    ["+switch-*", "-switch-master", false],
    ["?sdown", "+sdown", true],
    ["?sdown", "sdown", false],
    ["[-+]sdown", "-sdown", true],
    // As in Redis: `+-]` is a range, so the class goes on to the end.
    ["[+-]sdown", "-sdown", false],
    ["[^+]sdown", "+sdown", false],
    ["[^+]sdown", "-sdown", true],
    ["[a-c]x", "bx", true],
    ["[c-a]x", "bx", true],
    ["[a-c]x", "dx", false],
    ["\\*", "*", true],
    ["\\*", "a", false],
    ["[\\]]", "]", true],
    ["a*b*c", "a1b2b3c", true],
    ["a*b*c", "a1c2b", false],
    ["[ab", "a", true],
    ["abc", "ab", false],
    ["ab", "abc", false],
    ["ab**", "ab", true],
  ])("%s on %s: %s", (pattern, text, expected) => {
    expect(globMatches(pattern, text)).toBe(expected);
  });

  it("does not go over the text again for each star", () => {
    const pattern = `${"a*".repeat(200)}b`;
    expect(globMatches(pattern, "a".repeat(2000))).toBe(false);
  });
});
