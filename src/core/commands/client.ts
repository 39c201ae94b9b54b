/** CLIENT: what is known of the connections, and what one can change about one's own. */
import { listedClients, parseKillFilter } from "../../protocol/resp/client-filter.ts";
import { clientLine } from "../../protocol/resp/client-line.ts";
import { bulk, integer, nil, OK, ONE, verbatim, ZERO } from "../../protocol/resp/reply.ts";
import type { ClientSession } from "../session.ts";
import { type Argv, arg, type CommandSpec, type Flag } from "./command.ts";
import { isClientName } from "./connection.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { helpReply } from "./help.ts";
import { parseInteger } from "./numbers.ts";
import { parseTimeoutMs } from "./timeouts.ts";

/** Of a connection that has just gone. */
const NO_BUFFERS = { queryBytes: 0, queryFreeBytes: 0, outputBytes: 0 };

/** As Redis orders them. */
function flagsOf(session: ClientSession, isMonitor: boolean): string {
  let flags = "";
  if (isMonitor) flags += "O";
  if (session.subscriptions > 0) flags += "P";
  if (session.transaction !== null) flags += "x";
  if (session.blocked || session.postponed) flags += "b";
  if (session.dirty) flags += "d";
  if (session.noEvict) flags += "e";
  return flags === "" ? "N" : flags;
}

function describeClient(context: CommandContext, session: ClientSession): string {
  const seconds = (sinceMs: number): number => Math.max(0, Math.floor((context.nowMs - sinceMs) / 1000));
  return clientLine(session, {
    ageSec: seconds(session.createdAtMs),
    idleSec: seconds(session.lastCommandAtMs),
    flags: flagsOf(session, context.registry.monitors.has(session)),
    db: session.db,
    queued: session.transaction?.queue.length ?? -1,
    queuedBytes: session.transaction?.bytes ?? 0,
    ...(context.host.buffersOf(session) ?? NO_BUFFERS),
  });
}

function list(context: CommandContext, argv: Argv): string {
  const selected = listedClients(argv, context.registry);
  if (typeof selected === "string") return selected;
  const lines = selected.map((session) => `${describeClient(context, session)}\n`);
  return verbatim(lines.join(""), context.version);
}

function kill(context: CommandContext, argv: Argv): string {
  const filter = parseKillFilter(argv, context.session);
  if (typeof filter === "string") return filter;
  let killed = 0;
  for (const session of [...context.registry.sessions()]) {
    if (!filter(session)) continue;
    killed += 1;
    // Its own reply must still go out.
    if (session === context.session) context.execution.close = true;
    else context.host.closeSession(session);
  }
  if (argv.length > 3) return integer(killed);
  return killed > 0 ? OK : errors.NO_SUCH_CLIENT;
}

function unblock(context: CommandContext, argv: Argv): string {
  if (argv.length > 4) return errors.badSubcommand("CLIENT", arg(argv, 1));
  const reason = argv[3]?.toUpperCase() ?? "TIMEOUT";
  if (reason !== "TIMEOUT" && reason !== "ERROR") return errors.BAD_UNBLOCK_REASON;
  const id = parseInteger(arg(argv, 2));
  if (id === undefined) return errors.NOT_AN_INTEGER;
  const session = context.registry.get(Number(id));
  if (session === undefined) return ZERO;
  return context.host.unblock(session, reason === "ERROR" ? "error" : "timeout") ? ONE : ZERO;
}

function pause(context: CommandContext, argv: Argv): string {
  if (argv.length > 4) return errors.badSubcommand("CLIENT", arg(argv, 1));
  const kind = argv[3]?.toLowerCase() ?? "all";
  if (kind !== "write" && kind !== "all") return errors.BAD_PAUSE_MODE;
  const durationMs = parseTimeoutMs(arg(argv, 2));
  if (typeof durationMs === "string") return durationMs;
  context.host.pauseClients(kind, durationMs);
  return OK;
}

function unpause(context: CommandContext): string {
  context.host.unpauseClients();
  return OK;
}

function setname(context: CommandContext, argv: Argv): string {
  const name = arg(argv, 2);
  if (!isClientName(name)) return errors.BAD_CLIENT_NAME;
  context.session.name = name;
  return OK;
}

function getname(context: CommandContext): string {
  const { name } = context.session;
  return name === "" ? nil(context.version) : bulk(name);
}

