import { describe, expect, it } from "vitest";
import { dialect } from "../../../src/core/scripting/dialect.ts";
import { decode, Harness } from "../commands/harness.ts";

const TOO_LONG = /^\(error\) ERR Script ended: it ran for too long/;
/** As script-engine.ts has it for a script that has written nothing, and what may be done between two looks at it. */
const INSTRUCTIONS_MAX = 10_000_000;
const SLACK = 500_000;

function evaluate(script: string, harness: Harness = new Harness(), args: readonly string[] = []): unknown {
  return decode(harness.execute(["EVAL", script, "0", ...args]).reply);
}

/** A list whose members are one list, and so on: `width` to the power of `depth` of them, out of a few. */
function nested(width: number, depth: number): string {
  return `local t = {} for i = 1, ${depth} do local n = {} for j = 1, ${width} do n[j] = t end t = n end`;
}

describe("what a function does for a script counts while it does it", () => {
  it.each([
    ["a long reply", "return #redis.call('LRANGE', 'list', 0, -1)"],
    ["JSON to decode", "cjson.decode('[' .. ('1,'):rep(300000) .. '1]')"],
    ["a JSON string of escapes", "cjson.decode('\"' .. ([[\\n]]):rep(4000000) .. '\"')"],
    ["tables to encode as JSON", `${nested(2, 22)} cjson.encode(t)`],
    ["tables to pack", `${nested(8, 9)} cmsgpack.pack(t)`],
    ["a message to unpack", "cmsgpack.unpack('\\221\\0\\8\\0\\0' .. ('\\1'):rep(524288))"],
    ["a structure to pack", "struct.pack(('x'):rep(3000000))"],
    ["a structure to measure", "struct.size(('x'):rep(3000000))"],
  ])("%s", (_name, script) => {
    const harness = new Harness();
    harness.execute(["RPUSH", "list", ...Array.from({ length: 300_000 }, (_, at) => String(at))]);
    expect(evaluate(script, harness)).toMatch(TOO_LONG);
    expect(dialect.work).toBeGreaterThan(0.9 * INSTRUCTIONS_MAX);
    expect(dialect.work).toBeLessThan(INSTRUCTIONS_MAX + SLACK);
    expect(evaluate("return 1", harness)).toBe(1);
  });

  it("and so do its arguments, before they are handed over", () => {
    const many = Array.from({ length: 200_000 }, () => "v");
    dialect.work = 0;
    expect(evaluate("return 1", new Harness(), many)).toMatch(TOO_LONG);
    expect(dialect.work).toBeLessThan(100_000);
    expect(evaluate("return #ARGV", new Harness(), many.slice(0, 100_000))).toBe(100_000);
  });

  it("and what is packed has a length as other strings have", () => {
    const script = "local s = ('x'):rep(2e7) return #cmsgpack.pack(s, s, s, s)";
    expect(evaluate(script)).toMatch(/not enough memory/);
  });
});
