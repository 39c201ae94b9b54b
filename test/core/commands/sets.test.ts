import { describe, expect, it } from "vitest";
import { Harness, replayed } from "./harness.ts";

function numbers(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, at) => from + at).join(" ");
}

function withCommands(...commands: string[]): Harness {
  const harness = new Harness();
  for (const command of commands) harness.run(command);
  return harness;
}

describe("sets", () => {
  it("of few integers are in ascending order, and turn into a table with another member or one too many", () => {
    const harness = withCommands("SADD s 30 -5 9223372036854775807 9007199254740993 100");
    expect(harness.ask("SMEMBERS s")).toEqual(["-5", "30", "100", "9007199254740993", "9223372036854775807"]);
    expect(harness.ask("OBJECT ENCODING s")).toBe("intset");
    harness.run("SADD s x");
    harness.run("SREM s x");
    expect(harness.ask("OBJECT ENCODING s")).toBe("hashtable");
    harness.run(`SADD many ${numbers(0, 512)}`);
    expect(harness.ask("OBJECT ENCODING many")).toBe("intset");
    harness.run("SADD many 512");
    expect(harness.ask("OBJECT ENCODING many")).toBe("hashtable");
    expect(harness.ask("SCARD many")).toBe(513);
    harness.run("COPY s copied");
    expect(harness.ask("OBJECT ENCODING copied")).toBe("hashtable");
  });

  it("in RESP3 reply with sets where Redis does", () => {
    const harness = withCommands("HELLO 3", "SADD s 1 2", "SADD t 2 3");
    expect(harness.run("SMEMBERS s")).toBe("~2\r\n$1\r\n1\r\n$1\r\n2\r\n");
    expect(harness.run("SMEMBERS none")).toBe("~0\r\n");
    expect(harness.run("SINTER s t")).toBe("~1\r\n$1\r\n2\r\n");
    expect(harness.run("SUNION s t")).toMatch(/^~3/);
    expect(harness.run("SDIFF s t")).toBe("~1\r\n$1\r\n1\r\n");
    expect(harness.run("SRANDMEMBER s 2")).toMatch(/^\*2/);
    expect(harness.run("SRANDMEMBER none")).toBe("_\r\n");
    expect(harness.run("SPOP none 1")).toBe("~0\r\n");
    expect(harness.run("SPOP none")).toBe("_\r\n");
    expect(harness.run("SPOP s 1")).toMatch(/^~1/);
    expect(harness.run("SPOP s 9")).toMatch(/^~1/);
    expect(harness.run("SMISMEMBER t 2 9")).toBe("*2\r\n:1\r\n:0\r\n");
  });
});

describe("SPOP", () => {
  it("replicates as the SREM of what it chose, and as DEL when it takes everything", () => {
    const harness = withCommands("SADD s a b c d");
    const one = harness.ask("SPOP s") as string;
    expect(harness.log.at(-1)?.effects).toBe(`*3\r\n$4\r\nSREM\r\n$1\r\ns\r\n$1\r\n${one}\r\n`);
    const two = harness.ask("SPOP s 2") as string[];
    expect(harness.log.at(-1)?.effects).toBe(
      `*4\r\n$4\r\nSREM\r\n$1\r\ns\r\n${two.map((member) => `$1\r\n${member}\r\n`).join("")}`,
    );
    expect(new Set([one, ...two]).size).toBe(3);
    harness.run("SPOP s 5");
    expect(harness.log.at(-1)?.effects).toBe("*2\r\n$3\r\nDEL\r\n$1\r\ns\r\n");
    expect(replayed(harness).keyspace.digest()).toBe(harness.keyspace.digest());
  });

  it("that takes many replays to the same members in the same order", () => {
    const harness = withCommands(`SADD s x ${numbers(0, 3000)}`);
    for (let pops = 0; pops < 20; pops += 1) harness.run(`SPOP s ${pops * 5}`);
    expect(replayed(harness).ask("SMEMBERS s")).toEqual(harness.ask("SMEMBERS s"));
  });
});

describe("SPOP of more members than a call takes arguments", () => {
  it("replicates as one SREM", () => {
    const harness = new Harness();
    harness.execute(["SADD", "s", ...Array.from({ length: 150_001 }, (_, at) => String(at))]);
    expect(harness.ask("SPOP s 150000")).toHaveLength(150_000);
    expect(replayed(harness).ask("SMEMBERS s")).toEqual(harness.ask("SMEMBERS s"));
  });
});

describe("random members", () => {
  it.each(["1 2 3 4", `x ${numbers(0, 700)}`])("of %.8s all come up about as often", (members) => {
    const harness = withCommands(`SADD s ${members}`);
    const size = members.split(" ").length;
    const counts = new Map<string, number>();
    for (const member of harness.ask(`SRANDMEMBER s -${size * 100}`) as string[]) {
      counts.set(member, (counts.get(member) ?? 0) + 1);
    }
    expect(counts.size).toBe(size);
    expect(Math.min(...counts.values())).toBeGreaterThan(50);
    expect(Math.max(...counts.values())).toBeLessThan(150);
  });

  it("for a positive count are distinct", () => {
    const harness = withCommands(`SADD s x ${numbers(0, 700)}`);
    for (const count of [1, 10, 690, 701]) {
      const members = harness.ask(`SRANDMEMBER s ${count}`) as string[];
      expect([members.length, new Set(members).size]).toEqual([count, count]);
    }
    expect(harness.ask("SRANDMEMBER s 9999")).toHaveLength(701);
  });
});

describe("set algebra", () => {
  it("finds the same difference whichever way it looks at fewer members", () => {
    const harness = withCommands(`SADD big x ${numbers(0, 1000)}`, "SADD some 1 2 3", "SADD few 4 5");
    const kept = harness.ask("SDIFF big some few") as string[];
    expect(kept).toHaveLength(996);
    expect(kept).toEqual(expect.not.arrayContaining(["1", "2", "3", "4", "5"]));
    expect(harness.ask("SDIFF few big some")).toEqual([]);
    expect(harness.ask("SDIFF big big")).toEqual([]);
    expect(harness.ask("SDIFF some few big none")).toEqual([]);
  });

  it("stores over any type, and deletes the target of an empty result", () => {
    const harness = withCommands("SADD s 1 2", "SADD t 3", "SET target v EX 100");
    expect(harness.ask("SUNIONSTORE target s t")).toBe(3);
    expect(harness.ask("TTL target")).toBe(-1);
    expect(harness.ask("SINTERSTORE target s t")).toBe(0);
    expect(harness.ask("EXISTS target")).toBe(0);
    const before = harness.log.length;
    expect(harness.ask("SINTERSTORE target s t")).toBe(0);
    expect(harness.log).toHaveLength(before);
    expect(replayed(harness).keyspace.digest()).toBe(harness.keyspace.digest());
  });

  it("SINTERCARD stops at its limit", () => {
    const harness = withCommands("SADD s 1 2 3", "SADD t 1 2 3 4");
    expect(harness.ask("SINTERCARD 2 s t")).toBe(3);
    expect(harness.ask("SINTERCARD 2 s t LIMIT 2")).toBe(2);
    expect(harness.ask("SINTERCARD 2 s none LIMIT 2")).toBe(0);
    expect(harness.ask("COMMAND GETKEYS SINTERCARD 2 s t LIMIT 2")).toEqual(["s", "t"]);
  });
});
