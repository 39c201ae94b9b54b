/**
 * INFO: sections of `name:value` lines, in Redis's order. The node tells about itself; clients, commands and keyspace are
 * counted here. A line that has no meaning here is left out rather than made up.
 */
import { verbatim } from "../../protocol/resp/reply.ts";
import { withSubcommands } from "../command-statistics.ts";
import type { Argv, CommandSpec } from "./command.ts";
import type { CommandContext } from "./context.ts";
import type { InfoLines, ReplicationDescription } from "./host.ts";
import { memoryLines } from "./memory-report.ts";

type Section = (context: CommandContext) => InfoLines;

const SECTIONS: ReadonlyMap<string, Section> = new Map([
  ["server", (context) => context.host.info("server")],
  ["clients", clients],
  ["memory", memoryLines],
  ["persistence", (context) => context.host.info("persistence")],
  ["stats", stats],
  ["replication", (context) => replicationLines(context.host.describeReplication())],
  ["cpu", (context) => context.host.info("cpu")],
  ["modules", () => []],
  ["commandstats", commandStats],
  ["errorstats", errorStats],
  ["cluster", () => [["cluster_enabled", 0]]],
  ["keyspace", keyspace],
] satisfies [string, Section][]);

const TITLES: ReadonlyMap<string, string> = new Map([["cpu", "CPU"]]);
/** What each of these words stands for. */
const GROUPS: ReadonlyMap<string, (section: string) => boolean> = new Map([
  ["default", (section: string) => section !== "commandstats"],
  ["all", (section: string) => section !== "modules"],
  ["everything", () => true],
]);

function clients(context: CommandContext): InfoLines {
  return [
    ["connected_clients", context.registry.size],
    ["cluster_connections", 0],
    ["maxclients", context.host.clientsMax()],
    ["blocked_clients", context.registry.countBlocked()],
    ["tracking_clients", 0],
  ];
}

function stats({ host, table, statistics, keyspace: books, registry }: CommandContext): InfoLines {
  let calls = 0;
  for (const { usage } of withSubcommands(table.commands)) calls += usage.calls;
  return [
    ["total_commands_processed", calls],
    ["instantaneous_ops_per_sec", statistics.callsPerSec],
    ...host.info("stats"),
    ["instantaneous_input_kbps", kibibytes(statistics.traffic.receivedBytes)],
    ["instantaneous_output_kbps", kibibytes(statistics.traffic.writtenBytes)],
    ["expired_keys", books.expired],
    ["evicted_keys", books.evictedKeys],
    ["keyspace_hits", books.hits],
    ["keyspace_misses", books.misses],
    ["pubsub_channels", registry.subscriptions.channelCount],
    ["pubsub_patterns", registry.subscriptions.patternCount],
    ["total_error_replies", statistics.errorReplies],
  ];
}

function kibibytes(bytes: number): string {
  return (bytes / 1024).toFixed(2);
}

function commandStats({ table }: CommandContext): InfoLines {
  const lines: [string, string][] = [];
  for (const { fullName, usage } of withSubcommands(table.commands)) {
    const { calls, rejected, failed, totalUs } = usage;
    if (calls === 0 && rejected === 0) continue;
    const each = calls === 0 ? 0 : totalUs / calls;
    lines.push([
      `cmdstat_${fullName}`,
      `calls=${calls},usec=${totalUs},usec_per_call=${each.toFixed(2)},rejected_calls=${rejected},failed_calls=${failed}`,
    ]);
  }
  return lines;
}

function errorStats({ statistics }: CommandContext): InfoLines {
  return [...statistics.errors].sort().map(([code, count]) => [`errorstat_${code}`, `count=${count}`]);
}

function keyspace(context: CommandContext): InfoLines {
  const lines: [string, string][] = [];
  for (const database of context.keyspace.databases) {
    const { index, size, expiries } = database;
    if (size === 0) continue;
    const leftMs = expiries.meanLeftMs(context.keyspace.nowMs);
    lines.push([`db${index}`, `keys=${size},expires=${expiries.size},avg_ttl=${leftMs}`]);
  }
  return lines;
}

/** INFO replication, line by line as Redis has it; sentinels, exporters and clients read them. */
function replicationLines(replication: ReplicationDescription): InfoLines {
  if (replication.role === "replica") {
    const up = replication.link === "connected";
    return [
      ["role", "slave"],
      ["master_host", replication.masterHost],
      ["master_port", replication.masterPort],
      ["master_link_status", up ? "up" : "down"],
      ["master_last_io_seconds_ago", up ? replication.secondsSinceMasterSpoke : -1],
      ["master_sync_in_progress", replication.link === "sync" ? 1 : 0],
      ["slave_read_repl_offset", replication.offset],
      ["slave_repl_offset", replication.offset],
      ...(up ? [] : ([["master_link_down_since_seconds", replication.secondsSinceMasterSpoke]] as const)),
      ["slave_priority", replication.priority],
      ["slave_read_only", 1],
      ["replica_announced", 1],
      ["connected_slaves", 0],
      ["master_failover_state", "no-failover"],
      ["master_replid", replication.replicationId],
      ["master_repl_offset", replication.offset],
      ...replication.extra,
    ];
  }
  return [
    ["role", "master"],
    ["connected_slaves", replication.replicas.length],
    ...replication.replicas.map(
      ({ host, port, state, offset, lagSec }, index) =>
        [`slave${index}`, `ip=${host},port=${port},state=${state},offset=${offset},lag=${lagSec}`] as const,
    ),
    ["master_failover_state", "no-failover"],
    ["master_replid", replication.replicationId],
    ["master_repl_offset", replication.offset],
    ...replication.extra,
  ];
}

function info(context: CommandContext, argv: Argv): string {
  const wanted = argv.length === 1 ? ["default"] : argv.slice(1).map((name) => name.toLowerCase());
  const isWanted = (section: string): boolean =>
    wanted.some((name) => name === section || GROUPS.get(name)?.(section) === true);
  const texts: string[] = [];
  for (const [name, section] of SECTIONS) {
    if (!isWanted(name)) continue;
    const title = TITLES.get(name) ?? `${name[0]?.toUpperCase()}${name.slice(1)}`;
    const lines = section(context).map(([line, value]) => `${line}:${value}\r\n`);
    texts.push(`# ${title}\r\n${lines.join("")}`);
  }
  return verbatim(texts.join("\r\n"), context.version);
}

export const INFO_COMMANDS: readonly CommandSpec[] = [
  { name: "info", arity: -1, flags: ["loading", "stale"], categories: ["dangerous"], handler: info },
];
