/** Brings the keys of a Redis server into a group: looks at both, refuses what would lose something, and lets `runImport` copy. */
import { Redis, type RedisOptions } from "ioredis";
import { InterrexError } from "../../src/base/errors.ts";
import type { Endpoint } from "../chaos/endpoint.ts";
import { type ImportProgress, type ImportReport, runImport } from "./run-import.ts";

export interface ImportPlan {
  /** `redis://` or `rediss://`, with its database when it is to be this one alone. */
  readonly from: URL;
  readonly sentinels: readonly Endpoint[];
  readonly group: string;
  /** Of nodes and sentinels. */
  readonly password: string | undefined;
  /** Keys that the group has already may be replaced. */
  readonly replace: boolean;
  /** @param keys that the source had at the start. */
  readonly onProgress: (progress: ImportProgress, keys: number) => void;
  readonly signal: AbortSignal;
}

interface ServerFacts {
  readonly runId: string | undefined;
  readonly replicationId: string | undefined;
  /** Keys of each database that has any. */
  readonly databases: ReadonlyMap<number, number>;
}

/** SELECT goes no further in interrex. */
const DATABASES = 16;
const CONNECT_TIMEOUT_MS = 5000;
/** Above what a large value takes, below what a person would wait for one that stands still. */
const COMMAND_TIMEOUT_MS = 30_000;
const RECONNECT_MS = 200;

/**
 * @throws InterrexError `NO_SOURCE` when the server can't be read, `SAME_GROUP`, `NOT_EMPTY`, `BAD_DATABASE`; `LOST` when source or group
 *   went and did not come back; the reason of `signal`.
 */
export async function importKeys(plan: ImportPlan): Promise<ImportReport> {
  const clients: Redis[] = [];
  let copied = 0;
  const opened = (options: RedisOptions): Redis => {
    const client = new Redis(options);
    // Each failed command is reported by its own rejection.
    client.on("error", () => {});
    clients.push(client);
    return client;
  };
  const source = sourceOptions(plan.from);
  const target = targetOptions(plan);
  try {
    const from = await sourceFacts(plan.from, opened({ ...source, retryStrategy: () => null }));
    const to = factsOf(await opened(target).info());
    const databases = databasesToCopy(plan, from, to);
    const keys = databases.reduce((sum, database) => sum + (from.databases.get(database) ?? 0), 0);
    return await runImport({
      databases,
      open: (db) => ({ source: opened({ ...source, db }), target: opened({ ...target, db }) }),
      onProgress: (progress) => {
        copied = progress.copied;
        plan.onProgress(progress, keys);
      },
      signal: plan.signal,
      nowMs: Date.now,
    });
  } catch (error) {
    if (error instanceof InterrexError || plan.signal.aborted) throw error;
    throw lost(plan, clients, copied, error as Error);
  } finally {
    for (const client of clients) client.disconnect();
  }
}

/** In words of what was to be done: those of the clients tell which of their options was used up. */
function lost(plan: ImportPlan, clients: readonly Redis[], copied: number, cause: Error): InterrexError {
  const away = clients.filter(({ status }) => status !== "ready" && status !== "end");
  const names = away.map(({ options }) =>
    options.sentinels ? `the master of ${plan.group}` : plan.from.host,
  );
  const who = [...new Set(names)].join(" and ");
  const what = who === "" ? `No answer that helps (${cause.message})` : `No connection to ${who}`;
  return new InterrexError(
    "LOST",
    `${what}, for half a minute or longer; ${copied} keys are copied: start anew with --replace`,
    { cause },
  );
}

/** @throws InterrexError `SAME_GROUP`, `NOT_EMPTY`, `BAD_DATABASE` */
function databasesToCopy(plan: ImportPlan, from: ServerFacts, to: ServerFacts): number[] {
  const address = plan.from.host;
  if (
    from.runId === to.runId ||
    (from.replicationId !== undefined && from.replicationId === to.replicationId)
  ) {
    throw new InterrexError(
      "SAME_GROUP",
      `${address} belongs to ${plan.group} itself: there is nothing to import`,
    );
  }
  const present = [...to.databases.values()].reduce((sum, keys) => sum + keys, 0);
  if (present > 0 && !plan.replace) {
    throw new InterrexError(
      "NOT_EMPTY",
      `${plan.group} has ${present} keys already; --replace overwrites those that have the name of an imported one, and leaves the others`,
    );
  }
  const only = plan.from.pathname.slice(1);
  const databases = only === "" ? [...from.databases.keys()] : [Number(only)];
  const beyond = databases.find((database) => !(database < DATABASES));
  if (beyond === undefined) return databases;
  throw new InterrexError(
    "BAD_DATABASE",
    `Database ${Number.isNaN(beyond) ? only : beyond} can't be imported: interrex has 0 to ${DATABASES - 1}; name one of these in the URL (${address}/0) to import it alone`,
  );
}

/** @throws InterrexError `NO_SOURCE` */
async function sourceFacts(from: URL, client: Redis): Promise<ServerFacts> {
  let connecting = "";
  client.on("error", (error: NodeJS.ErrnoException) => {
    connecting ||= error.message || String(error.code);
  });
  try {
    const info = await client.info();
    if (!/^redis_mode:sentinel/m.test(info)) return factsOf(info);
  } catch (error) {
    const { name } = error as Error;
    const message =
      name === "ParserError"
        ? "it does not speak the Redis protocol"
        : connecting || (error as Error).message;
    const hint = /NOAUTH|WRONGPASS/.test(message)
      ? "; give its password in the URL: redis://:password@host:port"
      : "";
    throw new InterrexError("NO_SOURCE", `Cannot read from ${from.host}: ${message}${hint}`, {
      cause: error,
    });
  }
  throw new InterrexError("NO_SOURCE", `${from.host} is a sentinel; name the master that it knows`);
}

function factsOf(info: string): ServerFacts {
  const field = (name: string): string | undefined => new RegExp(`^${name}:(\\S+)`, "m").exec(info)?.[1];
  const databases = [...info.matchAll(/^db(\d+):keys=(\d+)/gm)];
  return {
    runId: field("run_id"),
    replicationId: field("master_replid"),
    databases: new Map(databases.map(([, database, keys]) => [Number(database), Number(keys)])),
  };
}

function sourceOptions(from: URL): RedisOptions {
  return {
    host: from.hostname.replace(/^\[|\]$/g, ""),
    port: from.port === "" ? 6379 : Number(from.port),
    ...(from.username === "" ? {} : { username: decodeURIComponent(from.username) }),
    ...(from.password === "" ? {} : { password: decodeURIComponent(from.password) }),
    ...(from.protocol === "rediss:" ? { tls: {} } : {}),
    ...COMMON,
  };
}

function targetOptions({ sentinels, group, password }: ImportPlan): RedisOptions {
  return {
    sentinels: sentinels.map(({ host, port }) => ({ host, port })),
    name: group,
    ...(password === undefined ? {} : { password, sentinelPassword: password }),
    sentinelRetryStrategy: () => RECONNECT_MS,
    ...COMMON,
  };
}

/** What may have been executed is not sent again, and ends with the connection: the key begins anew. */
const COMMON: RedisOptions = {
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  retryStrategy: () => RECONNECT_MS,
  connectTimeout: CONNECT_TIMEOUT_MS,
  commandTimeout: COMMAND_TIMEOUT_MS,
  disableClientInfo: true,
};
