import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { TEXT_BOUNDS } from "../../../src/core/commands/text-bounds.ts";
import { decode, Harness, replayed } from "./harness.ts";

const SHA_OF_RETURN_1 = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db";

function evaluate(harness: Harness, script: string, keys: string[] = [], args: string[] = []): unknown {
  return decode(harness.execute(["EVAL", script, String(keys.length), ...keys, ...args]).reply);
}

describe("strings in scripts", () => {
  it.each([
    "ARGV[1] == 'a'",
    "KEYS[1] == 'k'",
    "redis.call('ECHO', 'a') == 'a'",
    "redis.status_reply('a').ok == 'a'",
    "tostring(-1) == '-1'",
    "1 .. '' == '1'",
    "('A'):lower() == 'a'",
    "('a'):rep(100) == ARGV[2]",
    "cjson.decode('[\"a\"]')[1] == 'a'",
    "cmsgpack.unpack(cmsgpack.pack('a')) == 'a'",
    "select(2, pcall(error, 'a')) == 'a'",
    "({a = 1})[ARGV[1]] == 1",
    "({[ARGV[1]] = 1}).a == 1",
    "next({[ARGV[1]] = 1}) == 'a'",
  ])("are equal by what they hold, wherever they come from: %s", (equality) => {
    const script = `return tostring(${equality})`;
    expect(evaluate(new Harness(), script, ["k"], ["a", "a".repeat(100)])).toBe("true");
  });
});

describe("a command of a script that breaks after it has changed something", () => {
  it("is as fatal as outside of scripts, whatever the script makes of it", () => {
    const harness = new Harness();
    const { effects } = harness.keyspace;
    effects.append = (db, encoded) => {
      if (encoded.includes("second")) throw new RangeError("Invalid string length");
      Object.getPrototypeOf(effects).append.call(effects, db, encoded);
    };
    const script = "redis.call('set', 'first', 1) pcall(redis.call, 'set', 'second', 1) return 1";
    expect(() => evaluate(harness, script)).toThrow("Invalid string length");
  });
});

describe("the cache of scripts", () => {
  it("keeps what was loaded or evaluated, until it is flushed", () => {
    const harness = new Harness();
    expect(harness.ask(`EVALSHA ${SHA_OF_RETURN_1} 0`)).toBe(
      "(error) NOSCRIPT No matching script. Please use EVAL.",
    );
    evaluate(harness, "return 1");
    expect(harness.ask(`EVALSHA ${SHA_OF_RETURN_1.toUpperCase()} 0`)).toBe(1);
    expect(harness.ask(`SCRIPT EXISTS ${SHA_OF_RETURN_1} nothing`)).toEqual([1, 0]);
    expect(harness.ask("SCRIPT FLUSH")).toBe("OK");
    expect(harness.ask(`SCRIPT EXISTS ${SHA_OF_RETURN_1}`)).toEqual([0]);
    expect(decode(harness.execute(["SCRIPT", "LOAD", "return 1"]).reply)).toBe(SHA_OF_RETURN_1);
    expect(harness.ask(`EVALSHA ${SHA_OF_RETURN_1} 0`)).toBe(1);
  });

  it("is no data: nothing of it is propagated", () => {
    const harness = new Harness();
    harness.execute(["SCRIPT", "LOAD", "return 1"]);
    harness.run("SCRIPT FLUSH");
    expect(harness.log).toEqual([]);
  });

  it("has room for new scripts by forgetting old ones", () => {
    const harness = new Harness();
    const padding = "-".repeat(1024 * 1023);
    const shas = Array.from({ length: 40 }, (_, at) =>
      String(decode(harness.execute(["SCRIPT", "LOAD", `return ${at} --${padding}`]).reply)),
    );
    const known = harness.ask(`SCRIPT EXISTS ${shas.join(" ")}`) as number[];
    expect(known[0]).toBe(0);
    expect(known.at(-1)).toBe(1);
  });

  it("forgets first what was used longest ago, and for evaluated scripts none that was loaded", () => {
    const harness = new Harness();
    const padding = "-".repeat(1024 * 1023);
    harness.execute(["SCRIPT", "LOAD", "return 1"]);
    const shas = Array.from({ length: 50 }, (_, at) => {
      const source = `return ${at} --${padding}`;
      evaluate(harness, "return 2");
      evaluate(harness, source);
      return createHash("sha1").update(source).digest("hex");
    });
    const hot = createHash("sha1").update("return 2").digest("hex");
    expect(harness.ask(`SCRIPT EXISTS ${SHA_OF_RETURN_1} ${hot} ${shas[0]} ${shas[49]}`)).toEqual([
      1, 1, 0, 1,
    ]);
  });
});

