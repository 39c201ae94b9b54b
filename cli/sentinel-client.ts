/**
 * A plain connection to one sentinel for the operator's commands: the first of those named that answers.
 * Follows no redirection and repeats no order: the operator sees what happened.
 */
import type { Command } from "commander";
import { Redis, ReplyError } from "ioredis";
import { DEFAULT_GROUP } from "../cluster/config/fields.ts";
import { PEER_PORT_DISTANCE } from "../cluster/config/peer-port.ts";
import type { GroupView } from "../sentinel/core/view.ts";
import { InterrexError } from "../src/base/errors.ts";
import { type HostPort, hostPortListFlag, hostPortText, passwordOption } from "./flags.ts";

export const DEFAULT_SENTINEL: HostPort = { host: "127.0.0.1", port: 26_379 };
/** To connect, and to answer; a sentinel holds replies for 500 ms at most. Others may know more than one that hangs. */
const ANSWER_TIMEOUT_MS = 2000;
/** Above the sentinels' own limits for a failover or switchover, which answer when they are done. */
const ORDER_TIMEOUT_MS = 60_000;

const NO_REDIS_PORT = `this is no Redis port; is it a peer port? Those are ${PEER_PORT_DISTANCE} above the ports for clients`;

export interface SentinelFlags {
  readonly sentinel?: readonly HostPort[];
  readonly group: string;
  readonly password?: string;
  readonly json?: boolean;
}

/** The flags that every command to a sentinel has. */
export function addSentinelFlags(command: Command): Command {
  return command
    .option(
      "--sentinel <host:port>",
      "ask this sentinel, or the next when repeated (default: 127.0.0.1:26379)",
      hostPortListFlag,
    )
    .option("--group <name>", "the group", DEFAULT_GROUP)
    .addOption(passwordOption("the sentinels"))
    .option("--json", "answer in JSON");
}

export interface SentinelAnswer {
  /** Which sentinel answered. */
  readonly from: HostPort;
  readonly value: unknown;
}

/**
 * Asks `SENTINEL <args>`, which changes nothing, of the first sentinel that answers.
 *
 * @throws InterrexError `NO_SENTINEL` when none answers, `REFUSED` with the sentinel's own words when it says no.
 */
export async function askSentinel(
  flags: SentinelFlags,
  args: readonly string[],
  timeoutMs: number = ANSWER_TIMEOUT_MS,
): Promise<SentinelAnswer> {
  return await withSentinel(flags, timeoutMs, (client) => client.call("SENTINEL", ...args));
}

/**
 * Gives the order `SENTINEL <args>` to the first sentinel that answers a PING, and to no other: it may act on it and not live to say so.
 *
 * @throws InterrexError as `askSentinel`, and `NO_ANSWER` when it is not known whether the order was carried out.
 */
export async function orderSentinel(
  flags: SentinelFlags,
  args: readonly string[],
  { answerMs = ANSWER_TIMEOUT_MS, orderMs = ORDER_TIMEOUT_MS }: { answerMs?: number; orderMs?: number } = {},
): Promise<SentinelAnswer> {
  return await withSentinel(flags, answerMs, async (client, from) => {
    client.options.commandTimeout = orderMs;
    try {
      return await client.call("SENTINEL", ...args);
    } catch (error) {
      if (error instanceof ReplyError) throw error;
      const reason = (error as Error).message;
      throw new InterrexError(
        "NO_ANSWER",
        `${hostPortText(from)} has the order, but no answer came (${reason}); see \`interrex status\` for whether it was carried out`,
        { cause: error },
      );
    }
  });
}

