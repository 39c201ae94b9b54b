import RedisMock from "ioredis-mock";
import { describe, expect, it } from "vitest";
import { decode, Harness } from "../commands/harness.ts";

function evaluate(script: string, harness: Harness = new Harness(), ...args: string[]): unknown {
  return decode(harness.execute(["EVAL", script, "0", ...args]).reply);
}

/** What a script finds of another, in the same machine. */
function left(first: string, second: string): unknown {
  const harness = new Harness();
  evaluate(first, harness);
  return evaluate(second, harness);
}

describe("a script can't get out of its sandbox", () => {
  it("finds these globals and nothing else", () => {
    const names = evaluate(
      "local r={} for k in pairs(_G) do r[#r+1]=k end table.sort(r) return table.concat(r,' ')",
    );
    expect(names).toBe(
      "ARGV KEYS _G _VERSION assert bit cjson cmsgpack collectgarbage coroutine error gcinfo getmetatable ipairs load " +
        "loadstring math next pairs pcall rawequal rawget rawset redis select setmetatable string struct table tonumber " +
        "tostring type unpack xpcall",
    );
  });

  it.each([
    "io",
    "os",
    "package",
    "require",
    "module",
    "debug",
    "dofile",
    "loadfile",
    "print",
    "getfenv",
    "setfenv",
    "newproxy",
    "fengari",
    "js",
    "utf8",
  ])("%s is no global", (name) => {
    expect(evaluate(`return ${name}`)).toMatch(/nonexistent global variable/);
    expect(evaluate(`return type(rawget(_G, '${name}'))`)).toBe("nil");
  });

  it.each([
    "_G.x = 1",
    "rawset(_G, 'x', 1)",
    "setmetatable(_G, nil)",
    "getmetatable(_G).__index = nil",
    "string.format = nil",
    "getmetatable('').__index = {}",
    "getmetatable('').__add = 1",
    "redis.call = nil",
    "rawset(redis, 'call', nil)",
    "cjson.decode = nil",
    "table.insert(_G, 1)",
    "table.remove(setmetatable(string, nil))",
    "table.sort(redis)",
    "coroutine.wrap = nil",
    "math.random = function() end",
    "getmetatable(cjson).x = 1",
  ])("%s changes nothing for the next script", (attempt) => {
    const harness = new Harness();
    evaluate(attempt, harness);
    expect(evaluate(`pcall(function() ${attempt} end) return 1`, harness)).toBe(1);
    const check =
      "local ok = pcall(function() return x end) return {tostring(ok), string.format('%d', 5), ('a'):upper(), " +
      "redis.call('ping').ok, cjson.decode('[1]')[1], type(math.random()), type(coroutine.wrap)}";
    expect(evaluate(check, harness)).toEqual(["false", "5", "A", "PONG", 1, "number", "function"]);
  });

  it("leaves nothing behind in KEYS, ARGV, cjson's settings or the state of others' functions", () => {
    expect(
      left("ARGV[1] = 'x' ARGV.y = 'z' KEYS[9] = 1", "return {#ARGV, type(ARGV.y), type(KEYS[9])}"),
    ).toEqual([0, "nil", "nil"]);
    expect(left("cjson.encode_number_precision(2)", "return cjson.encode(3.14159)")).toBe("3.14159");
    expect(left("redis.setresp(3)", "return type(redis.call('hgetall', 'none').map)")).toBe("nil");
  });

  it("loads no binary chunk", () => {
    for (const load of [
      "loadstring(ARGV[1])",
      "load(function() local a = ARGV[1] ARGV[1] = nil return a end)",
    ]) {
      expect(
        evaluate(
          `local f, why = ${load} return {type(f), type(why)}`,
          new Harness(),
          "\x1bLuaS\0\x19\x93\r\n",
        ),
      ).toEqual(["nil", "string"]);
    }
    expect(evaluate("return string.dump(function() end)")).toMatch(/unable to dump/);
    expect(evaluate("\x1bLua")).toMatch(/Error compiling script/);
  });

  it("gives loaded chunks the same globals, and no others", () => {
    expect(evaluate("return loadstring('return os')()")).toMatch(/nonexistent global variable 'os'/);
    expect(evaluate("return loadstring('y = 1')()")).toMatch(/Attempt to modify a readonly table/);
    expect(evaluate("local f = load(function() return nil end, 'n', 't', {}) return type(_G)")).toBe("table");
  });

  it.each([
    "return tostring(constructor)",
    "return ('x').constructor",
    "return ('x').__proto__",
    "return redis.__proto__",
    "return redis.constructor",
    "return ({}).hasOwnProperty",
    "return cjson.null.constructor",
    "return redis.call.constructor",
  ])("%s reaches nothing of JavaScript", (script) => {
    const reply = evaluate(script);
    expect(reply === null || /nonexistent global|attempt to index/.test(String(reply))).toBe(true);
  });

  it("keeps keys that mean something to JavaScript apart", () => {
    const script =
      "local t = {} t.__proto__ = 1 t.constructor = 2 t.toString = 3 t['|78'] = 4 t.x = 5 " +
      "return {t.__proto__, t.constructor, t.toString, t['|78'], t.x, type(t.valueOf)}";
    expect(evaluate(script)).toEqual([1, 2, 3, 4, 5, "nil"]);
    expect(evaluate("return cjson.encode(cjson.decode('{\"__proto__\":1}'))")).toBe('{"__proto__":1}');
  });

  it("gets no string beyond a limit", () => {
    expect(evaluate("return #string.rep('x', 1e9)")).toMatch(/resulting string too large/);
    expect(evaluate("local s = string.rep('x', 4e7) s = s .. s return #s")).toMatch(/not enough memory/);
    expect(evaluate("local s = string.rep('x', 4e7) return #string.format('%s%s', s, s)")).toMatch(
      /not enough memory/,
    );
    expect(evaluate("return table.concat({string.rep('x', 4e7), string.rep('x', 4e7)})")).toMatch(
      /not enough memory/,
    );
  });

  it("overflows no stack but its own", () => {
    expect(evaluate("local function f() return 1 + f() end return f()")).toMatch(/stack overflow/);
    expect(evaluate("local function f() return pcall(f) end return tostring(f())")).toMatch(/true|false/);
    expect(
      evaluate(
        "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] end return t.x",
      ),
    ).toMatch(/stack overflow/);
    expect(evaluate(`return ${"(".repeat(5000)}1${")".repeat(5000)}`)).toMatch(/Error compiling script/);
    const nested = ["EVAL", "local t = {} for i = 1, 20000 do t = {t} end return t", "0"];
    expect(new Harness().execute(nested).reply).toMatch(/-ERR reached lua stack limit/);
    expect(evaluate("return string.rep('(', 300):find(string.rep('(', 300))")).toMatch(/user_script:1/);
    expect(evaluate("return cjson.decode(string.rep('[', 100000))")).toMatch(/too many nested/);
    expect(evaluate("return cmsgpack.unpack(string.rep('\\145', 100000))")).toMatch(/Bad data format/);
  });

  it("catches its own end no more than once", () => {
    const forever = "while true do pcall(function() while true do end end) end";
    expect(evaluate(forever)).toMatch(/ran for too long/);
    expect(evaluate(`local co = coroutine.wrap(function() ${forever} end) co()`)).toMatch(/ran for too long/);
    expect(
      evaluate(
        "while true do xpcall(function() while true do end end, function() while true do end end) end",
      ),
    ).toMatch(/ran for too long/);
  });
});

describe("the dialect", () => {
  it("is for our machine only: others in this process who use fengari see Lua 5.3", async () => {
    expect(evaluate("return {tostring(3.0), 7 / 7 .. ''}")).toEqual(["3", "1"]);
    const other = new RedisMock();
    expect(await other.eval("return tostring(3.0) .. (7 // 2) .. (6 & 3)", 0)).toBe("3.032");
    expect(evaluate("return 6 & 3")).toMatch(/Error compiling script/);
  });
});
