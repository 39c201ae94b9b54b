import { describe, expect, it } from "vitest";
import { dialect } from "../../../src/core/scripting/dialect.ts";
import { toLaterSource } from "../../../src/core/scripting/earlier-words.ts";
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

const LIST = "local t = {} for i = 1, 50000 do t[i] = 'x' end";

describe("what a function does beside the machine's instructions counts", () => {
  it.each([
    ["moving a list", `${LIST} for i = 1, 30 do table.insert(t, 1, 'x') end`],
    ["moving it back", `${LIST} for i = 1, 30 do table.remove(t, 1) end`],
    ["moving what is not there", "pcall(table.insert, {}, -2000000, 1)"],
    ["joining a list", `${LIST} for i = 1, 30 do table.concat(t) end`],
    ["unpacking a list", `${LIST} for i = 1, 400 do unpack(t, 1, 8000) end`],
    ["letters", "('x'):rep(5e7):upper()"],
    ["letters from behind", "('x'):rep(5e7):reverse()"],
    ["order", "local t = {} for i = 1, 50000 do t[i] = i % 7 end table.sort(t)"],
    ["many captures", "return #('a'):rep(100000):gsub('.', ('%0'):rep(50))"],
    ["a text that JSON escapes", "return #cjson.encode(('\\1'):rep(1e7))"],
    ["a text to quote", "for i = 1, 9 do string.format('%q', ('\\0'):rep(2e6)) end"],
    ["digits", "tonumber(('1'):rep(400000), 8)"],
    ["spaces around digits", "local s = (' '):rep(1e6) .. '1' for i = 1, 200 do tonumber(s) end"],
    ["a sum of texts", "local s = ('0'):rep(1e6) for i = 1, 15 do local n = s + 1 end"],
    ["hashes", "local s = ('x'):rep(6e7) for i = 1, 2 do redis.sha1hex(s) end"],
    ["a source", "loadstring(('local a = 1 '):rep(40000))"],
    ["a format", "string.format(('%%'):rep(1500000))"],
    ["the log", "redis.log(redis.LOG_DEBUG, ('x'):rep(11000000))"],
    ["equal texts", "local a, b = ('x'):rep(6e7), ('x'):rep(6e7) for i = 1, 6 do local c = a == b end"],
    ["texts in order", "local a, b = ('x'):rep(5e7), ('x'):rep(5e7) local c = a < b"],
    ["a pattern that goes back", "local s = ('a'):rep(300) return s:find('.-.-.-b')"],
    ["and forth", "local s = ('a'):rep(300) return s:match('a*a*a*b')"],
    ["what replaces", "local s = ('a'):rep(300) return s:gsub('.-.-.-b', '')"],
    ["what iterates", "local s = ('a'):rep(300) for m in s:gmatch('a*a*a*b') do end"],
    ["what is balanced", "local s = ('('):rep(20000) return s:find('%b()')"],
    ["a set of letters", "local s = ('a'):rep(100000) return s:find('[' .. ('b'):rep(1000) .. ']')"],
    ["a capture that comes again", "local s = ('a'):rep(9000) return s:find('(a+)%1b')"],
    ["a plain text", "local s = ('a'):rep(100000) return s:find(('a'):rep(1000) .. 'b', 1, true)"],
    ["numbers to write", "for i = 1, 350000 do local s = i / 3 .. '' end"],
    ["numbers to read", "local s = '12.5' for i = 1, 900000 do local n = s + 1 end"],
    ["short strings", "local s = 'a' for i = 1, 1300000 do local x = s .. s end"],
    ["errors", "for i = 1, 60000 do pcall(error, 'x') end"],
    ["coroutines", "local f = function() end for i = 1, 45000 do coroutine.create(f) end"],
    [
      "their turns",
      "local c = coroutine.create(function() while true do coroutine.yield() end end) " +
        "for i = 1, 60000 do coroutine.resume(c) end",
    ],
    ["long keys", "local t = {} t[('x'):rep(5e7)] = 1 t[('y'):rep(5e7)] = 1"],
  ])("%s", (_name, script) => {
    const harness = new Harness();
    expect(evaluate(script, harness)).toMatch(TOO_LONG);
    expect(evaluate("return 1", harness)).toBe(1);
  });

  it("and a source that would take long to compile is not compiled", () => {
    expect(evaluate(`--${"x".repeat(1024 * 1024)}`)).toMatch(/Error compiling script .*too long/);
    expect(evaluate(`--${"x".repeat(1024 * 512)}\nreturn 1`)).toBe(1);
  });

  it("and what has no end in a source is looked for once: it takes the whole rest", () => {
    expect(toLaterSource('"\\d" [[ "\\d" ]] "\\d"')).toBe('"d" [[ "\\d" ]] "d"');
    for (const start of ["[[", "[==[", "--[["]) {
      expect(toLaterSource(`"\\d" ${start} "\\d"`)).toBe(`"d" ${start} "\\d"`);
    }
  });
});

describe("strings as keys", () => {
  it("are apart, and in the order of their bytes, whatever these are", () => {
    const script =
      "local one, other = '\\1\\35', '\\18\\3' local t = {[one] = 1} " +
      "return {tostring(one == other), tostring(t[other]), tostring(one < other), tostring('a\\9' < 'a\\16')}";
    expect(evaluate(script)).toEqual(["false", "nil", "true", "true"]);
    expect(evaluate(`local t = {["${"k".repeat(100)}"] = 1} return t[("k"):rep(100)]`)).toBe(1);
  });
});
