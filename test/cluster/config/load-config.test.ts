import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { loadNodeConfig } from "../../../cluster/config/load-config.ts";
import { fileOf, inDirectory, nodeRefusal, refusal, SENTINEL, sentinelRefusal } from "./config-files.ts";

describe("a file of the other kind", () => {
  it("is refused with the command for it", () => {
    expect(nodeRefusal(SENTINEL)).toMatch(
      /^some\.yaml:2: "sentinels" is a key of sentinel\.yaml; start a file of that kind with `interrex sentinel`/,
    );
    expect(sentinelRefusal(() => "id: n1\nport: 6379\nappendfsync: no\n")).toMatch(
      /^some\.yaml:3: "appendfsync" is a key of node\.yaml; start a file of that kind with `interrex node`/,
    );
  });

  it("is not seen in a key that both or neither kind has", () => {
    expect(nodeRefusal("id: n1\nport: x\nsomething: 1\n")).toMatch(/^some\.yaml:2: port must be/);
  });
});

describe("node.yaml", () => {
  it("is complete with an id alone", () => {
    const { config, logLevel } = loadNodeConfig({ path: fileOf("id: n1\n") });
    expect(config).toMatchObject({
      id: "n1",
      host: "127.0.0.1",
      port: 6379,
      peerPort: 16_379,
      announceHost: "127.0.0.1",
      announcePort: null,
      dataDir: "./data/n1",
      appendfsync: "everysec",
      priority: 100,
      voting: true,
      password: null,
      reads: "linearizable",
      ackTimeoutMs: 1000,
      static: null,
    });
    expect(logLevel).toBe("info");
  });

  it("keeps nothing on disk with dataDir: null", () => {
    expect(loadNodeConfig({ path: fileOf("id: n1\ndataDir: null\n") }).config.dataDir).toBeNull();
  });

  it("gives way to flags", () => {
    const { config } = loadNodeConfig({
      path: fileOf("id: n1\nport: 7000\n"),
      flags: { port: 7001, zone: "b" },
    });
    expect(config).toMatchObject({ port: 7001, peerPort: 17_001, zone: "b" });
  });

  it("describes a static replica", () => {
    const content =
      "id: n2\nport: 6380\nstatic: { role: replica, masterId: n1, masterUrl: 'ws://127.0.0.1:16379' }\n";
    expect(loadNodeConfig({ path: fileOf(content) }).config.static).toEqual({
      role: "replica",
      masterId: "n1",
      masterUrl: "ws://127.0.0.1:16379",
    });
  });

  it("names file, line, what it must be and what it got", () => {
    expect(nodeRefusal("# a comment\nid: n1\nhost: 127.0.0.1\nport: abc\n")).toBe(
      'some.yaml:4: port must be a whole number from 1 to 65535 (got "abc")',
    );
  });

  it.each(["path", "flags"])("refuses a static replica of itself, by id or by url (%s)", (from) => {
    const itself = { role: "replica", masterId: "n9", masterUrl: "ws://127.0.0.1:1" };
    const own = { ...itself, masterId: "n1", masterUrl: "ws://127.0.0.1:17603" };
    const messages = [itself, own].map((fixed) => {
      const flags = { id: "n9", port: 7603, static: fixed };
      if (from === "flags") return refusal(() => loadNodeConfig({ flags }));
      return nodeRefusal(JSON.stringify(flags));
    });
    const [byId, byUrl] =
      from === "flags"
        ? ["--replicaof", "--replicaof"]
        : ["some.yaml:1: static.masterId", "some.yaml:1: static.masterUrl"];
    expect(messages).toEqual([
      `${byId} "n9" is this node itself; name its master`,
      `${byUrl} "ws://127.0.0.1:17603" is this node's own peer port; give its master's`,
    ]);
  });

  it("suggests the key that a mistyped one was meant to be", () => {
    expect(nodeRefusal("id: n1\npeerprot: 16379\n")).toBe(
      'some.yaml:2: unknown key "peerprot"; did you mean "peerPort"?',
    );
  });

  it("speaks of the mistyped key before the one that is missing for it", () => {
    const refusal = 'some.yaml:1: unknown key "iid"; did you mean "id"? (and 1 more)';
    expect(nodeRefusal("iid: n1\n")).toBe(refusal);
  });

  it("refuses an unknown key that resembles none", () => {
    expect(nodeRefusal("id: n1\ncolour: red\n")).toBe('some.yaml:2: unknown key "colour"; remove it');
  });

  it("names a mistyped key inside a nested value", () => {
    expect(nodeRefusal("id: n1\nstatic:\n  role: master\n  masterURL: ws://127.0.0.1:1\n")).toBe(
      'some.yaml:4: unknown key "masterURL" in static; did you mean "masterUrl"?',
    );
  });

  it("names the flag, not the file, when the flag's value is wrong", () => {
    expect(nodeRefusal("id: n1\n", { ackTimeoutMs: 1 })).toBe(
      "--ack-timeout must be a whole number from 10 to 2592000000 (got 1)",
    );
  });

  it("names the flag that is missing when there is no file", () => {
    expect(refusal(() => loadNodeConfig({ flags: { port: 7000 } }))).toMatch(
      /^--id must be .* \(it is missing\)$/,
    );
  });

  it("tells broken YAML with its line", () => {
    expect(nodeRefusal("id: n1\nhost: [127.0.0.1\nport: 1\n")).toMatch(
      /^some\.yaml:\d: this is not valid YAML: /,
    );
  });

  it("refuses a second document in its own words, at its line", () => {
    expect(nodeRefusal("id: n1\n---\nid: n2\n")).toBe(
      "some.yaml:2: a second document begins here; keep one, without a line of ---",
    );
  });

  it("refuses a key given twice", () => {
    expect(nodeRefusal("id: n1\nport: 1\nport: 2\n")).toBe(
      "some.yaml:3: this is not valid YAML: Map keys must be unique",
    );
  });

  it("refuses aliases, a few of which make much of a small file", () => {
    expect(nodeRefusal("id: &a n1\nzone: *a\n")).toBe(
      "some.yaml: this can't be read: write out in full what *aliases stand for",
    );
  });

  it.each(["[".repeat(20_000), "{a: ".repeat(20_000), "- ".repeat(20_000), "? ".repeat(20_000)])(
    "refuses a file nested so deep that reading it would end the process",
    (content) => {
      expect(nodeRefusal(`id: n1\nzone:\n  ${content}`)).toContain("nested deeper than any configuration");
    },
  );

  it("stays on one short line, whatever the file holds", () => {
    expect(nodeRefusal('id: n1\n"a\\nb\\e[2J": 1\n')).toBe(
      'some.yaml:2: unknown key "a\\u000ab\\u001b[2J"; remove it',
    );
    expect(nodeRefusal(`id: n1\n${"x".repeat(5000)}: 1\n`).length).toBeLessThan(500);
    expect(nodeRefusal(`id: n1\nport: ${"x".repeat(5000)}\n`).length).toBeLessThan(500);
    expect(nodeRefusal(`${"x".repeat(5000)}: *${"y".repeat(5000)}\n`).length).toBeLessThan(500);
  });

  it("refuses a file that is a list", () => {
    expect(nodeRefusal("- id: n1\n")).toBe(
      'some.yaml:1: the configuration must be keys and values, such as `id: n1` (got [{"id":"n1"}])',
    );
  });

  it("says that there is no such file", () => {
    const path = inDirectory("missing.yaml");
    expect(refusal(() => loadNodeConfig({ path }))).toBe(
      "Cannot read the configuration missing.yaml: there is no such file",
    );
  });

  it("says that a directory is none", () => {
    const path = dirname(fileOf(""));
    expect(refusal(() => loadNodeConfig({ path })).replace(path, "DIR")).toBe(
      "Cannot read the configuration DIR: it is a directory; name the file in it",
    );
  });

  it("asks for peerPort when the port leaves no room for it", () => {
    expect(nodeRefusal("id: n1\nport: 60000\n")).toBe(
      "some.yaml:2: port is 60000, which leaves no room for the peer port (60000 + 10000 is past 65535); " +
        "choose one up to 55535, or give peerPort too",
    );
    expect(refusal(() => loadNodeConfig({ flags: { id: "n1", port: 60_000 } }))).toMatch(
      /^--port is 60000, .* or give --peer-port too$/,
    );
    const { config } = loadNodeConfig({ path: fileOf("id: n1\nport: 60000\npeerPort: 60001\n") });
    expect(config.peerPort).toBe(60_001);
  });

  it("asks for an address to announce when bound to all addresses", () => {
    expect(nodeRefusal("id: n1\nhost: 0.0.0.0\n")).toBe(
      'some.yaml:2: host is "0.0.0.0", an address that no one can dial; add announceHost, the one that others can reach',
    );
    expect(refusal(() => loadNodeConfig({ flags: { id: "n1", host: "::" } }))).toBe(
      '--host is "::", an address that no one can dial; add --announce-host, the one that others can reach',
    );
  });

  it.each(["0", "0.0.0", "::0", "0:0:0:0:0:0:0:0", "::ffff:0.0.0.0"])(
    "sees that %s is all addresses, too",
    (host) => {
      const message = `is "${host}", an address that no one can dial`;
      expect(nodeRefusal(`id: n1\nhost: "${host}"\n`)).toContain(`host ${message}; add announceHost`);
      expect(nodeRefusal(`id: n1\nannounceHost: "${host}"\n`)).toContain(`announceHost ${message}; give`);
    },
  );

  it.each(["10.0.0.1:6379", "n1.example:6379", "::1::2"])("refuses %s as a host", (host) => {
    const message = `must be a host name or an IP address, without a port (got "${host}")`;
    expect(nodeRefusal(`id: n1\nhost: "${host}"\n`)).toBe(`some.yaml:2: host ${message}`);
    expect(nodeRefusal(`id: n1\nannounceHost: "${host}"\n`)).toBe(`some.yaml:2: announceHost ${message}`);
  });

  it("refuses a link-local address, and takes others of IPv6", () => {
    expect(nodeRefusal("id: n1\nhost: fe80::1\n")).toMatch(
      /^some\.yaml:2: host is "fe80::1", a link-local address/,
    );
    for (const host of ["::1", "fd00::2", "::ffff:10.0.0.1"]) {
      expect(loadNodeConfig({ path: fileOf(`id: n1\nhost: "${host}"\n`) }).config.host).toBe(host);
    }
  });

  it("refuses Redis's way to say that a node is never promoted, and names the one here", () => {
    const text = "priority must be from 1; for a node that is never promoted use `voting: false` (got 0)";
    expect(nodeRefusal("id: n1\npriority: 0\n")).toBe(`some.yaml:2: ${text}`);
    expect(sentinelRefusal((content) => content.replace("16380", '16380", priority: 0, zone: "b'))).toBe(
      `some.yaml:10: groups[0].nodes[1].${text}`,
    );
    expect(nodeRefusal("id: n1\npriority: -1\n")).toBe(
      "some.yaml:2: priority must be a whole number from 1 to 1000000 (got -1)",
    );
  });

  it.each(["-1", "1.5", "5 gb", "1tb", "true", "100%"])(
    "refuses %s as maxmemory in words of its own",
    (memory) => {
      expect(nodeRefusal(`id: n1\nmaxmemory: ${memory}\n`)).toMatch(
        /^some\.yaml:2: maxmemory must be a number of bytes, or text such as 512mb or 4gb \(got .*\)$/,
      );
    },
  );

  it("tells how many other mistakes there are", () => {
    expect(nodeRefusal("id: n1\nport: 0\npriority: -1\n")).toMatch(/^some\.yaml:2: port .* \(and 1 more\)$/);
  });
});
