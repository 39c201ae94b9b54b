import { describe, expect, it } from "vitest";
import { encodeCommand } from "../../../src/protocol/resp/command-encoder.ts";
import { DEFAULT_REDIS_LIMITS } from "../../../src/protocol/resp/limits.ts";
import { PlainRequest } from "../../../src/protocol/resp/plain-request.ts";
import { RequestDecoder } from "../../../src/protocol/resp/request-decoder.ts";
import { decode, Harness } from "./harness.ts";

/** Id, microseconds and command of each entry. */
function slowlog(harness: Harness): unknown[] {
  const entries = harness.ask("SLOWLOG GET") as [number, number, number, string[]][];
  return entries.map(([id, , durationUs, argv]) => [id, durationUs, argv.join(" ")]);
}

describe("SLOWLOG", () => {
  it("keeps commands that took as long as said, the newest first, and no more than said", () => {
    const harness = new Harness();
    const log = harness.dispatcher.slowlog;
    log.thresholdUs = 0;
    log.entriesMax = 2;
    harness.run("CLIENT SETNAME me");
    harness.run("SET k 1");
    harness.run("GET k");
    log.thresholdUs = -1;
    expect(harness.ask("SLOWLOG LEN")).toBe(2);
    expect(harness.ask("SLOWLOG GET")).toEqual([
      [2, 1_700_000_000, 0, ["GET", "k"], "127.0.0.1:5000", "me"],
      [1, 1_700_000_000, 0, ["SET", "k", "1"], "127.0.0.1:5000", "me"],
    ]);
    expect(harness.ask("SLOWLOG GET 1")).toHaveLength(1);
    expect(harness.ask("SLOWLOG GET 0")).toEqual([]);
    expect(harness.ask("SLOWLOG GET -1")).toHaveLength(2);
    expect(harness.ask("SLOWLOG GET -2")).toBe("(error) ERR count should be greater than or equal to -1");
    expect(harness.ask("SLOWLOG RESET")).toBe("OK");
    expect(harness.ask("SLOWLOG LEN")).toBe(0);
  });

  it("measures plain requests in a row as one, each with its part of the time", () => {
    const harness = new Harness();
    harness.run("SET k v");
    const decoder = new RequestDecoder(DEFAULT_REDIS_LIMITS);
    const run = (tookMs: number, ...argv: string[][]): number => {
      decoder.feed(Buffer.from(argv.map(encodeCommand).join("")));
      const request = new PlainRequest();
      expect(decoder.findPlain(request)).toBe(true);
      harness.dispatcher.beginBatch(harness.host.watchMs - tookMs);
      return harness.dispatcher.plain.runReads(harness.session, decoder, request);
    };
    expect(run(30, ["GET", "k"], ["get", "k"], ["GET", "k"], ["PING"])).toBe(3);
    expect(slowlog(harness)).toEqual([[0, 10_000, "GET k"]]);
    expect(decoder.next()).toEqual(["PING"]);
    expect(run(29, ["GET", "k"], ["GET", "k"], ["GET", "k"])).toBe(3);
    expect(harness.ask("SLOWLOG LEN")).toBe(1);
    harness.dispatcher.slowlog.thresholdUs = 0;
    expect(harness.dispatcher.plain.serves(harness.session)).toBe(false);
  });

  it("measures a plain request that may take long, wherever in its batch it is", () => {
    const harness = new Harness();
    harness.run("RPUSH l a b");
    const decoder = new RequestDecoder(DEFAULT_REDIS_LIMITS);
    decoder.feed(Buffer.from(encodeCommand(["LRANGE", "l", "0", "-1"])));
    const request = new PlainRequest();
    expect(decoder.findPlain(request)).toBe(true);
    harness.dispatcher.beginBatch(0);
    harness.run("GET k");
    const skip = decoder.skip.bind(decoder);
    decoder.skip = (skipped) => {
      harness.host.watchMs += 12;
      skip(skipped);
    };
    expect(harness.dispatcher.plain.runReads(harness.session, decoder, request)).toBe(1);
    expect(harness.session.tookMs).toBe(12);
    expect(slowlog(harness)).toEqual([[0, 12_000, "LRANGE l 0 -1"]]);
  });

  it("measures what may take long, and the first command of a batch", () => {
    const harness = new Harness();
    harness.host.stall = (ms) => {
      harness.host.watchMs += ms;
    };
    harness.run("DEBUG SLEEP 0.009");
    expect(harness.ask("SLOWLOG LEN")).toBe(0);
    harness.run("DEBUG SLEEP 0.01");
    expect(slowlog(harness)).toEqual([[0, 10_000, "DEBUG SLEEP 0.01"]]);
    harness.dispatcher.beginBatch(harness.host.watchMs - 20);
    harness.run("GET k");
    harness.run("GET other");
    expect(slowlog(harness)[0]).toEqual([1, 20_000, "GET k"]);
    expect(harness.ask("SLOWLOG LEN")).toBe(2);
  });

  it("cuts arguments short as Redis does, and tells no password", () => {
    const harness = new Harness();
    harness.dispatcher.slowlog.thresholdUs = 0;
    harness.execute(["SADD", "s", ...Array.from({ length: 31 }, (_, at) => `m${at}`)]);
    harness.execute(["SET", "k", "A".repeat(129)]);
    harness.run("AUTH default secret");
    harness.run("HELLO 2 AUTH default secret SETNAME me");
    const entries = harness.ask("SLOWLOG GET") as [number, number, number, string[]][];
    expect(entries.map(([, , , argv]) => argv)).toEqual([
      ["HELLO", "2", "AUTH", "(redacted)", "(redacted)", "SETNAME", "me"],
      ["AUTH", "(redacted)", "(redacted)"],
      ["SET", "k", `${"A".repeat(128)}... (1 more bytes)`],
      ["SADD", "s", ...Array.from({ length: 29 }, (_, at) => `m${at}`), "... (2 more arguments)"],
    ]);
  });

  it("logs what a script calls as no client's, as Redis does", () => {
    const harness = new Harness();
    harness.run("CLIENT SETNAME me");
    harness.dispatcher.slowlog.thresholdUs = 0;
    harness.execute(["EVAL", "return redis.call('GET', 'k')", "0"]);
    const entries = harness.ask("SLOWLOG GET") as [number, number, number, string[], string, string][];
    const told = entries.map(([, , , [name], address, client]) => [name, address, client]);
    expect(told).toContainEqual(["GET", "?:0", ""]);
    expect(told).toContainEqual(["EVAL", expect.not.stringMatching(/^(lua|\?)/), "me"]);
  });

  it("logs the commands of EXEC, and not EXEC", () => {
    const harness = new Harness();
    harness.run("MULTI");
    harness.run("SET k 1");
    harness.dispatcher.slowlog.thresholdUs = 0;
    harness.run("EXEC");
    harness.dispatcher.slowlog.thresholdUs = -1;
    expect(slowlog(harness)).toEqual([[0, 0, "SET k 1"]]);
  });
});

