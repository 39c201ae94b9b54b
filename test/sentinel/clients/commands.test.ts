import { describe, expect, it } from "vitest";
import { ReplyError } from "./resp-decode.ts";
import { ClientsUnderTest, connect, groupView, memberView, peerView } from "./sentinel-fixture.ts";

const err = (text: string) => new ReplyError(text);

describe("connection commands", () => {
  it("answers PING, with its argument where there is one", () => {
    const { client } = connect();
    expect(client.rawReply("PING")).toBe("+PONG\r\n");
    expect(client.reply("ping", "hello")).toBe("hello");
    expect(client.rawReply("PING", "a", "b")).toMatch(/^-ERR wrong number of arguments for 'ping'/);
    expect(client.reply("ECHO", "\xff\x00")).toBe("\xff\x00");
  });

  it("answers a pipeline in order with one write", () => {
    const { client } = connect();
    client.send(["PING"], ["ECHO", "a"], ["NOPE"], ["PING", "b"]);
    expect(client.writes).toBe(1);
    expect(client.take()).toEqual([
      "PONG",
      "a",
      err("ERR unknown command 'NOPE', with args beginning with: "),
      "b",
    ]);
  });

  it("greets in the protocol that HELLO asks for", () => {
    const { client } = connect();
    expect(client.reply("HELLO", "3")).toEqual(
      new Map<string, unknown>([
        ["server", "redis"],
        ["version", "7.0.15"],
        ["proto", 3],
        ["id", 1],
        ["mode", "sentinel"],
        ["modules", []],
      ]),
    );
    expect((client.reply("HELLO", "2", "SETNAME", "tool") as unknown[]).slice(4, 6)).toEqual(["proto", 2]);
    expect(client.reply("CLIENT", "GETNAME")).toBe("tool");
  });

  it.each([
    [["HELLO", "4"], "NOPROTO unsupported protocol version"],
    [["HELLO", "x"], "ERR Protocol version is not an integer or out of range"],
    [["HELLO", "3", "FOO"], "ERR Syntax error in HELLO option 'FOO'"],
    [["HELLO", "3", "AUTH", "root", "x"], "WRONGPASS invalid username-password pair or user is disabled."],
  ])("refuses %j and stays in RESP2", (argv, text) => {
    const { client } = connect();
    expect(client.reply(...argv)).toEqual(err(text));
    expect(client.rawReply("CLIENT", "GETNAME")).toBe("$-1\r\n");
  });

  it("forgets everything on RESET", () => {
    const { client } = connect();
    client.send(["HELLO", "3", "SETNAME", "x"], ["SUBSCRIBE", "a"]);
    expect(client.rawReply("RESET")).toBe("+RESET\r\n");
    expect(client.rawReply("CLIENT", "GETNAME")).toBe("$-1\r\n");
    expect(client.reply("CLIENT", "INFO")).toContain(" sub=0 ");
  });

  it("says OK to QUIT, closes, and runs nothing after it", () => {
    const { client } = connect();
    client.send(["QUIT"], ["PING"]);
    expect(client.takeRaw()).toBe("+OK\r\n");
    expect(client.ended).toBe(true);
  });
});

