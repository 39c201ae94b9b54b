/** Commands about the server as a whole. The node does what they ask; here are only arguments and replies. */
import { array, bulk, integer, simple } from "../../protocol/resp/reply.ts";
import { shutdownWish } from "../../protocol/resp/shutdown-words.ts";
import { type Argv, arg, type CommandSpec } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { parseInteger } from "./numbers.ts";
import { parseTimeoutMs } from "./timeouts.ts";

function role(context: CommandContext): string {
  const replication = context.host.describeReplication();
  if (replication.role === "replica") {
    return array([
      bulk("slave"),
      bulk(replication.masterHost),
      integer(replication.masterPort),
      bulk(replication.link),
      integer(replication.offset),
    ]);
  }
  const replicas = replication.replicas.map(({ host, port, offset }) =>
    array([bulk(host), bulk(String(port)), bulk(String(offset))]),
  );
  return array([bulk("master"), integer(replication.offset), array(replicas)]);
}

/** Outside of EXEC the member withholds the reply until enough replicas have the session's writes, or time is up. */
function wait(context: CommandContext, argv: Argv): string {
  if (context.host.describeReplication().role === "replica") return errors.WAIT_ON_REPLICA;
  const replicas = parseInteger(arg(argv, 1));
  if (replicas === undefined) return errors.NOT_AN_INTEGER;
  const timeoutMs = parseTimeoutMs(arg(argv, 2));
  if (typeof timeoutMs === "string") return timeoutMs;
  const held = context.host.replicasThatHold(context.session.wroteOffset);
  if (!context.mayBlock || held >= replicas) return integer(held);
  return context.block({ kind: "replicas", replicas: Number(replicas), timeoutMs });
}

/** As BGSAVE, but the reply comes when the snapshot stands; others are served meanwhile. */
function save(context: CommandContext): string {
  context.keyspace.sawEverything();
  context.host.snapshot();
  return context.block({ kind: "snapshot", offset: context.keyspace.lastChangeOffset, timeoutMs: 0 });
}

/** The log is cut behind each snapshot: to take one is what makes it short again. */
function bgrewriteaof(context: CommandContext): string {
  context.host.snapshot();
  return simple("Background append only file rewriting started");
}

function bgsave(context: CommandContext, argv: Argv): string {
  if (argv.length > 2 || (argv.length === 2 && arg(argv, 1).toUpperCase() !== "SCHEDULE")) {
    return errors.SYNTAX_ERROR;
  }
  context.host.snapshot();
  return simple("Background saving started");
}

/** It has no reply when it succeeds: the connection just ends. */
function shutdown(context: CommandContext, argv: Argv): string {
  switch (shutdownWish(argv.slice(1))) {
    case "syntaxError":
      return errors.SYNTAX_ERROR;
    case "abort":
      // One that is under way serves nobody any more.
      return errors.NO_SHUTDOWN;
    default:
      context.host.shutdown();
      return "";
  }
}

export const SERVER_COMMANDS: readonly CommandSpec[] = [
  {
    name: "role",
    arity: 1,
    flags: ["noscript", "loading", "stale", "fast"],
    categories: ["admin", "dangerous"],
    handler: role,
  },
  { name: "wait", arity: 3, flags: ["noscript"], categories: ["connection"], handler: wait },
  { name: "save", arity: 1, flags: ["admin", "noscript", "no_async_loading", "no_multi"], handler: save },
  { name: "bgsave", arity: -1, flags: ["admin", "noscript", "no_async_loading"], handler: bgsave },
  { name: "bgrewriteaof", arity: 1, flags: ["admin", "noscript", "no_async_loading"], handler: bgrewriteaof },
  {
    name: "lastsave",
    arity: 1,
    flags: ["loading", "stale", "fast"],
    categories: ["admin", "dangerous"],
    handler: (context) => integer(context.host.lastSnapshotSec()),
  },
  {
    name: "shutdown",
    arity: -1,
    flags: ["admin", "noscript", "loading", "stale", "no_multi", "allow_busy"],
    handler: shutdown,
  },
];