function reply(context: CommandContext, argv: Argv): string {
  const { session } = context;
  switch (arg(argv, 2).toUpperCase()) {
    case "ON":
      session.replyMode = "on";
      return OK;
    case "OFF":
      session.replyMode = "off";
      return "";
    case "SKIP":
      // Under OFF nothing is answered anyway.
      if (session.replyMode !== "off") session.replyMode = "skipNext";
      return "";
    default:
      return errors.SYNTAX_ERROR;
  }
}

function noEvict(context: CommandContext, argv: Argv): string {
  const mode = arg(argv, 2).toUpperCase();
  if (mode !== "ON" && mode !== "OFF") return errors.SYNTAX_ERROR;
  context.session.noEvict = mode === "ON";
  return OK;
}

/** Of Redis 7.2: stock clients send it when they connect. */
function setinfo(context: CommandContext, argv: Argv): string {
  const value = arg(argv, 3);
  const attribute = arg(argv, 2).toUpperCase();
  if (attribute !== "LIB-NAME" && attribute !== "LIB-VER") return errors.SYNTAX_ERROR;
  if (!isClientName(value)) return errors.BAD_CLIENT_NAME;
  if (attribute === "LIB-NAME") context.session.libraryName = value;
  else context.session.libraryVersion = value;
  return OK;
}

const HELP = helpReply("CLIENT", [
  ["GETNAME", "Name of this connection."],
  ["ID", "Id of this connection."],
  ["INFO", "What is known of this connection."],
  ["KILL <ip:port>", "Close a connection."],
  ["KILL <filter> <value> ...", "Close connections by ID, ADDR, LADDR, TYPE, USER; SKIPME (yes|no)."],
  ["LIST [TYPE <type> | ID <id> ...]", "What is known of all connections."],
  ["NO-EVICT (ON|OFF)", "Protect this connection from eviction."],
  [
    "PAUSE <milliseconds> [WRITE|ALL]",
    "Have the commands of all clients wait, or only those that may write.",
  ],
  ["REPLY (ON|OFF|SKIP)", "Turn replies to this connection on and off."],
  ["SETINFO (LIB-NAME|LIB-VER) <value>", "Tell which library is connected."],
  ["SETNAME <name>", "Name this connection."],
  ["UNPAUSE", "End CLIENT PAUSE."],
  ["UNBLOCK <id> [TIMEOUT|ERROR]", "Have a blocked connection go on."],
]);

const FLAGS: readonly Flag[] = ["noscript", "loading", "stale"];
const ADMIN: readonly Flag[] = ["admin", "noscript", "loading", "stale"];
const CATEGORIES = ["connection"];

export const CLIENT_COMMANDS: readonly CommandSpec[] = [
  {
    name: "client",
    arity: -2,
    flags: [],
    subcommands: [
      {
        name: "id",
        arity: 2,
        flags: FLAGS,
        categories: CATEGORIES,
        handler: (context) => integer(context.session.id),
      },
      {
        name: "info",
        arity: 2,
        flags: FLAGS,
        categories: CATEGORIES,
        handler: (context) => verbatim(`${describeClient(context, context.session)}\n`, context.version),
      },
      { name: "list", arity: -2, flags: ADMIN, categories: CATEGORIES, handler: list },
      { name: "kill", arity: -3, flags: ADMIN, categories: CATEGORIES, handler: kill },
      { name: "getname", arity: 2, flags: FLAGS, categories: CATEGORIES, handler: getname },
      { name: "setname", arity: 3, flags: FLAGS, categories: CATEGORIES, handler: setname },
      { name: "setinfo", arity: 4, flags: FLAGS, categories: CATEGORIES, handler: setinfo },
      { name: "reply", arity: 3, flags: FLAGS, categories: CATEGORIES, handler: reply },
      { name: "no-evict", arity: 3, flags: ADMIN, categories: CATEGORIES, handler: noEvict },
      { name: "pause", arity: -3, flags: ADMIN, categories: CATEGORIES, handler: pause },
      { name: "unpause", arity: 2, flags: ADMIN, categories: CATEGORIES, handler: unpause },
      { name: "unblock", arity: -3, flags: ADMIN, categories: CATEGORIES, handler: unblock },
      { name: "help", arity: 2, flags: ["loading", "stale"], categories: CATEGORIES, handler: () => HELP },
    ],
  },
];
