/** Commands about the connection itself: greeting, authentication, leaving. None of them touches a key. */
import {
  array,
  arrayHeader,
  bulk,
  EMPTY_ARRAY,
  EMPTY_BULK,
  integer,
  map,
  OK,
  PONG,
  type RespVersion,
  simple,
} from "../../protocol/resp/reply.ts";
import { type Argv, arg, type CommandSpec, type Flag } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { parseInteger } from "./numbers.ts";
import { discardTransaction } from "./transactions.ts";

const DEFAULT_USER = "default";

function ping(context: CommandContext, argv: Argv): string {
  if (argv.length > 2) return errors.wrongArityReply("ping");
  const message = argv[1];
  if (context.version === 2 && context.session.subscriptions > 0) {
    return array([bulk("pong"), message === undefined ? EMPTY_BULK : bulk(message)]);
  }
  return message === undefined ? PONG : bulk(message);
}

function quit(context: CommandContext): string {
  context.execution.close = true;
  return OK;
}

function reset(context: CommandContext): string {
  const { session } = context;
  discardTransaction(context.keyspace, session);
  context.registry.subscriptions.unsubscribeAll(session);
  context.registry.monitors.delete(session);
  session.db = 0;
  session.protocol = 2;
  session.name = "";
  session.replyMode = "on";
  session.noEvict = false;
  session.authenticated = false;
  return simple("RESET");
}

function auth(context: CommandContext, argv: Argv): string {
  if (argv.length > 3) return errors.SYNTAX_ERROR;
  if (argv.length === 2 && !context.host.passwordRequired) return errors.NO_PASSWORD_CONFIGURED;
  const user = argv.length === 3 ? arg(argv, 1) : DEFAULT_USER;
  return logIn(context, user, arg(argv, argv.length - 1)) ? OK : errors.WRONG_PASSWORD;
}

function logIn(context: CommandContext, user: string, password: string): boolean {
  const { host, session } = context;
  const accepted = host.passwordRequired ? host.authenticate(user, password) : user === DEFAULT_USER;
  if (accepted) session.authenticated = true;
  return accepted;
}

interface HelloOptions {
  login?: { readonly user: string; readonly password: string };
  name?: string;
}

/** @returns the options, or an encoded error. */
function parseHello(argv: Argv): HelloOptions | string {
  const options: HelloOptions = {};
  for (let at = 2; at < argv.length; at += 1) {
    const option = arg(argv, at).toUpperCase();
    if (option === "AUTH" && at + 2 < argv.length) {
      options.login = { user: arg(argv, at + 1), password: arg(argv, at + 2) };
      at += 2;
    } else if (option === "SETNAME" && at + 1 < argv.length) {
      at += 1;
      options.name = arg(argv, at);
      if (!isClientName(options.name)) return errors.BAD_CLIENT_NAME;
    } else {
      return errors.helloSyntax(arg(argv, at));
    }
  }
  return options;
}

function hello(context: CommandContext, argv: Argv): string {
  const { host, session } = context;
  let version: RespVersion = session.protocol;
  if (argv.length > 1) {
    const wanted = parseInteger(arg(argv, 1));
    if (wanted === undefined) return errors.PROTOCOL_NOT_AN_INTEGER;
    if (wanted !== 2 && wanted !== 3) return errors.NO_PROTOCOL;
    version = wanted;
  }
  const options = parseHello(argv);
  if (typeof options === "string") return options;
  if (options.login !== undefined && !logIn(context, options.login.user, options.login.password)) {
    return errors.WRONG_PASSWORD;
  }
  if (host.passwordRequired && !session.authenticated) return errors.HELLO_NOAUTH;
  if (options.name !== undefined) session.name = options.name;
  session.protocol = version;
  return map(
    [
      ["server", bulk("redis")],
      ["version", bulk(host.redisVersion)],
      ["proto", integer(version)],
      ["id", integer(session.id)],
      ["mode", bulk("standalone")],
      ["role", bulk(host.describeReplication().role)],
      ["modules", EMPTY_ARRAY],
    ],
    version,
  );
}

/** Names are printed in CLIENT LIST: visible ASCII only. */
export function isClientName(name: string): boolean {
  return /^[!-~]*$/.test(name);
}

function time(context: CommandContext): string {
  const seconds = Math.floor(context.nowMs / 1000);
  const microseconds = Math.floor((context.nowMs - seconds * 1000) * 1000);
  return arrayHeader(2) + bulk(String(seconds)) + bulk(String(microseconds));
}

const BEFORE_LOGIN: readonly Flag[] = ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"];
const CATEGORIES = ["connection"];

export const CONNECTION_COMMANDS: readonly CommandSpec[] = [
  { name: "ping", arity: -1, flags: ["fast"], categories: CATEGORIES, handler: ping, whileSubscribed: true },
  {
    name: "echo",
    arity: 2,
    flags: ["loading", "stale", "fast"],
    categories: CATEGORIES,
    handler: (_context, argv) => bulk(arg(argv, 1)),
  },
  {
    name: "quit",
    arity: -1,
    flags: BEFORE_LOGIN,
    categories: CATEGORIES,
    handler: quit,
    unqueued: true,
    whileSubscribed: true,
  },
  {
    name: "reset",
    arity: 1,
    flags: BEFORE_LOGIN,
    categories: CATEGORIES,
    handler: reset,
    unqueued: true,
    whileSubscribed: true,
  },
  { name: "auth", arity: -2, flags: BEFORE_LOGIN, categories: CATEGORIES, handler: auth },
  { name: "hello", arity: -1, flags: BEFORE_LOGIN, categories: CATEGORIES, handler: hello },
  { name: "time", arity: 1, flags: ["loading", "stale", "fast"], handler: time },
];