describe("effects of a script", () => {
  it("are one record, that replays to the same state", () => {
    const harness = new Harness();
    const script =
      "redis.call('set', KEYS[1], ARGV[1], 'EX', 10) redis.call('incrbyfloat', KEYS[2], 0.5) " +
      "redis.call('select', 3) redis.call('hset', 'h', 'f', redis.call('time')[1]) return redis.call('randomkey')";
    expect(evaluate(harness, script, ["a", "b"], ["1"])).toBe("h");
    expect(harness.log).toHaveLength(1);
    expect(harness.session.db).toBe(0);
    expect(replayed(harness).keyspace.digest()).toBe(harness.keyspace.digest());
  });

  it("before an error stay, as in Redis", () => {
    const harness = new Harness();
    expect(evaluate(harness, "redis.call('set', 'a', 1) error('late')")).toMatch(/late/);
    expect(harness.ask("GET a")).toBe("1");
    expect(harness.log).toHaveLength(1);
  });

  it("are none for a script that only reads", () => {
    const harness = new Harness();
    evaluate(harness, "return redis.call('get', 'a')");
    expect(harness.log).toEqual([]);
  });

  it("abort the transaction of a client that watches", () => {
    const harness = new Harness();
    harness.run("WATCH a");
    decode(harness.execute(["EVAL", "redis.call('set', 'a', 1)", "0"], harness.connect()).reply);
    harness.run("MULTI");
    expect(harness.ask("EXEC")).toBeNull();
  });

  it("join those of the transaction that the script is in", () => {
    const harness = new Harness();
    harness.run("MULTI");
    harness.execute(["EVAL", "redis.call('select', 5) return redis.call('set', 'a', 1)", "0"]);
    harness.run("SET b 2");
    expect(harness.ask("EXEC")).toEqual(["OK", "OK"]);
    expect(harness.log).toHaveLength(1);
    expect(harness.ask("GET b")).toBe("2");
    expect(replayed(harness).keyspace.digest()).toBe(harness.keyspace.digest());
  });

  it("with messages published on the way", () => {
    const execution = new Harness().execute(["EVAL", "return redis.call('publish', 'c', 'm')", "0"]);
    expect(execution.publications).toEqual([{ channel: "c", message: "m" }]);
  });
});

describe("a script's reply has seen", () => {
  it("the records of the keys that it looked at, or everything when it declares none", () => {
    const harness = new Harness();
    for (const command of ["SET a 1", "SET b 1", "SET c 1"]) harness.run(command);
    const script = "return redis.call('get', KEYS[1] or 'a')";
    expect(harness.execute(["EVAL", script, "1", "a"]).sawOffset).toBe(1);
    expect(harness.execute(["EVAL", script, "1", "b"]).sawOffset).toBe(2);
    expect(harness.execute(["EVAL", script, "0"]).sawOffset).toBe(3);
  });
});

describe("where writes are refused", () => {
  function replica(): Harness {
    const harness = new Harness();
    harness.host.refusal = (command, flags) =>
      (flags & 1) !== 0 && command.fullName !== "none"
        ? "READONLY You can't write against a read only replica."
        : undefined;
    return harness;
  }

  it("scripts that read run, and those that write are refused at the write", () => {
    const harness = replica();
    expect(evaluate(harness, "return redis.call('exists', 'a')")).toBe(0);
    expect(evaluate(harness, "return redis.call('set', 'a', 1)")).toMatch(
      /^\(error\) READONLY You can't write against a read only replica. script: [0-9a-f]{40}, on @user_script:1.$/,
    );
    expect(evaluate(harness, "return redis.pcall('set', 'a', 1).err")).toMatch(/^READONLY/);
  });

  it("scripts that say that they write are refused before they run", () => {
    const harness = replica();
    expect(evaluate(harness, "#!lua\nreturn 1")).toBe(
      "(error) ERR Can not run script with write flag on readonly replica.",
    );
    expect(evaluate(harness, "#!lua flags=no-writes\nreturn 1")).toBe(1);
  });
});

