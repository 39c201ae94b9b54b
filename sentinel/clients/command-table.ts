/**
 * Every command that a sentinel knows, and what is checked before one runs, in Redis's order: is it known, has it
 * enough words, is the client allowed in, is it subscribed, and is the master it asks for just changing hands.
 */
import type { Answer, CommandContext } from "./answer.ts";
import { fail } from "./answer.ts";
import { CLIENT_HELP, CLIENT_SUBCOMMANDS } from "./client-command.ts";
import { commandCommand } from "./command-command.ts";
import { arityFits, type CommandSpec, container, withSubcommands } from "./command-spec.ts";
import { auth, echo, hello, quit, reset, shutdown } from "./connection-commands.ts";
import {
  deniedWhileSubscribed,
  NOT_AUTHENTICATED,
  PUBLISH_REFUSED,
  unknownCommand,
  unknownSubcommand,
  wrongArity,
} from "./error-texts.ts";
import { info } from "./info.ts";
import { role } from "./role.ts";
import { SENTINEL_SUBCOMMANDS } from "./sentinel-command.ts";
import { SENTINEL_HELP } from "./sentinel-help.ts";
import { ping, psubscribe, punsubscribe, subscribe, unsubscribe } from "./subscriptions.ts";

const FAST = ["loading", "stale", "fast"];
const GREETING = ["noscript", ...FAST, "no_auth", "allow_busy"];
const PUBSUB = ["pubsub", "noscript", "loading", "stale"];
const SHUTDOWN = ["admin", "noscript", "loading", "stale", "no_multi", "allow_busy"];

export const COMMANDS: readonly CommandSpec[] = [
  { name: "ping", arity: -1, flags: ["fast"], whileSubscribed: true, run: ping },
  { name: "echo", arity: 2, flags: FAST, run: echo },
  { name: "hello", arity: -1, flags: GREETING, beforeAuth: true, run: hello },
  { name: "auth", arity: -2, flags: GREETING, beforeAuth: true, run: auth },
  { name: "quit", arity: -1, flags: GREETING, beforeAuth: true, whileSubscribed: true, run: quit },
  { name: "reset", arity: 1, flags: GREETING, beforeAuth: true, whileSubscribed: true, run: reset },
  { name: "subscribe", arity: -2, flags: PUBSUB, whileSubscribed: true, run: subscribe },
  { name: "unsubscribe", arity: -1, flags: PUBSUB, whileSubscribed: true, run: unsubscribe },
  { name: "psubscribe", arity: -2, flags: PUBSUB, whileSubscribed: true, run: psubscribe },
  { name: "punsubscribe", arity: -1, flags: PUBSUB, whileSubscribed: true, run: punsubscribe },
  { name: "publish", arity: 3, flags: ["pubsub", ...FAST], run: () => fail(PUBLISH_REFUSED) },
  { name: "info", arity: -1, flags: ["loading", "stale"], run: info },
  { name: "role", arity: 1, flags: ["noscript", ...FAST], run: role },
  { name: "shutdown", arity: -1, flags: SHUTDOWN, run: shutdown },
  container("client", CLIENT_SUBCOMMANDS, CLIENT_HELP),
  container("sentinel", SENTINEL_SUBCOMMANDS, SENTINEL_HELP, ["admin"]),
  commandCommand(() => COMMANDS),
];

const BY_NAME: ReadonlyMap<string, CommandSpec> = new Map(
  withSubcommands(COMMANDS).map((spec) => [spec.name, spec]),
);

/** `held`: ask again when that group has changed hands, or when the client has waited long enough. */
export type TableAnswer = Answer | { readonly kind: "held"; readonly group: string };

/** @param mayHold false once the client has waited as long as it may. */
export function answerCommand(context: CommandContext, mayHold: boolean): TableAnswer {
  const { argv, session } = context;
  const found = find(argv);
  if ("refusal" in found) return fail(found.refusal);
  const { spec } = found;
  if (!arityFits(spec, argv.length)) return fail(wrongArity(spec.name));
  if (!session.authenticated && spec.beforeAuth !== true) return fail(NOT_AUTHENTICATED);
  if (session.inSubscriberMode && spec.whileSubscribed !== true)
    return fail(deniedWhileSubscribed(spec.name));
  session.lastCommand = spec.name;
  session.lastCommandAtMs = context.nowMs;
  const group = mayHold ? changingHands(spec, context) : undefined;
  if (group !== undefined) return { kind: "held", group };
  context.counts.run += 1;
  return spec.run(context);
}

function find(argv: readonly string[]): { readonly spec: CommandSpec } | { readonly refusal: string } {
  const spec = BY_NAME.get((argv[0] ?? "").toLowerCase());
  // A subcommand's full name, `sentinel|master`, is a name in the table but no command.
  if (spec === undefined || spec.name.includes("|")) return { refusal: unknownCommand(argv) };
  const given = argv[1];
  if (spec.subcommands === undefined || given === undefined) return { spec };
  const subcommand = BY_NAME.get(`${spec.name}|${given.toLowerCase()}`);
  return subcommand === undefined ? { refusal: unknownSubcommand(spec.name, given) } : { spec: subcommand };
}

/** The first group of those that the answer is about. */
function changingHands(spec: CommandSpec, context: CommandContext): string | undefined {
  return spec.tellsMasterOf?.(context).find((group) => context.world.isHolding(group));
}
