import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadNodeConfig, loadSentinelConfig } from "../../../cluster/config/load-config.ts";
import { InterrexError } from "../../../src/base/errors.ts";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "interrex-config-"));
});

afterEach(() => {
  rmSync(dir, { recursive: true });
});

function fileOf(content: string): string {
  const path = join(dir, "some.yaml");
  writeFileSync(path, content);
  return path;
}

/** What `load` refuses with, the temporary directory left out. */
function refusal(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    if (!(error instanceof InterrexError)) throw error;
    expect(error.code).toBe("BAD_CONFIG");
    expect(error.message).not.toContain("\n");
    return error.message.replaceAll(`${dir}/`, "");
  }
  return "nothing was refused";
}

function nodeRefusal(content: string, flags: Record<string, unknown> = {}): string {
  return refusal(() => loadNodeConfig({ path: fileOf(content), flags }));
}

const SENTINEL = `id: s1
sentinels:
  - { id: s1, url: "ws://127.0.0.1:36379" }
  - { id: s2, url: "ws://127.0.0.1:36380" }
  - { id: s3, url: "ws://127.0.0.1:36381" }
groups:
  - name: mymaster
    nodes:
      - { id: n1, url: "ws://127.0.0.1:16379" }
      - { id: n2, url: "ws://127.0.0.1:16380" }
      - { id: n3, url: "ws://127.0.0.1:16381" }
`;

function sentinelRefusal(change: (content: string) => string): string {
  return refusal(() => loadSentinelConfig({ path: fileOf(change(SENTINEL)) }));
}

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
    const path = join(dir, "missing.yaml");
    expect(refusal(() => loadNodeConfig({ path }))).toBe(
      "Cannot read the configuration missing.yaml: there is no such file",
    );
  });

  it("says that a directory is none", () => {
    expect(refusal(() => loadNodeConfig({ path: dir })).replace(dir, "DIR")).toBe(
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

describe("sentinel.yaml", () => {
  it("works out quorum and time-outs, and leaves to the nodes what it does not say of them", () => {
    const { config } = loadSentinelConfig({ path: fileOf(SENTINEL) });
    expect(config).toMatchObject({
      port: 26_379,
      peerPort: 36_379,
      membershipVersion: 1,
      dataDir: "./data/s1",
    });
    expect(config.groups[0]).toMatchObject({
      quorum: 2,
      downAfterMs: 1000,
      stallAfterMs: 2000,
      switchoverTimeoutMs: 5000,
      replication: { mode: "semi-sync", copies: null },
      crashEvidence: true,
    });
    expect(config.groups[0]?.nodes[1]).toEqual({
      id: "n2",
      url: "ws://127.0.0.1:16380",
    });
  });

  it("overrules what a node says of itself only where it says so", () => {
    const file = fileOf(SENTINEL.replace("16380", '16380", voting: false, zone: "b'));
    const nodes = loadSentinelConfig({ path: file }).config.groups[0]?.nodes;
    expect(nodes?.map(({ voting }) => voting)).toEqual([undefined, false, undefined]);
  });

  it("must list itself", () => {
    expect(sentinelRefusal((content) => content.replace("id: s1\n", "id: s9\n"))).toBe(
      'some.yaml:2: sentinels does not list "s9" itself; every sentinel lists all of them',
    );
  });

  it("refuses two nodes of one id, at the second one's line", () => {
    expect(sentinelRefusal((content) => content.replace("id: n3", "id: n1"))).toBe(
      'some.yaml:11: groups[0].nodes[2].id "n1" is used twice in this list',
    );
  });

  it("refuses a quorum above the number of sentinels", () => {
    expect(sentinelRefusal((content) => `${content}    quorum: 4\n`)).toBe(
      "some.yaml:12: groups[0].quorum is 4, but there are 3 sentinels only",
    );
  });

  it("refuses more copies than nodes that vote", () => {
    const replication = "    replication: { mode: sync, copies: 4 }\n";
    expect(sentinelRefusal((content) => content + replication)).toBe(
      "some.yaml:12: groups[0].replication.copies is 4, but only 3 nodes vote; no write could ever be acknowledged",
    );
  });

  it("refuses copies in async, which would not be waited for", () => {
    const replication = "    replication: { mode: async, copies: 2 }\n";
    expect(sentinelRefusal((content) => content + replication)).toMatch(
      /copies is 2, but async acknowledges/,
    );
  });

  it("refuses an unknown mode", () => {
    expect(sentinelRefusal((content) => `${content}    replication: { mode: fast }\n`)).toBe(
      'some.yaml:12: groups[0].replication.mode must be async, semi-sync or sync (got "fast")',
    );
  });

  it.each([
    "ws://127.0.0.1:0",
    "ws://127.0.0.1:70000",
    "ws://300.0.0.1:16380",
    "ws://a[b?c#:16380",
    "ws://user@host:16380",
    "ws://%zz:16380",
    "ws://0.0.0.0:16380",
    "ws://[::]:16380",
    "ws://[:::::]:16380",
  ])("refuses %s, which nobody could dial", (url) => {
    expect(sentinelRefusal((content) => content.replace("ws://127.0.0.1:16380", url))).toBe(
      `some.yaml:10: groups[0].nodes[1].url must be a peer port's address such as ws://127.0.0.1:16379 (got "${url}")`,
    );
  });

  it.each(["ws://node-2.example_net:16380", "ws://[fd00::2]:16380", "ws://10.0.0.2:80"])(
    "takes %s",
    (url) => {
      const path = fileOf(SENTINEL.replace("ws://127.0.0.1:16380", url));
      expect(loadSentinelConfig({ path }).config.groups[0]?.nodes[1]?.url).toBe(url);
    },
  );

  it.each(["s1", "s2"])("refuses a node with the id of the sentinel %s", (id) => {
    expect(sentinelRefusal((content) => content.replace("id: n2", `id: ${id}`))).toBe(
      `some.yaml:10: groups[0].nodes[1].id "${id}" is a sentinel's id too; every process needs its own`,
    );
  });

  it("counts one as one", () => {
    const alone = SENTINEL.replace(/ {2}- \{ id: s[23].*\n/g, "").replace(/ {6}- \{ id: n[23].*\n/g, "");
    expect(sentinelRefusal(() => `${alone}    quorum: 2\n`)).toContain("but there is 1 sentinel only");
    const replication = "    replication: { mode: sync, copies: 2 }\n";
    expect(sentinelRefusal(() => alone + replication)).toContain("but only 1 node votes");
  });

  it("refuses a node at a sentinel's address, and one in two groups", () => {
    expect(sentinelRefusal((content) => content.replace("127.0.0.1:16380", "127.0.0.1:36380"))).toBe(
      'some.yaml:10: groups[0].nodes[1].url "ws://127.0.0.1:36380" is that of sentinel s2; a process has one part in one group',
    );
    const other = '  - name: other\n    nodes: [{ id: x1, url: "ws://127.0.0.1:16381" }]\n';
    expect(sentinelRefusal((content) => content + other)).toBe(
      'some.yaml:13: groups[1].nodes[0].url "ws://127.0.0.1:16381" is that of n3 of mymaster; a process has one part in one group',
    );
  });

  it("refuses an address that is no peer port's", () => {
    expect(sentinelRefusal((content) => content.replace('"ws://127.0.0.1:36380"', '"127.0.0.1:36380"'))).toBe(
      'some.yaml:4: sentinels[1].url must be a peer port\'s address such as ws://127.0.0.1:16379 (got "127.0.0.1:36380")',
    );
  });
});