describe("a sentinel with a password", () => {
  it("lets nobody ask before AUTH", () => {
    const { client } = connect("sésame");
    for (const argv of [["PING"], ["SENTINEL", "MASTERS"], ["SUBSCRIBE", "a"], ["CLIENT", "LIST"]]) {
      expect(client.reply(...argv)).toEqual(err("NOAUTH Authentication required."));
    }
    expect(client.reply("HELLO", "3")).toBeInstanceOf(ReplyError);
    expect(client.reply("AUTH", "wrong")).toEqual(
      err("WRONGPASS invalid username-password pair or user is disabled."),
    );
    expect(client.reply("AUTH", Buffer.from("sésame").toString("latin1"))).toBe("OK");
    expect(client.reply("PING")).toBe("PONG");
  });

  it("takes the password in HELLO, and asks for it again after RESET", () => {
    const { client } = connect("secret");
    expect(client.reply("HELLO", "3", "AUTH", "default", "secret")).toBeInstanceOf(Map);
    expect(client.reply("PING")).toBe("PONG");
    client.reply("RESET");
    expect(client.reply("PING")).toEqual(err("NOAUTH Authentication required."));
  });

  it("holds clients that have not authenticated to small requests", () => {
    const { client } = connect("secret");
    client.send(["ECHO", "x".repeat(20_000)]);
    expect(client.takeRaw()).toBe("");
    const known = connect("secret").client;
    known.send(["AUTH", "secret"], ["ECHO", "x".repeat(20_000)]);
    expect(known.takeRaw()).toContain("$20000\r\n");
  });

  it("without a password says so to AUTH", () => {
    expect(connect().client.reply("AUTH", "x")).toEqual(
      err(
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
      ),
    );
  });
});

describe("wrong commands get Redis's words", () => {
  it.each([
    [["GET", "x"], "ERR unknown command 'GET', with args beginning with: 'x' "],
    [["sentinel|masters"], "ERR unknown command 'sentinel|masters', with args beginning with: "],
    [["SENTINEL"], "ERR wrong number of arguments for 'sentinel' command"],
    [["SENTINEL", "FOO"], "ERR unknown subcommand 'FOO'. Try SENTINEL HELP."],
    [["SENTINEL", "MASTERS", "x"], "ERR wrong number of arguments for 'sentinel|masters' command"],
    [["SENTINEL", "MASTER"], "ERR wrong number of arguments for 'sentinel|master' command"],
    [["SENTINEL", "MASTER", "nope"], "ERR No such master with that name"],
    [["SENTINEL", "REPLICAS", "nope"], "ERR No such master with that name"],
    [["SENTINEL", "FAILOVER", "nope"], "ERR No such master with that name"],
    [["SENTINEL", "CKQUORUM", "nope"], "ERR No such master with that name"],
    [["SENTINEL", "STATUS", "nope"], "ERR No such master with that name"],
    [
      ["SENTINEL", "CONFIG", "GET"],
      "ERR Only SENTINEL CONFIG GET <option> / SET <option> <value> are supported.",
    ],
    [
      ["SENTINEL", "IS-MASTER-DOWN-BY-ADDR", "h", "x", "0", "*"],
      "ERR value is not an integer or out of range",
    ],
    [["PUBLISH", "a", "b"], "ERR Only HELLO messages are accepted by Sentinel instances."],
    [["SUBSCRIBE"], "ERR wrong number of arguments for 'subscribe' command"],
    [["CLIENT", "KILL", "1.2.3.4:5"], "ERR No such client"],
    [["CLIENT", "SETNAME", "a b"], "ERR Client names cannot contain spaces, newlines or special characters."],
    [["CLIENT", "REPLY", "X"], "ERR syntax error"],
    [["COMMAND", "GETKEYS", "GET", "a"], "ERR Invalid command specified"],
  ])("%j", (argv, text) => {
    expect(connect().client.reply(...argv)).toEqual(err(text));
  });

  it.each([
    ["SENTINEL", "SET", "mymaster", "quorum", "1"],
    ["SENTINEL", "MONITOR", "a", "127.0.0.1", "1", "1"],
    ["SENTINEL", "REMOVE", "mymaster"],
    ["SENTINEL", "CONFIG", "SET", "a", "b"],
  ])("%s %s says that this is set in sentinel.yaml", (...argv) => {
    expect(String(connect().client.reply(...argv))).toMatch(/is not supported: .* set in sentinel\.yaml/);
  });

  it.each([
    [
      ["SENTINEL", "DEBUG"],
      "ERR SENTINEL DEBUG is not supported: times follow from sentinel.yaml, and none can be changed at run time",
    ],
    [
      ["SENTINEL", "SIMULATE-FAILURE", "crash-after-election"],
      "ERR SENTINEL SIMULATE-FAILURE is not supported: end the process instead, or let `interrex chaos` do it",
    ],
    [
      ["SENTINEL", "SIMULATE-FAILURE"],
      "ERR wrong number of arguments for 'sentinel|simulate-failure' command",
    ],
    [["SENTINEL", "INFO-CACHE"], "ERR wrong number of arguments for 'sentinel|info-cache' command"],
    [["SENTINEL", "FLUSHCONFIG", "now"], "ERR wrong number of arguments for 'sentinel|flushconfig' command"],
    [["SHUTDOWN", "ABORT"], "ERR No shutdown in progress."],
    [["SHUTDOWN", "LATER"], "ERR syntax error"],
  ])("%j is refused", (argv, text) => {
    const { test, client } = connect();
    expect(client.reply(...argv)).toEqual(err(text));
    expect(test.shutdowns).toBe(0);
  });

  it("keeps an error to one line whatever the client sends", () => {
    const { client } = connect();
    expect(client.rawReply("a\r\n+OK", "b")).toBe(
      "-ERR unknown command 'a  +OK', with args beginning with: 'b' \r\n",
    );
  });
});

