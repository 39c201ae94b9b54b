import { describe, expect, it } from "vitest";
import type { Offset } from "../../../src/base/ids.ts";
import type { ReplicationDescription } from "../../../src/core/commands/host.ts";
import { Harness } from "./harness.ts";

const MASTER: ReplicationDescription = {
  role: "master",
  replicas: [{ host: "127.0.0.1", port: 6380, state: "online", offset: 7 as Offset, lagSec: 0 }],
  replicationId: "a".repeat(40),
  offset: 9 as Offset,
  extra: [["interrex_mode", "semi-sync"]],
};
const REPLICA: ReplicationDescription = {
  role: "replica",
  masterHost: "127.0.0.1",
  masterPort: 6379,
  link: "connected",
  secondsSinceMasterSpoke: 1,
  priority: 100,
  replicationId: "a".repeat(40),
  offset: 7 as Offset,
  extra: [],
};

describe("INFO and ROLE", () => {
  it("tell a master's replicas in Redis's shape", () => {
    const harness = new Harness();
    harness.host.replication = MASTER;
    expect(harness.ask("INFO replication")).toBe(
      [
        "# Replication",
        "role:master",
        "connected_slaves:1",
        "slave0:ip=127.0.0.1,port=6380,state=online,offset=7,lag=0",
        "master_failover_state:no-failover",
        `master_replid:${"a".repeat(40)}`,
        "master_repl_offset:9",
        "interrex_mode:semi-sync",
        "",
      ].join("\r\n"),
    );
    expect(harness.ask("ROLE")).toEqual(["master", 9, [["127.0.0.1", "6380", "7"]]]);
  });

  it("tell a replica's master in Redis's shape", () => {
    const harness = new Harness();
    harness.host.replication = REPLICA;
    const text = String(harness.ask("INFO replication"));
    expect(text).toContain(
      "role:slave\r\nmaster_host:127.0.0.1\r\nmaster_port:6379\r\nmaster_link_status:up\r\n",
    );
    expect(harness.ask("ROLE")).toEqual(["slave", "127.0.0.1", 6379, "connected", 7]);
    harness.host.replication = { ...REPLICA, link: "connect" };
    expect(harness.ask("INFO replication")).toContain(
      "master_link_status:down\r\nmaster_last_io_seconds_ago:-1\r\n",
    );
  });

  it("INFO tells the mean time that keys still live, those that don't expire or have expired left out", () => {
    const harness = new Harness();
    harness.run("SET forever 1");
    for (let key = 0; key < 500; key += 1) {
      harness.run(`SET short${key} 1 PX 10000`);
      harness.run(`SET long${key} 1 PX 20000`);
    }
    const mean = Number(/avg_ttl=(\d+)/.exec(String(harness.ask("INFO keyspace")))?.[1]);
    expect(mean).toBeGreaterThan(10_000);
    expect(mean).toBeLessThan(20_000);
    harness.keyspace.nowMs += 20_000;
    expect(harness.ask("INFO keyspace")).toContain(",avg_ttl=0\r\n");
  });

  it("INFO gives the sections that were asked for, or all", () => {
    const harness = new Harness();
    harness.run("SET a 1 EX 5");
    harness.run("SELECT 2");
    harness.run("SET b 1");
    expect(harness.ask("INFO keyspace CPU")).toBe(
      "# CPU\r\ncpu_line:1\r\n\r\n# Keyspace\r\ndb0:keys=1,expires=1,avg_ttl=5000\r\ndb2:keys=1,expires=0,avg_ttl=0\r\n",
    );
    const titles = String(harness.ask("INFO")).match(/^# .*$/gm);
    const common = ["Server", "Clients", "Memory", "Persistence", "Stats", "Replication", "CPU", "Modules"];
    const headed = (names: readonly string[]): string[] => names.map((title) => `# ${title}`);
    expect(titles).toEqual(headed([...common, "Errorstats", "Cluster", "Keyspace"]));
    const everything = [...common, "Commandstats", "Errorstats", "Cluster", "Keyspace"];
    expect(String(harness.ask("INFO everything")).match(/^# .*$/gm)).toEqual(headed(everything));
    const all = everything.filter((title) => title !== "Modules");
    expect(String(harness.ask("INFO all")).match(/^# .*$/gm)).toEqual(headed(all));
    expect(harness.ask("INFO nothing")).toBe("");
  });

  it("counts calls, time, failures and refusals of each command, and errors by their first word", () => {
    const harness = new Harness();
    harness.dispatcher.beginBatch(0);
    harness.host.watchMs = 3;
    harness.run("SET k text");
    harness.run("SET k text");
    harness.run("INCR k");
    harness.run("LPUSH k a");
    harness.run("GET");
    harness.run("NOSUCH");
    expect(String(harness.ask("INFO commandstats")).split("\r\n").slice(1, -1).sort()).toEqual([
      "cmdstat_get:calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0",
      "cmdstat_incr:calls=1,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=1",
      "cmdstat_lpush:calls=1,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=1",
      // The first of a batch is timed, and stands for the others.
      "cmdstat_set:calls=2,usec=6000,usec_per_call=3000.00,rejected_calls=0,failed_calls=0",
    ]);
    expect(harness.ask("INFO errorstats")).toBe(
      "# Errorstats\r\nerrorstat_ERR:count=3\r\nerrorstat_WRONGTYPE:count=1\r\n",
    );
    harness.run("CONFIG RESETSTAT");
    expect(harness.ask("INFO errorstats")).toBe("# Errorstats\r\n");
  });

  it("counts hits and misses of reading commands only, and keys that expired", () => {
    const harness = new Harness();
    harness.run("SET k 1 PX 10");
    harness.run("GET k");
    harness.run("MGET k a b");
    harness.keyspace.nowMs += 20;
    harness.run("GET k");
    harness.run("INCR k");
    const stats = String(harness.ask("INFO stats"));
    expect(stats).toContain("keyspace_hits:2\r\n");
    expect(stats).toContain("keyspace_misses:3\r\n");
    expect(stats).toContain("expired_keys:1\r\n");
  });

  it("tells how many commands and bytes a second there were of late", () => {
    const harness = new Harness();
    const at = (monoMs: number, receivedBytes: number, writtenBytes: number): void => {
      harness.host.bytes = { receivedBytes, writtenBytes };
      harness.dispatcher.sample(monoMs);
    };
    at(1000, 500, 500);
    for (let call = 0; call < 30; call++) harness.run("PING");
    at(1100, 500 + 1024, 500 + 512);
    const stats = String(harness.ask("INFO stats"));
    expect(stats).toContain("instantaneous_ops_per_sec:300\r\n");
    expect(stats).toContain("instantaneous_input_kbps:10.00\r\ninstantaneous_output_kbps:5.00\r\n");
  });
});

describe("WAIT", () => {
  it("is withheld until the member has counted enough replicas", () => {
    const harness = new Harness();
    expect(harness.execute(["WAIT", "1", "100"])).toMatchObject({
      reply: "",
      block: { kind: "replicas", replicas: 1, timeoutMs: 100 },
    });
    expect(harness.execute(["PING"]).block).toBeNull();
    harness.host.replicas = 2;
    expect(harness.execute(["WAIT", "1", "0"])).toMatchObject({ reply: ":2\r\n", block: null });
  });

  it("answers at once inside MULTI, and is refused on a replica", () => {
    const harness = new Harness();
    harness.run("MULTI");
    harness.run("WAIT 5 0");
    expect(harness.ask("EXEC")).toEqual([0]);
    harness.host.replication = REPLICA;
    expect(harness.ask("WAIT 1 0")).toMatch(/^\(error\) ERR WAIT cannot be used with replica instances/);
  });
});

describe("CONFIG", () => {
  it("GET finds by patterns, SET changes all or nothing", () => {
    const harness = new Harness();
    expect(harness.ask("CONFIG GET max* APPEND*")).toEqual(["maxmemory", "0", "appendfsync", "everysec"]);
    expect(harness.ask("CONFIG SET maxmemory 5 appendfsync always")).toBe("OK");
    expect(harness.ask("CONFIG SET maxmemory 6 appendfsync bad")).toBe(
      "(error) ERR CONFIG SET failed (possibly related to argument 'appendfsync') - argument couldn't be parsed",
    );
    expect(harness.ask("CONFIG GET maxmemory")).toEqual(["maxmemory", "5"]);
    expect(harness.ask("CONFIG SET nosuch 1")).toBe(
      "(error) ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'",
    );
    expect(harness.ask("CONFIG REWRITE")).toBe("(error) ERR The server is running without a config file");
  });
});

describe("what the node does for a client", () => {
  it("saves, stalls and shuts down as asked", () => {
    const harness = new Harness();
    expect(harness.ask("BGSAVE")).toBe("Background saving started");
    expect(harness.execute(["SAVE"]).block).toMatchObject({ kind: "snapshot" });
    expect(harness.ask("LASTSAVE")).toBe(1234);
    expect(harness.ask("DEBUG SLEEP 0.25")).toBe("OK");
    expect(harness.run("SHUTDOWN NOSAVE NOW")).toBe("");
    expect(harness.host).toMatchObject({ snapshots: ["snapshot", "snapshot"], stalls: [250], shutdowns: 1 });
  });

  it.each([
    ["SHUTDOWN ABORT", "ERR No shutdown in progress."],
    ["SHUTDOWN ABORT NOW", "ERR syntax error"],
    ["SHUTDOWN SAVE NOSAVE", "ERR syntax error"],
    ["SHUTDOWN LATER", "ERR syntax error"],
  ])("%s stops nothing", (command, text) => {
    const harness = new Harness();
    expect(harness.ask(command)).toBe(`(error) ${text}`);
    expect(harness.host.shutdowns).toBe(0);
  });

  it("DEBUG tells how a key is stored and refuses what it does not know", () => {
    const harness = new Harness();
    harness.run("SET a 5");
    expect(harness.ask("DEBUG OBJECT a")).toMatch(
      /^Value at:0x0 refcount:2147483647 encoding:int serializedlength:1 /,
    );
    expect(harness.ask("DEBUG OBJECT none")).toBe("(error) ERR no such key");
    expect(harness.ask("DEBUG JMAP")).toBe(
      "(error) ERR unknown subcommand or wrong number of arguments for 'JMAP'. Try DEBUG HELP.",
    );
  });
});

describe("COMMAND", () => {
  it("documents commands that are named, and refuses all at once, so that redis-cli shows the help that it has itself", () => {
    const harness = new Harness();
    expect(harness.ask("COMMAND DOCS get nosuch")).toEqual(["get", ["group", "string"]]);
    expect(harness.ask("COMMAND DOCS")).toBe("(error) ERR COMMAND DOCS documents commands that are named");
  });

  it("counts, lists and finds keys", () => {
    const harness = new Harness();
    const count = Number(harness.ask("COMMAND COUNT"));
    expect(harness.ask("COMMAND")).toHaveLength(count);
    const names = harness.ask("COMMAND LIST") as string[];
    expect(names.filter((name) => !name.includes("|"))).toHaveLength(count);
    expect(names).toContain("client|list");
    expect(harness.ask("COMMAND LIST FILTERBY PATTERN hset*")).toEqual(["hset", "hsetnx"]);
    expect(harness.ask("COMMAND LIST FILTERBY ACLCAT transaction")).toContain("exec");
    expect(harness.execute(["COMMAND", "INFO", "nosuch"]).reply).toBe("*1\r\n$-1\r\n");
    expect(harness.ask("COMMAND GETKEYS MSET a 1 b 2")).toEqual(["a", "b"]);
    expect(harness.ask("COMMAND GETKEYS OBJECT ENCODING a")).toEqual(["a"]);
    expect(harness.ask("COMMAND GETKEYS PING hi")).toBe("(error) ERR The command has no key arguments");
    expect(harness.ask("COMMAND GETKEYS NOSUCH hi")).toBe("(error) ERR Invalid command specified");
    expect(harness.ask("COMMAND GETKEYS SET a")).toBe(
      "(error) ERR Invalid number of arguments specified for command",
    );
  });

  it("has sets in RESP3, also of what there is none of, and a list of subcommands", () => {
    const harness = new Harness();
    harness.run("HELLO 3");
    const ping =
      "*10\r\n$4\r\nping\r\n:-1\r\n~1\r\n+fast\r\n:0\r\n:0\r\n:0\r\n~2\r\n+@connection\r\n+@fast\r\n";
    expect(harness.run("COMMAND INFO ping nosuch")).toBe(`*2\r\n${ping}~0\r\n~0\r\n~0\r\n_\r\n`);
    expect(harness.run("COMMAND INFO object")).toMatch(/~1\r\n\+@slow\r\n~0\r\n~0\r\n\*5\r\n\*10\r\n/);
  });

  it.each(["CLIENT", "COMMAND", "CONFIG", "DEBUG", "OBJECT", "PUBSUB", "SLOWLOG"])(
    "%s HELP explains itself",
    (container) => {
      const [first, ...rest] = new Harness().ask(`${container} HELP`) as string[];
      expect(first).toBe(`${container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`);
      expect(rest.length).toBeGreaterThan(4);
    },
  );
});
