/** HELLO, AUTH, RESET, QUIT, ECHO and SHUTDOWN: who the client is, which protocol it speaks, and how both of us end. */
import { createHash, timingSafeEqual } from "node:crypto";
import { array, bulk, integer, map, OK, simple } from "../../src/protocol/resp/reply.ts";
import { shutdownWish } from "../../src/protocol/resp/shutdown-words.ts";
import type { Answer, CommandContext } from "./answer.ts";
import { fail, reply } from "./answer.ts";
import type { ClientSession } from "./client-session.ts";
import {
  BAD_CLIENT_NAME,
  HELLO_NOT_AUTHENTICATED,
  helloSyntax,
  NO_PASSWORD_CONFIGURED,
  NO_SHUTDOWN,
  PROTOCOL_NOT_A_NUMBER,
  SYNTAX_ERROR,
  UNSUPPORTED_PROTOCOL,
  WRONG_PASSWORD,
} from "./error-texts.ts";
import { REDIS_VERSION } from "./redis-version.ts";

const CLIENT_NAME = /^[!-~]*$/;

export function echo({ argv }: CommandContext): Answer {
  return reply(bulk(argv[1] ?? ""));
}

export function quit(): Answer {
  return { kind: "reply", text: OK, close: true };
}

/** It has no reply when it succeeds: the connection just ends. */
export function shutdown({ argv }: CommandContext): Answer {
  switch (shutdownWish(argv.slice(1))) {
    case "syntaxError":
      return fail(SYNTAX_ERROR);
    case "abort":
      // One that is under way serves nobody any more.
      return fail(NO_SHUTDOWN);
    default:
      return { kind: "shutdown" };
  }
}

export function reset({ session, world }: CommandContext): Answer {
  session.reset(world.facts.password === null);
  return reply(simple("RESET"));
}

export function auth({ argv, session, world }: CommandContext): Answer {
  if (argv.length > 3) return fail(SYNTAX_ERROR);
  const { password } = world.facts;
  if (argv.length === 2 && password === null) return fail(NO_PASSWORD_CONFIGURED);
  const [user, given] = argv.length === 2 ? ["default", argv[1] ?? ""] : [argv[1] ?? "", argv[2] ?? ""];
  if (!credentialsFit(user, given, password)) return fail(WRONG_PASSWORD);
  session.authenticated = true;
  return reply(OK);
}

/** Nothing is changed unless all of it can be: a client never ends up half greeted. */
export function hello(context: CommandContext): Answer {
  const { argv, session, world } = context;
  const given = argv[1];
  if (given !== undefined && !/^-?\d{1,18}$/.test(given)) return fail(PROTOCOL_NOT_A_NUMBER);
  const protocol = given === undefined ? session.protocol : Number(given);
  if (protocol !== 2 && protocol !== 3) return fail(UNSUPPORTED_PROTOCOL);

  let name: string | null = null;
  let authenticated = session.authenticated;
  for (let at = 2; at < argv.length; at++) {
    const option = (argv[at] ?? "").toLowerCase();
    const left = argv.length - at - 1;
    if (option === "auth" && left >= 2) {
      if (!credentialsFit(argv[at + 1] ?? "", argv[at + 2] ?? "", world.facts.password))
        return fail(WRONG_PASSWORD);
      authenticated = true;
      at += 2;
    } else if (option === "setname" && left >= 1) {
      name = argv[at + 1] ?? "";
      if (!isClientName(name)) return fail(BAD_CLIENT_NAME);
      at += 1;
    } else {
      return fail(helloSyntax(argv[at] ?? ""));
    }
  }
  if (!authenticated) return fail(HELLO_NOT_AUTHENTICATED);
  session.authenticated = true;
  session.protocol = protocol;
  if (name !== null) session.name = name;
  return reply(greeting(session));
}

/** Names go into CLIENT LIST's lines, so they hold neither spaces nor control characters. */
export function isClientName(name: string): boolean {
  return CLIENT_NAME.test(name);
}

function greeting(session: ClientSession): string {
  return map(
    [
      ["server", bulk("redis")],
      ["version", bulk(REDIS_VERSION)],
      ["proto", integer(session.protocol)],
      ["id", integer(session.id)],
      ["mode", bulk("sentinel")],
      ["modules", array([])],
    ],
    session.protocol,
  );
}

function credentialsFit(user: string, given: string, password: string | null): boolean {
  if (user !== "default") return false;
  if (password === null) return true;
  // Digests have one length, which the comparison needs, and it takes the same time for every wrong password.
  return timingSafeEqual(digest(Buffer.from(given, "latin1")), digest(Buffer.from(password, "utf8")));
}

function digest(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}