describe("MONITOR", () => {
  function monitored(): { harness: Harness; lines: (...commands: (string | string[])[]) => string[] } {
    const harness = new Harness();
    const monitor = harness.connect();
    expect(harness.ask("MONITOR", monitor)).toBe("OK");
    expect(harness.run("MONITOR", monitor)).toBe("");
    const lines = (...commands: (string | string[])[]): string[] =>
      commands.flatMap((command) => {
        const argv = typeof command === "string" ? command.split(" ") : command;
        const text = harness.execute(argv).monitored;
        return text
          .split("\r\n")
          .slice(0, -1)
          .map((line) => line.replace(/^\+1700000000\.\d{6} /, ""));
      });
    return { harness, lines };
  }

  it("shows who runs what where, with bytes escaped", () => {
    const { lines } = monitored();
    expect(lines("SELECT 3", ["SET", 'a"b\\', "\n\r\t\x07\b\x00\xff"])).toEqual([
      '[3 127.0.0.1:5000] "SELECT" "3"',
      '[3 127.0.0.1:5000] "SET" "a\\"b\\\\" "\\n\\r\\t\\a\\b\\x00\\xff"',
    ]);
  });

  it("shows commands of EXEC before it, those of a script after it, and neither admin commands nor passwords", () => {
    const { lines } = monitored();
    expect(lines("MULTI", "SET k 1", "EXEC")).toEqual([
      '[0 127.0.0.1:5000] "MULTI"',
      '[0 127.0.0.1:5000] "SET" "k" "1"',
      '[0 127.0.0.1:5000] "EXEC"',
    ]);
    expect(lines(["EVAL", "return redis.call('get', KEYS[1])", "1", "k"])).toEqual([
      `[0 127.0.0.1:5000] "EVAL" "return redis.call('get', KEYS[1])" "1" "k"`,
      '[0 lua] "get" "k"',
    ]);
    expect(lines("CONFIG GET save", "AUTH secret", "NOSUCH")).toEqual([
      '[0 127.0.0.1:5000] "AUTH" "(redacted)"',
    ]);
  });

  it("leaves its client nothing to do with keys, as CLIENT PAUSE does not hold it", () => {
    const { harness } = monitored();
    const [monitor] = harness.dispatcher.registry.monitors;
    for (const command of ["SET k 1", "GET k", "EVAL return~1 0", "PUBLISH c m", "MULTI", "DEL k"]) {
      const argv = command.split(" ").map((word) => word.replace("~", " "));
      const { reply, effects } = harness.execute(argv, monitor);
      const refused = "-ERR Replica can't interact with the keyspace\r\n";
      expect([reply, effects]).toEqual([command === "MULTI" ? "+OK\r\n" : refused, ""]);
    }
    expect(harness.ask("EXEC", monitor)).toMatch(/EXECABORT/);
    expect(harness.ask("PING", monitor)).toBe("PONG");
  });

  it("is shown in CLIENT LIST, and ended by RESET; MULTI refuses it", () => {
    const { harness } = monitored();
    expect(harness.ask("CLIENT LIST")).toContain(" flags=O ");
    const monitor = [...harness.dispatcher.registry.monitors][0];
    harness.run("RESET", monitor);
    expect(harness.execute(["PING"]).monitored).toBe("");
    harness.run("MULTI");
    harness.run("MONITOR");
    expect(harness.ask("EXEC")).toEqual(["(error) ERR MONITOR isn't allowed for DENY BLOCKING client"]);
  });
});

