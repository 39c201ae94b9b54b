import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mayUse } from "../../may-use.ts";
import { Harness } from "./harness.ts";
import { RedisServer, type RedisSession } from "./redis-server.ts";

const comparing = mayUse("redis-server", "DEBUG is not compared with Redis");

const members = Array.from({ length: 600 }, (_, at) => `member-${at}`);

describe("DEBUG RELOAD", () => {
  it.each(["RELOAD", "LOADAOF"])(
    "%s: values of every type come back as they were, and no record tells",
    (how) => {
      const harness = new Harness();
      harness.run("SET text abc PX 5000");
      harness.execute(["SADD", "set", ...members]);
      harness.execute(["SADD", "integers", "1", "2", "3"]);
      harness.execute(["RPUSH", "list", ...members]);
      harness.execute(["HSET", "hash", ...members]);
      harness.execute(["ZADD", "zset", ...members.flatMap((member, at) => [String(at), member])]);
      harness.run("EXPIRE zset 100");
      harness.run("SELECT 3");
      harness.run("SET elsewhere 1");
      const state = harness.keyspace.digest();
      const records = harness.log.length;
      expect(harness.ask(`DEBUG ${how}`)).toBe("OK");
      expect(harness.keyspace.digest()).toBe(state);
      expect(harness.log).toHaveLength(records);
      harness.run("SELECT 0");
      expect(harness.ask("OBJECT ENCODING integers")).toBe("intset");
      expect(harness.ask("LRANGE list 598 -1")).toEqual(["member-598", "member-599"]);
      expect(harness.ask("TTL zset")).toBe(100);
    },
  );

  it("leaves values of its own: the next change is seen, and replays", () => {
    const harness = new Harness();
    harness.run("RPUSH list a b");
    harness.run("DEBUG RELOAD");
    harness.run("RPUSH list c");
    expect(harness.ask("LRANGE list 0 -1")).toEqual(["a", "b", "c"]);
  });

  it("forgets how a string was put together, as Redis does when it loads one", () => {
    const harness = new Harness();
    harness.run("APPEND number 1");
    harness.run("APPEND number 2");
    expect(harness.ask("OBJECT ENCODING number")).toBe("raw");
    harness.run("DEBUG RELOAD");
    expect(harness.ask("OBJECT ENCODING number")).toBe("int");
  });

  it("keeps the form of a string that is renamed, moved or copied", () => {
    const harness = new Harness();
    const encodings = (keys: string): unknown[] =>
      keys.split(" ").map((key) => harness.ask(`OBJECT ENCODING ${key}`));
    for (const command of ["SET a 1", "APPEND a 2", "INCRBYFLOAT sum 3", "SET plain 5", "RENAME a b"])
      harness.run(command);
    for (const command of ["COPY b c", "COPY sum plain REPLACE", "COPY b moved DB 1", "MOVE sum 1"])
      harness.run(command);
    expect(encodings("b c plain")).toEqual(["raw", "raw", "embstr"]);
    harness.run("SELECT 1");
    expect(encodings("moved sum")).toEqual(["raw", "embstr"]);
  });

  it("is refused while a snapshot is written", () => {
    const harness = new Harness();
    const snapshot = harness.keyspace.beginSnapshot();
    expect(harness.ask("DEBUG RELOAD")).toBe("(error) ERR a snapshot is being taken; try again");
    snapshot.abort();
    expect(harness.ask("DEBUG RELOAD")).toBe("OK");
  });
});

describe("DEBUG", () => {
  it("OBJECT still sees a key that has expired, and leaves it", () => {
    const harness = new Harness();
    harness.run("SET a 1 PX 5");
    harness.keyspace.nowMs += 10;
    expect(harness.ask("DEBUG OBJECT a")).toContain("encoding:int");
    expect(harness.ask("DBSIZE")).toBe(1);
    expect(harness.ask("EXISTS a")).toBe(0);
    expect(harness.ask("DEBUG OBJECT a")).toBe("(error) ERR no such key");
  });

  it("DIGEST-VALUE depends on what a key holds alone", () => {
    const harness = new Harness();
    for (const command of ["SET a 1", "SET b 1 PX 5000", "SET c 2", "SADD d x y", "SADD e y x"])
      harness.run(command);
    const [a, b, c, d, e, none] = harness.ask("DEBUG DIGEST-VALUE a b c d e none") as string[];
    expect(a).toMatch(/^[0-9a-f]{40}$/);
    expect(b).toBe(a);
    expect(c).not.toBe(a);
    expect(e).toBe(d);
    expect(none).toBe("0".repeat(40));
  });

  it("SET-DISABLE-DENY-SCRIPTS lets scripts call DEBUG, and nothing else that is kept from them", () => {
    const harness = new Harness();
    const evaluate = (script: string): unknown => harness.ask(`EVAL ${script.replaceAll(" ", "")} 0`);
    const refused = expect.stringContaining("This Redis command is not allowed from script");
    expect(evaluate("redis.call('debug','sleep','0')")).toEqual(refused);
    harness.run("DEBUG SET-DISABLE-DENY-SCRIPTS 1");
    expect(evaluate("redis.call('debug','sleep','0')")).toBeNull();
    expect(evaluate("redis.call('subscribe','channel')")).toEqual(refused);
    expect(evaluate("redis.setresp(3)return(redis.call('debug','protocol','attrib'))")).toBe(
      "Some real reply following the attribute",
    );
    harness.run("DEBUG SET-DISABLE-DENY-SCRIPTS 0");
    expect(evaluate("redis.call('debug','sleep','0')")).toEqual(refused);
  });
});

describe.skipIf(!comparing)("compared with redis-server 7.0", () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(async () => {
    await redis?.stop();
  });

  const kinds = "string integer double bignum null array set map attrib push verbatim true false Bad".split(
    " ",
  );
  it.each(["2", "3"])("DEBUG PROTOCOL replies with the same bytes in RESP%s", async (version) => {
    const commands = [
      ["HELLO", version],
      ...kinds.map((kind) => ["DEBUG", "PROTOCOL", kind]),
      ["ECHO", "end"],
    ];
    const session: RedisSession = await redis.connect();
    for (const argv of commands) session.send(argv);
    await expect.poll(() => session.text, { timeout: 10_000 }).toMatch(/\r\nend\r\n$/);
    const harness = new Harness();
    const [, ...replies] = commands.map((argv) => harness.execute(argv).reply);
    expect(session.text.endsWith(replies.join(""))).toBe(true);
    session.close();
  });

  it("DEBUG QUICKLIST-PACKED-THRESHOLD takes the same sizes", async () => {
    const sizes = ["", "0", "1b", "200B", "1kb", "2k", "3MB", "zz", "5x"];
    const commands = sizes.map((size) => ["DEBUG", "QUICKLIST-PACKED-THRESHOLD", size]);
    const harness = new Harness();
    const ours = commands.map((argv) => harness.execute(argv).reply.startsWith("+OK"));
    expect(ours).toEqual((await redis.ask(commands)).map((reply) => reply === "OK"));
  });
});
