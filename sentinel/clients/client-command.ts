/** CLIENT: names, ids, lists, kills and reply modes of the connections to this sentinel. */
import { listedClients, parseKillFilter } from "../../src/protocol/resp/client-filter.ts";
import { clientLine } from "../../src/protocol/resp/client-line.ts";
import { bulk, integer, nil, OK, verbatim } from "../../src/protocol/resp/reply.ts";
import type { Answer, CommandContext } from "./answer.ts";
import { fail, reply } from "./answer.ts";
import type { ClientSession } from "./client-session.ts";
import type { CommandSpec } from "./command-spec.ts";
import { isClientName } from "./connection-commands.ts";
import { BAD_CLIENT_NAME, NO_SUCH_CLIENT, SYNTAX_ERROR } from "./error-texts.ts";

const FLAGS = ["noscript", "loading", "stale"];
const ADMIN = ["admin", ...FLAGS];

export const CLIENT_SUBCOMMANDS: readonly CommandSpec[] = [
  { name: "client|id", arity: 2, flags: FLAGS, run: ({ session }) => reply(integer(session.id)) },
  { name: "client|getname", arity: 2, flags: FLAGS, run: getName },
  { name: "client|setname", arity: 3, flags: FLAGS, run: setName },
  { name: "client|setinfo", arity: 4, flags: FLAGS, run: setInfo },
  { name: "client|info", arity: 2, flags: FLAGS, run: describeOne },
  { name: "client|list", arity: -2, flags: ADMIN, run: list },
  { name: "client|kill", arity: -3, flags: ADMIN, run: kill },
  { name: "client|reply", arity: 3, flags: FLAGS, run: setReplyMode },
  { name: "client|no-evict", arity: 3, flags: ADMIN, run: acceptOnOff },
  { name: "client|no-touch", arity: 3, flags: FLAGS, run: acceptOnOff },
];

export const CLIENT_HELP: readonly string[] = [
  "GETNAME",
  "    Return the name of the current connection.",
  "ID",
  "    Return the ID of the current connection.",
  "INFO",
  "    Return information about the current client connection.",
  "KILL <ip:port>",
  "    Kill connection made from <ip:port>.",
  "KILL <ID id | ADDR ip:port | LADDR ip:port | TYPE type | USER name | SKIPME yes|no> ...",
  "    Kill the connections that fit all of these.",
  "LIST [TYPE NORMAL|PUBSUB] [ID id ...]",
  "    Return information about client connections.",
  "REPLY (ON|OFF|SKIP)",
  "    Control the replies sent to the current connection.",
  "SETINFO <LIB-NAME|LIB-VER> <value>",
  "    Tell the client library's name or version.",
  "SETNAME <name>",
  "    Assign the name <name> to the current connection.",
];

function getName({ session }: CommandContext): Answer {
  return reply(session.name === "" ? nil(session.protocol) : bulk(session.name));
}

function setName({ argv, session }: CommandContext): Answer {
  const name = argv[2] ?? "";
  if (!isClientName(name)) return fail(BAD_CLIENT_NAME);
  session.name = name;
  return reply(OK);
}

function setInfo({ argv, session }: CommandContext): Answer {
  const option = (argv[2] ?? "").toLowerCase();
  const value = argv[3] ?? "";
  if (!isClientName(value)) {
    return fail(`ERR ${option} cannot contain spaces, newlines or special characters.`);
  }
  if (option === "lib-name") session.libraryName = value;
  else if (option === "lib-ver") session.libraryVersion = value;
  else return fail(`ERR Unrecognized option '${argv[2]}'`);
  return reply(OK);
}

function describeOne(context: CommandContext): Answer {
  const { session } = context;
  return reply(verbatim(line(session, context), session.protocol));
}

function list(context: CommandContext): Answer {
  const { argv, session, sessions } = context;
  const listed = listedClients(argv, { sessions: () => sessions.values(), get: (id) => sessions.get(id) });
  if (typeof listed === "string") return reply(listed);
  const lines = listed.map((other) => line(other, context));
  return reply(verbatim(lines.join(""), session.protocol));
}

function kill({ argv, session, sessions }: CommandContext): Answer {
  const filter = parseKillFilter(argv, session);
  if (typeof filter === "string") return reply(filter);
  const ids = new Set([...sessions.values()].filter(filter).map(({ id }) => id));
  if (argv.length > 3) return { kind: "killClients", ids, text: integer(ids.size) };
  return ids.size === 0 ? fail(NO_SUCH_CLIENT) : { kind: "killClients", ids, text: OK };
}

/** OFF and SKIP answer nothing themselves. */
function setReplyMode({ argv, session }: CommandContext): Answer {
  switch ((argv[2] ?? "").toLowerCase()) {
    case "on":
      session.replyMode = "on";
      return { kind: "reply", text: OK, always: true };
    case "off":
      session.replyMode = "off";
      return reply("");
    case "skip":
      if (session.replyMode !== "off") session.replyMode = "skipNext";
      return { kind: "reply", text: "", always: true };
    default:
      return fail(SYNTAX_ERROR);
  }
}

/** Clients send these unasked; a sentinel evicts nobody and keeps no keys, so both are always so. */
function acceptOnOff({ argv }: CommandContext): Answer {
  return /^(on|off)$/i.test(argv[2] ?? "") ? reply(OK) : fail(SYNTAX_ERROR);
}

function line(session: ClientSession, context: CommandContext): string {
  const seconds = (sinceMs: number): number => Math.floor((context.nowMs - sinceMs) / 1000);
  const text = clientLine(session, {
    ageSec: seconds(session.connectedAtMs),
    idleSec: seconds(session.lastCommandAtMs),
    flags: session.subscriptions > 0 ? "P" : "N",
    db: 0,
    queued: -1,
    queuedBytes: 0,
    ...context.buffersOf(session),
  });
  return `${text}\n`;
}