describe("CLIENT REPLY OFF", () => {
  it("does not keep back the acknowledgements of SUBSCRIBE, as messages come all the same", () => {
    const harness = new Harness();
    harness.run("CLIENT REPLY OFF");
    expect(decode(harness.run("SUBSCRIBE c"))).toEqual(["subscribe", "c", 1]);
    expect(harness.run("PING")).toBe("");
  });
});

describe("DEBUG RELOAD", () => {
  it("leaves the same state, and replies that wait for all records so far", () => {
    const harness = new Harness();
    for (const command of [
      "SET k 1 EX 100",
      "RPUSH l a b",
      "HSET h f v",
      "SADD s 1 x",
      "ZADD z 1 a",
      "SET d 1",
    ]) {
      harness.run(command);
    }
    harness.run("DEL d");
    const digest = harness.keyspace.digest();
    const reloaded = harness.execute(["DEBUG", "RELOAD"]);
    expect([reloaded.reply, reloaded.effects]).toEqual(["+OK\r\n", ""]);
    expect(harness.keyspace.digest()).toBe(digest);
    expect(harness.execute(["GET", "d"])).toMatchObject({ reply: "$-1\r\n", sawOffset: 7 });
  });

  it("is refused while a snapshot is being taken, whose entries it would take away", () => {
    const harness = new Harness();
    harness.run("SET k 1");
    harness.keyspace.beginSnapshot();
    expect(harness.ask("DEBUG RELOAD")).toBe("(error) ERR a snapshot is being taken; try again");
  });
});

describe("DEBUG DIGEST-VALUE", () => {
  it("tells equal values, whatever their keys, and zeros for none", () => {
    const harness = new Harness();
    for (const command of ["SADD a 1 x", "SADD b x 1", "SADD c x"]) harness.run(command);
    const [a, b, c, none] = harness.ask("DEBUG DIGEST-VALUE a b c d") as string[];
    expect([a, none]).toEqual([b, "0".repeat(40)]);
    expect(c).not.toBe(a);
  });
});

describe("COMMAND GETKEYSANDFLAGS", () => {
  it.each([
    ["set k1 v1", [["k1", ["OW", "update"]]]],
    ["set k1 v1 get", [["k1", ["RW", "access", "update"]]]],
    [
      "LMOVE k1 k2 left right",
      [
        ["k1", ["RW", "access", "delete"]],
        ["k2", ["RW", "insert"]],
      ],
    ],
    [
      "sort k1 store k2",
      [
        ["k1", ["RO", "access"]],
        ["k2", ["OW", "update"]],
      ],
    ],
    [
      "mset a 1 b 2",
      [
        ["a", ["OW", "update"]],
        ["b", ["OW", "update"]],
      ],
    ],
    ["eval return 0", []],
    ["eval return 9 a", []],
  ])("%s", (command, keys) => {
    expect(new Harness().ask(`COMMAND GETKEYSANDFLAGS ${command}`)).toEqual(keys);
  });
});
