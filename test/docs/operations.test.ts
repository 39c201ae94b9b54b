import { readdirSync } from "node:fs";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../cli/commands.ts";
import { readyLine } from "../../cli/up-report.ts";
import { prometheusText } from "../../sentinel/sentinel-metrics.ts";
import { nodeMetrics } from "../../src/node/node-metrics.ts";
import { PEER_PROTOCOL_VERSION } from "../../src/protocol/peer/identity.ts";
import { HEALTHY_VIEW } from "../cli/example-views.ts";
import { recordedTerminal } from "../cli/recorded-terminal.ts";
import {
  blockAfter,
  codeWords,
  DOCUMENTS,
  readDocument,
  sectionOf,
  shellLines,
  tableRows,
} from "./markdown.ts";

const OPERATIONS = "docs/operations.md";

interface Schema {
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

function readSchema(path: string): Schema {
  return JSON.parse(readDocument(path)) as Schema;
}

describe("the tables of configuration keys", () => {
  const sentinel = readSchema("config/sentinel.schema.json");
  const tables = [
    ["schema: config/node.schema.json", readSchema("config/node.schema.json")],
    ["schema: config/sentinel.schema.json", sentinel],
    ["schema: config/sentinel.schema.json groups", sentinel.properties?.groups?.items ?? {}],
  ] as const;

  it.each(tables)("%s: has every key and no other", (marker, { properties = {} }) => {
    const keys = tableRows(blockAfter(OPERATIONS, marker)).map(([key = ""]) => key.replaceAll("`", ""));
    expect(keys.sort()).toEqual(Object.keys(properties).sort());
  });

  it.each(tables)("%s: tells the defaults that hold", (marker, { properties = {} }) => {
    for (const [key = "", fallback] of tableRows(blockAfter(OPERATIONS, marker))) {
      const value = properties[key.replaceAll("`", "")]?.default;
      // What is worked out from other keys is told in words.
      if (value === undefined || typeof value === "object") continue;
      expect(fallback, key).toBe(value === "" ? "empty" : `\`${value}\``);
    }
  });
});

describe("upgrades", () => {
  it("name the version of the peer protocol that is spoken", () => {
    const version = /peer protocol \((\d+)\)/.exec(sectionOf(OPERATIONS, "Upgrades"))?.[1];
    expect(Number(version)).toBe(PEER_PROTOCOL_VERSION);
  });
});

describe("the command line", () => {
  it("is listed with every command and no other", () => {
    const cells = tableRows(sectionOf(OPERATIONS, "Command line")).map(([cell = ""]) => cell);
    const listed = cells.flatMap((cell) => /^`interrex (\w+)`$/.exec(cell)?.[1] ?? []);
    expect(listed.sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
  });

  it.each(DOCUMENTS)("is used in %s with commands and flags that exist", async (document) => {
    const program = new Command();
    for (const { load } of COMMANDS) (await load())(program, recordedTerminal());
    const exists = (line: string): boolean => {
      const [, name = "", ...rest] = line.split(/\s+/);
      const command = program.commands.find((one) => one.name() === name);
      if (command === undefined) return false;
      const flags = rest.filter((word) => word.startsWith("--"));
      return flags.every((flag) => command.options.some(({ long }) => long === flag));
    };
    const spoken = [...shellLines(document), ...codeWords(readDocument(document))];
    const used = spoken
      .map((line) => line.replace(/ #.*$/, "").trim())
      .filter((line) => line.startsWith("interrex ") && !line.startsWith("interrex COMMAND"));
    expect(used.filter((line) => !exists(line))).toEqual([]);
  });

  it("prints the ready line in the shape that is documented", () => {
    const documented = JSON.parse(blockAfter(OPERATIONS, "ready line")) as unknown;
    const plan = { id: "n1", host: "", port: 1, peerPort: 2, configPath: "" };
    const running = [{ plan, pid: 1 }];
    expect(shapeOf(documented)).toEqual(
      shapeOf(readyLine("mymaster", "n1", { nodes: running, sentinels: running })),
    );
  });
});

describe("the events worth an alert", () => {
  const words = codeWords(/Worth an alert: (.*?)\. An idle/s.exec(readDocument(OPERATIONS))?.[1] ?? "");

  it("are all that are logged as an error", () => {
    const logged = ["src", "sentinel"]
      .flatMap(sourcesIn)
      .flatMap((text) => [
        ...text.matchAll(/outbox\.log\(\s*"error",\s*"([^"]+)"/g),
        ...text.matchAll(/\.(?:error|fatal)\(\s*\{[^}]*event: "([^"]+)"/g),
      ]);
    const errors = new Set(logged.map(([, event = ""]) => event));
    expect(errors.size).toBeGreaterThan(8);
    expect([...errors].filter((event) => !words.includes(event))).toEqual([]);
  });

  it("are logged somewhere", () => {
    const sources = ["src", "sentinel"].flatMap(sourcesIn).join("\n");
    const events = words.filter((word) => /^[+a-z.-]+$/.test(word));
    expect(events).toContain("peer-refused");
    expect(events.filter((event) => !sources.includes(`"${event}"`))).toEqual([]);
  });
});

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => readDocument(`${folder}/${path}`));
}

/** Keys and types, values left out. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]));
}

describe("the metrics", () => {
  it("are all documented, and no other", () => {
    const status = HEALTHY_VIEW.master?.status;
    if (status == null) throw new Error("the example's master has spoken");
    const sentinel = { id: "s1", clients: 0, views: [HEALTHY_VIEW], switches: new Map() };
    const texts = nodeMetrics(status, { snapshotFailed: false }, 0) + prometheusText(sentinel);
    const known = [...texts.matchAll(/^# HELP (\S+)/gm)].map(([, name = ""]) => name);
    const words = codeWords(sectionOf(OPERATIONS, "Health, metrics, logs"));
    expect(words.filter((word) => word.startsWith("interrex_")).sort()).toEqual(known.sort());
  });
});