describe("a script that runs for too long", () => {
  it("is ended with an error when it has written nothing", () => {
    const harness = new Harness();
    expect(evaluate(harness, "while true do end")).toMatch(
      /^\(error\) ERR Script ended.*It has changed nothing/,
    );
    expect(harness.ask("SCRIPT KILL")).toBe("(error) NOTBUSY No scripts in execution right now.");
    expect(evaluate(harness, "return 1")).toBe(1);
  });

  it("is ended later when it has written, and what it wrote stays, as one record", () => {
    const harness = new Harness();
    expect(evaluate(harness, "while true do redis.call('incr', 'n') end")).toMatch(
      /^\(error\) ERR Script ended.*stays changed/,
    );
    expect(Number(harness.ask("GET n"))).toBeGreaterThan(1000);
    expect(harness.log).toHaveLength(1);
    expect(replayed(harness).keyspace.digest()).toBe(harness.keyspace.digest());
  });

  it.each([
    "local t = {} while true do t[#t + 1] = 1 end",
    "local s = string.rep('x', 1e5) while true do s = s .. 'x' end",
    "local s = string.rep('x', 1e3) while true do s:find('y') end",
    "while true do redis.call('get', 'a') end",
    "local t = {} for i = 1, 100 do t[i] = {a = i} end while true do cjson.decode(cjson.encode(t)) end",
    "local t = {} for i = 1, 100 do t[i] = {a = i} end while true do cmsgpack.unpack(cmsgpack.pack(t)) end",
    "local t = {} for i = 1, 1000 do t[i] = i end while true do table.sort(t) end",
    "local function f() end while true do f() end",
    "local t = {1, 2, 3} while true do for k in pairs(t) do end end",
    "while true do string.format('%d', 1) end",
    "while true do local a = {function() end} end",
  ])("%s comes to its end", (script) => {
    expect(evaluate(new Harness(), script)).toMatch(/ran for too long|not enough memory/);
  });
});

describe("a script's reply that would be too long", () => {
  const tooLong = "(error) ERR the reply would be too long; ask for less at once";

  it("is refused before it is made, also when it is a few tables many times over", () => {
    const doubled = (times: number): string => `local t = {} for i = 1, ${times} do t = {t, t} end return t`;
    expect(evaluate(new Harness(), doubled(24))).toBe(tooLong);
    expect(evaluate(new Harness(), doubled(3))).toEqual([
      [
        [[], []],
        [[], []],
      ],
      [
        [[], []],
        [[], []],
      ],
    ]);
    expect(evaluate(new Harness(), "local m = {} m.map = {m} m.map[2] = m return m")).toMatch(/^\(error\)/);
  });

  it("is refused for the length of its strings alone", () => {
    const harness = new Harness({ ...TEXT_BOUNDS, replyBytesMax: 1000 });
    const repeated = (times: number): string =>
      `local s, t = ('x'):rep(100), {} for i = 1, ${times} do t[i] = {s} end return t`;
    expect(evaluate(harness, repeated(10))).toBe(tooLong);
    expect(evaluate(harness, repeated(8))).toHaveLength(8);
  });
});

describe("redis.*", () => {
  it("gives other random numbers in each run", () => {
    const harness = new Harness();
    const first = evaluate(harness, "return tostring(math.random())");
    expect(evaluate(harness, "return tostring(math.random())")).not.toBe(first);
  });

  it("logs through the node", () => {
    const harness = new Harness();
    evaluate(harness, "redis.log(redis.LOG_WARNING, 'a', 1, 'b')");
    expect(harness.host.scriptLogs).toEqual([[3, "a 1 b"]]);
  });

  it("answers a RESP3 client in RESP3", () => {
    const harness = new Harness();
    harness.run("HELLO 3");
    harness.run("HSET h f v");
    expect(harness.execute(["EVAL", "return {double=1.5}", "0"]).reply).toBe(",1.5\r\n");
    expect(harness.execute(["EVAL", "redis.setresp(3) return redis.call('hgetall','h')", "0"]).reply).toBe(
      "%1\r\n$1\r\nf\r\n$1\r\nv\r\n",
    );
    expect(harness.execute(["EVAL", "return {set={x=true}}", "0"]).reply).toBe("~1\r\n$1\r\nx\r\n");
    expect(harness.execute(["EVAL", "redis.setresp(3) return true", "0"]).reply).toBe("#t\r\n");
    expect(harness.execute(["EVAL", "return false", "0"]).reply).toBe("_\r\n");
    expect(harness.execute(["EVAL", "return {big_number='12'}", "0"]).reply).toBe("(12\r\n");
    expect(harness.execute(["EVAL", "return {verbatim_string={format='txt',string='a'}}", "0"]).reply).toBe(
      "=5\r\ntxt:a\r\n",
    );
  });
});