describe("what tools ask", () => {
  it("tells its role and groups", () => {
    expect(connect().client.reply("ROLE")).toEqual(["sentinel", ["mymaster"]]);
  });

  it("has Redis's INFO sections", () => {
    const { client } = connect();
    const info = client.reply("INFO") as string;
    // `redis-cli --stat` takes what is missing for the smallest number there is.
    expect(info).toContain("blocked_clients:0\r\n");
    expect(info).toContain("# Server\r\nredis_version:7.0.15\r\nredis_mode:sentinel\r\n");
    expect(info).toContain("\r\n\r\n# Sentinel\r\nsentinel_masters:1\r\nsentinel_tilt:0\r\n");
    expect(info).toContain(
      "\r\nmaster0:name=mymaster,status=ok,address=127.0.0.1:6379,slaves=2,sentinels=3\r\n",
    );
    for (const words of [[], ["default"], ["all"], ["everything"], ["server", "stats", "sentinel"]]) {
      const text = client.reply("INFO", ...words) as string;
      expect([...text.matchAll(/^# (\w+)\r$/gm)].map(([, title]) => title)).toEqual(
        words.length === 3
          ? ["Server", "Stats", "Sentinel"]
          : ["Server", "Clients", "Stats", "CPU", "Sentinel"],
      );
    }
    expect(client.reply("INFO", "sentinel")).not.toContain("# Server");
    expect(client.reply("INFO", "nosuch")).toBe("");
  });

  it("counts in INFO stats what ran, what was refused, and what is subscribed to", () => {
    const { test, client } = connect();
    const other = test.connect();
    other.send(["SUBSCRIBE", "a", "b"], ["PSUBSCRIBE", "+*"]);
    test.connect().send(["SUBSCRIBE", "a"], ["PSUBSCRIBE", "+*"]);
    // Refused before it runs, and while it runs.
    client.send(["GET", "x"], ["SENTINEL", "MASTER", "nope"]);
    client.take();
    expect(client.reply("INFO", "stats")).toBe(
      [
        "# Stats",
        "total_connections_received:12",
        "total_commands_processed:6",
        "total_net_input_bytes:300",
        "total_net_output_bytes:4000",
        "rejected_connections:1",
        "pubsub_channels:2",
        "pubsub_patterns:1",
        "total_error_replies:2",
        "",
      ].join("\r\n"),
    );
    expect(client.reply("INFO", "cpu")).toBe("# CPU\r\nused_cpu_sys:0.000250\r\nused_cpu_user:1.500000\r\n");
  });

  it.each([
    [true, "odown"],
    [false, "sdown"],
  ])("shows a master that is down in INFO (odown %s)", (odown, status) => {
    const { test, client } = connect();
    test.views.set("mymaster", groupView("n1", { odown, master: memberView("n1", "n1", { sdown: true }) }));
    expect(client.reply("INFO", "sentinel")).toContain(`name=mymaster,status=${status},`);
  });

  it("answers COMMAND well enough for redis-cli and client libraries", () => {
    const { client } = connect();
    const all = client.reply("COMMAND") as unknown[][];
    expect(client.reply("COMMAND", "COUNT")).toBe(all.length);
    expect(all.every((entry) => entry.length === 10)).toBe(true);
    expect(client.reply("COMMAND", "INFO", "ping", "nope")).toEqual([
      ["ping", -1, ["fast"], 0, 0, 0, [], [], [], []],
      null,
    ]);
    expect(client.rawReply("COMMAND", "INFO", "nope")).toBe("*1\r\n$-1\r\n");
    // Refused, so that redis-cli shows the help that it has itself.
    expect(client.rawReply("COMMAND", "DOCS")).toBe("-ERR unknown subcommand 'DOCS'. Try COMMAND HELP.\r\n");
    expect(client.reply("COMMAND", "INFO", "sentinel|myid")).toEqual([
      ["sentinel|myid", 2, ["admin"], 0, 0, 0, [], [], [], []],
    ]);
    expect(client.reply("COMMAND", "LIST")).toEqual(expect.arrayContaining(["sentinel", "client|kill"]));
    expect(client.reply("COMMAND", "LIST", "FILTERBY", "PATTERN", "*subscribe")).toEqual([
      "subscribe",
      "unsubscribe",
      "psubscribe",
      "punsubscribe",
    ]);
    expect(client.reply("COMMAND", "LIST", "FILTERBY", "MODULE", "any")).toEqual([]);
    expect(client.reply("COMMAND", "LIST", "all")).toEqual(err("ERR syntax error"));
    expect(client.reply("COMMAND", "GETKEYSANDFLAGS", "GET", "a")).toEqual(
      err("ERR Invalid command specified"),
    );
  });

  it("has sets in COMMAND INFO under RESP3, as redis-sentinel", () => {
    const { client } = connect();
    client.reply("HELLO", "3");
    expect(client.rawReply("COMMAND", "INFO", "ping")).toBe(
      "*1\r\n*10\r\n$4\r\nping\r\n:-1\r\n~1\r\n+fast\r\n:0\r\n:0\r\n:0\r\n~0\r\n~0\r\n~0\r\n~0\r\n",
    );
    expect(client.rawReply("COMMAND", "INFO", "client")).toMatch(/~0\r\n~0\r\n~0\r\n\*\d+\r\n\*10\r\n/);
  });

  it("tells nobody of a command that it refuses altogether", () => {
    const { client } = connect();
    const names = client.reply("COMMAND", "LIST") as string[];
    expect(names).toContain("sentinel|masters");
    expect(names).not.toContain("sentinel|set");
    expect(client.reply("COMMAND", "INFO", "sentinel|set")).toEqual([null]);
    const [[, , , , , , , , , subcommands]] = client.reply("COMMAND", "INFO", "sentinel") as [unknown[][]];
    const told = (subcommands as [string][]).map(([name]) => name);
    expect(told).toContain("sentinel|masters");
    expect(told).not.toContain("sentinel|set");
  });

  it.each(["SENTINEL", "CLIENT", "COMMAND"])("%s HELP lists its subcommands", (name) => {
    const lines = connect().client.reply(name, "HELP") as string[];
    expect(lines[0]).toBe(`${name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`);
    expect(lines.at(-2)).toBe("HELP");
  });

  it("tells its id, that no scripts are pending, and its options", () => {
    const { client } = connect();
    expect(client.reply("SENTINEL", "MYID")).toBe("s1");
    expect(client.reply("SENTINEL", "PENDING-SCRIPTS")).toEqual([]);
    expect(client.reply("SENTINEL", "CONFIG", "GET", "resolve*")).toEqual(["resolve-hostnames", "yes"]);
    expect(client.reply("SENTINEL", "CONFIG", "GET", "announce-[ip]*")).toEqual([
      "announce-ip",
      "sentinel-1.example",
      "announce-port",
      "26379",
    ]);
    client.reply("HELLO", "3");
    expect(client.reply("SENTINEL", "CONFIG", "GET", "nope")).toEqual(new Map());
  });

  it("has nothing left to flush, and says so where nothing is kept", () => {
    expect(connect().client.rawReply("SENTINEL", "FLUSHCONFIG")).toBe("+OK\r\n");
    const test = new ClientsUnderTest(null, { keepsState: false });
    expect(String(test.connect().reply("SENTINEL", "FLUSHCONFIG"))).toMatch(/ERR .* in memory only/);
  });

  it("ends the connection without a reply on SHUTDOWN, runs nothing after it, and asks for its own stop", () => {
    const { test, client } = connect();
    client.send(["PING"], ["SHUTDOWN", "nosave"], ["PING"]);
    expect(client.takeRaw()).toBe("+PONG\r\n");
    expect(client.ended).toBe(true);
    expect(test.shutdowns).toBe(1);
  });

  it("caches each member's newest word under INFO-CACHE", () => {
    const { client } = connect();
    const [name, members] = client.reply("SENTINEL", "INFO-CACHE", "mymaster", "nope") as [
      string,
      unknown[][],
    ];
    expect(name).toBe("mymaster");
    expect(members).toHaveLength(3);
    expect(members[0]?.[0]).toBe(39);
    expect(members[0]?.[1]).toContain("role:master\r\n");
    expect(members[1]?.[1]).toContain("role:slave\r\n");
  });

  it("tells whether it holds a master down, and gives Redis's sentinels no vote", () => {
    const { test, client } = connect();
    const ask = (port: string) =>
      client.reply("SENTINEL", "IS-MASTER-DOWN-BY-ADDR", "127.0.0.1", port, "7", "abc");
    expect(ask("6379")).toEqual([0, "*", 0]);
    test.views.set("mymaster", groupView("n1", { master: memberView("n1", "n1", { sdown: true }) }));
    expect(ask("6379")).toEqual([1, "*", 0]);
    expect(ask("6380")).toEqual([0, "*", 0]);
  });
});

describe("SENTINEL CKQUORUM", () => {
  const ask = (change: Parameters<typeof groupView>[1]) => {
    const { test, client } = connect();
    test.views.set("mymaster", groupView("n1", change));
    return client.rawReply("SENTINEL", "CKQUORUM", "mymaster");
  };

  it("is OK in Redis's words", () => {
    expect(ask({})).toBe("+OK 3 usable Sentinels. Quorum and failover authorization can be reached\r\n");
  });

  it("says in Redis's words what is missing", () => {
    const down = { sdown: true };
    expect(ask({ sentinels: [peerView("s2", down), peerView("s3", down)] })).toBe(
      "-NOQUORUM 1 usable Sentinels. Not enough available Sentinels to reach the specified quorum for this master. " +
        "Not enough available Sentinels to reach the majority and authorize a failover\r\n",
    );
    expect(ask({ quorum: 3, sentinels: [peerView("s2"), peerView("s3", down)] })).toBe(
      "-NOQUORUM 2 usable Sentinels. Not enough available Sentinels to reach the specified quorum for this master\r\n",
    );
  });

  it("says member by member why none could be promoted", () => {
    expect(ask({ obstacles: ["n2: no link", "n3: not admitted"] })).toBe(
      "-NOGOODSLAVE 3 usable Sentinels, but: n2: no link; n3: not admitted\r\n",
    );
  });
});
