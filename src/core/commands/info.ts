/** INFO: sections of `name:value` lines. The node tells about itself; clients and keyspace are counted here. */
import { verbatim } from "../../protocol/resp/reply.ts";
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
  ["stats", (context) => [...context.host.info("stats"), ["evicted_keys", context.keyspace.evictedKeys]]],
  ["replication", (context) => replicationLines(context.host.describeReplication())],
  ["cpu", (context) => context.host.info("cpu")],
  ["keyspace", keyspace],
] satisfies [string, Section][]);

const EVERYTHING: ReadonlySet<string> = new Set(["all", "default", "everything"]);

function clients(context: CommandContext): InfoLines {
  return [
    ["connected_clients", context.registry.size],
    ["cluster_connections", 0],
    ["maxclients", context.host.clientsMax()],
    ["blocked_clients", context.registry.countBlocked()],
    ["tracking_clients", 0],
  ];
}

function keyspace(context: CommandContext): InfoLines {
  const lines: [string, string][] = [];
  for (const database of context.keyspace.databases) {
    if (database.size === 0) continue;
    lines.push([`db${database.index}`, `keys=${database.size},expires=${database.expiring},avg_ttl=0`]);
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
  const wanted = new Set(argv.slice(1).map((name) => name.toLowerCase()));
  const everything = wanted.size === 0 || [...wanted].some((name) => EVERYTHING.has(name));
  const texts: string[] = [];
  for (const [name, section] of SECTIONS) {
    if (!everything && !wanted.has(name)) continue;
    const title = name === "cpu" ? "CPU" : `${name[0]?.toUpperCase()}${name.slice(1)}`;
    const lines = section(context).map(([line, value]) => `${line}:${value}\r\n`);
    texts.push(`# ${title}\r\n${lines.join("")}`);
  }
  return verbatim(texts.join("\r\n"), context.version);
}

export const INFO_COMMANDS: readonly CommandSpec[] = [
  { name: "info", arity: -1, flags: ["loading", "stale"], categories: ["dangerous"], handler: info },
];