/** Runs `use` on the first sentinel that answers a PING; when `use` gets no answer, on the next one. */
async function withSentinel(
  flags: SentinelFlags,
  timeoutMs: number,
  use: (client: Redis, from: HostPort) => Promise<unknown>,
): Promise<SentinelAnswer> {
  const failures: string[] = [];
  for (const from of flags.sentinel ?? [DEFAULT_SENTINEL]) {
    const client = open(from, flags, timeoutMs);
    let reason = "";
    client.on("error", (error: Error) => {
      reason = error.message || String((error as NodeJS.ErrnoException).code);
    });
    try {
      await client.connect();
      await client.ping();
      return { from, value: await use(client, from) };
    } catch (error) {
      if (error instanceof InterrexError) throw error;
      if (error instanceof ReplyError) throw refusal(from, error as Error, flags);
      const why = isNoRedis(error) ? NO_REDIS_PORT : reason || (error as Error).message;
      failures.push(`${hostPortText(from)}: ${why}`);
    } finally {
      client.disconnect();
    }
  }
  throw new InterrexError(
    "NO_SENTINEL",
    `No sentinel answers (${failures.join("; ")}); start one, or name another with --sentinel HOST:PORT`,
  );
}

/** What answers speaks, say, HTTP. The parser's own words ask for a report to its authors. */
function isNoRedis(error: unknown): boolean {
  return error instanceof Error && error.name === "ParserError";
}

/**
 * Where the master is, as any Redis client would learn it; of a Redis Sentinel too.
 *
 * @throws InterrexError as `askSentinel`, and `NO_MASTER`.
 */
export async function askMaster(flags: SentinelFlags): Promise<HostPort> {
  const { value } = await askSentinel(flags, ["GET-MASTER-ADDR-BY-NAME", flags.group]);
  if (Array.isArray(value)) return { host: String(value[0]), port: Number(value[1]) };
  throw new InterrexError(
    "NO_MASTER",
    `The sentinels know no master of "${flags.group}"; \`interrex status\` says why, --group names another group`,
  );
}

/** The sentinel's view of the group. */
export async function askStatus(flags: SentinelFlags): Promise<{ from: HostPort; view: GroupView }> {
  const { from, value } = await askSentinel(flags, ["STATUS", flags.group]);
  return { from, view: parseAnswer<GroupView>(value, from) };
}

/** A bulk reply of JSON. */
export function parseAnswer<Shape>(value: unknown, from: HostPort): Shape {
  try {
    return JSON.parse(String(value)) as Shape;
  } catch (cause) {
    throw new InterrexError(
      "BAD_ANSWER",
      `${hostPortText(from)} does not answer as an interrex sentinel; check --sentinel`,
      { cause },
    );
  }
}

function open(target: HostPort, flags: SentinelFlags, timeoutMs: number): Redis {
  return new Redis({
    ...target,
    lazyConnect: true,
    retryStrategy: () => null,
    enableReadyCheck: false,
    disableClientInfo: true,
    maxRetriesPerRequest: 0,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    ...(flags.password === undefined ? {} : { password: flags.password }),
  });
}

function refusal(from: HostPort, error: Error, flags: SentinelFlags): InterrexError {
  const { message } = error;
  const options = { cause: error };
  if (/^(NOAUTH|WRONGPASS)/.test(message)) {
    const hint = "give the right one with --password or INTERREX_PASSWORD";
    return new InterrexError("REFUSED", `${hostPortText(from)} asks for a password: ${hint}`, options);
  }
  if (/No such master/i.test(message)) {
    const hint = "give its name with --group";
    return new InterrexError(
      "REFUSED",
      `${hostPortText(from)} knows no group "${flags.group}"; ${hint}`,
      options,
    );
  }
  if (/unknown (command|subcommand)/i.test(message)) {
    const hint = "is it a data node, or a sentinel of Redis? Check --sentinel";
    return new InterrexError(
      "REFUSED",
      `${hostPortText(from)} is no interrex sentinel (${message}); ${hint}`,
      options,
    );
  }
  // The words say it all; the code before them is for programs.
  return new InterrexError("REFUSED", `${hostPortText(from)}: ${message.replace(/^[A-Z]+ /, "")}`, options);
}
