/**
 * Looks at a cluster from outside, as any client could: who is the master, and is everything whole again? Works for Redis Sentinel too.
 * Changes nothing.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import type { GroupView } from "../../sentinel/core/view.ts";
import { InterrexError } from "../../src/base/errors.ts";
import type { Millis } from "../../src/base/ids.ts";
import { hasAppliedItsLog } from "../../src/rules/choose-candidate.ts";
import type { ReplicationMode } from "../../src/rules/group-record.ts";
import { type Arena, type ArenaMember, nodesOf, sentinelsOf } from "./arena.ts";
import type { Endpoint } from "./endpoint.ts";

const ANSWER_TIMEOUT_MS = 1000;
/** No event tells a client of a third party that every replica has caught up; asking costs some ms of one core. */
const LOOK_EVERY_MS = 100;

/** @throws the connection's or the server's error. */
export async function ask(
  { host, port }: Endpoint,
  password: string | undefined,
  command: string,
  ...args: string[]
): Promise<unknown> {
  const client = new Redis({
    host,
    port,
    lazyConnect: true,
    disableClientInfo: true,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectTimeout: ANSWER_TIMEOUT_MS,
    commandTimeout: ANSWER_TIMEOUT_MS,
    ...(password === undefined ? {} : { password }),
  });
  let cause: unknown;
  client.on("error", (error) => {
    cause = error;
  });
  try {
    await client.connect();
    return await client.call(command, ...args);
  } catch (error) {
    throw cause ?? error;
  } finally {
    client.disconnect();
  }
}

/** The master that the first answering sentinel names. @throws InterrexError NO_MASTER */
export async function findMaster(arena: Arena): Promise<ArenaMember> {
  const problems: string[] = [];
  for (const sentinel of sentinelsOf(arena)) {
    try {
      const master = await masterAccordingTo(arena, sentinel);
      if (master !== undefined) return master;
      problems.push(`${sentinel.id} names none that is known here`);
    } catch (error) {
      problems.push(`${sentinel.id}: ${(error as Error).message}`);
    }
  }
  throw new InterrexError(
    "NO_MASTER",
    `No sentinel names a master of ${arena.group}: ${problems.join("; ")}`,
  );
}

/**
 * Waits until the cluster is whole: every sentinel names the same master, every replica follows it and counts again.
 *
 * @returns `null`, or what still stood in the way when `timeoutMs` passed or `signal` was aborted.
 */
export async function waitUntilWhole(
  arena: Arena,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<string | null> {
  const untilMs = performance.now() + timeoutMs;
  for (;;) {
    const obstacle = await findObstacle(arena);
    if (obstacle === null || signal?.aborted || performance.now() >= untilMs) return obstacle;
    await sleep(LOOK_EVERY_MS);
  }
}

async function findObstacle(arena: Arena): Promise<string | null> {
  try {
    const named = await Promise.all(sentinelsOf(arena).map((sentinel) => masterAccordingTo(arena, sentinel)));
    const [master] = named;
    if (master === undefined || named.some((other) => other?.id !== master.id)) {
      return `the sentinels don't agree on a master: ${named.map((other) => other?.id ?? "none").join(", ")}`;
    }
    const replicas = nodesOf(arena).length - 1;
    const role = await ask(master, arena.password, "ROLE");
    const following = Array.isArray(role) && Array.isArray(role[2]) ? role[2].length : 0;
    if (following < replicas) return `${following} of ${replicas} replicas follow ${master.id}`;
    const opinions = await Promise.all(
      sentinelsOf(arena).map((sentinel) => obstacleAccordingTo(arena, sentinel)),
    );
    return opinions.find((opinion) => opinion !== null) ?? null;
  } catch (error) {
    return (error as Error).message;
  }
}

async function masterAccordingTo(arena: Arena, sentinel: Endpoint): Promise<ArenaMember | undefined> {
  const address = await ask(sentinel, arena.password, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", arena.group);
  if (!Array.isArray(address)) return undefined;
  const port = Number(address[1]);
  return nodesOf(arena).find((node) => node.port === port && node.host === String(address[0]));
}

async function obstacleAccordingTo(arena: Arena, sentinel: ArenaMember): Promise<string | null> {
  const master = fieldsOf(await ask(sentinel, arena.password, "SENTINEL", "MASTER", arena.group));
  if (master.get("flags") !== "master") return `${sentinel.id} flags the master as ${master.get("flags")}`;
  const others = sentinelsOf(arena).length - 1;
  if (Number(master.get("num-other-sentinels")) < others) return `${sentinel.id} doesn't know all sentinels`;
  const replicas = await ask(sentinel, arena.password, "SENTINEL", "REPLICAS", arena.group);
  const flags = (Array.isArray(replicas) ? replicas : []).map((replica) => fieldsOf(replica).get("flags"));
  if (flags.length < nodesOf(arena).length - 1) return `${sentinel.id} knows ${flags.length} replicas`;
  const bad = flags.find((flag) => flag !== "slave");
  if (bad !== undefined) return `${sentinel.id} flags a replica as ${bad}`;
  return await readinessObstacle(arena, sentinel);
}

/** What the group's record promises, and when silence counts as down; `null` where that is not told, as by a Redis Sentinel. */
export async function findPromise(
  arena: Arena,
): Promise<{ readonly replication: ReplicationMode; readonly downAfterMs: Millis } | null> {
  for (const sentinel of sentinelsOf(arena)) {
    const view = await statusAccordingTo(arena, sentinel).catch(() => null);
    if (view?.standing) return { replication: view.standing.mode, downAfterMs: view.downAfterMs };
  }
  return null;
}

/** Only interrex tells: a replica that is linked may still count nowhere, or serve nobody. */
async function readinessObstacle(arena: Arena, sentinel: ArenaMember): Promise<string | null> {
  const view = await statusAccordingTo(arena, sentinel);
  if (view === null) return null;
  const waiting = view.replicas.filter(({ admitted, voting }) => voting && !admitted).map(({ id }) => id);
  if (waiting.length > 0) return `${waiting.join(", ")} not admitted yet`;
  const replaying = view.replicas
    .filter(({ status }) => status !== null && !hasAppliedItsLog(status))
    .map(({ id }) => id);
  return replaying.length === 0 ? null : `${replaying.join(", ")} still replaying the log`;
}

/** `null`: Redis Sentinel has no such subcommand, and nothing to admit. */
async function statusAccordingTo(arena: Arena, sentinel: ArenaMember): Promise<GroupView | null> {
  try {
    const answer = await ask(sentinel, arena.password, "SENTINEL", "STATUS", arena.group);
    return JSON.parse(String(answer)) as GroupView;
  } catch (error) {
    if (/unknown|wrong number/i.test((error as Error).message)) return null;
    throw error;
  }
}

function fieldsOf(reply: unknown): Map<string, string> {
  const fields = new Map<string, string>();
  if (!Array.isArray(reply)) return fields;
  for (let at = 0; at + 1 < reply.length; at += 2) fields.set(String(reply[at]), String(reply[at + 1]));
  return fields;
}
