/** Waits until the sentinels of a fresh cluster name a master that acknowledges. Bounded; judges nothing else. */
import { Redis } from "ioredis";
import pRetry, { AbortError } from "p-retry";
import type { GroupView } from "../../sentinel/core/view.ts";
import { InterrexError } from "../../src/base/errors.ts";
import type { GroupRecord } from "../../src/rules/group-record.ts";
import { establishedMaster } from "../agreed-master.ts";

export interface MasterQuestion {
  readonly group: string;
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
  readonly password: string | null;
  readonly timeoutMs: number;
  /** Ends the waiting early; its reason is thrown. */
  readonly signal: AbortSignal;
}

/** A group that serves. */
export interface ServingGroup {
  /** The master's id. */
  readonly master: string;
  /** What the sentinels go by, whatever their configuration says. */
  readonly record: GroupRecord;
  readonly quorum: number;
}

const ASK_EVERY_MS = 25;

/**
 * @returns once every sentinel names the same master and says that it is established.
 * @throws InterrexError `NO_MASTER` after `timeoutMs`, with what the sentinels say stands in the way.
 */
export async function awaitMaster(question: MasterQuestion): Promise<ServingGroup> {
  const clients = question.sentinels.map(
    ({ host, port }) =>
      new Redis({
        host,
        port,
        lazyConnect: true,
        enableReadyCheck: false,
        maxRetriesPerRequest: 0,
        retryStrategy: () => null,
        ...(question.password === null ? {} : { password: question.password }),
      }),
  );
  // Each failed question is reported by its own rejection.
  for (const client of clients) client.on("error", () => {});
  const deadlineMs = performance.now() + question.timeoutMs;
  try {
    return await pRetry(
      async () => {
        const views = await Promise.all(clients.map((client) => viewOf(client, question.group)));
        const master = establishedMaster(views);
        const [view] = views;
        if (master !== null && view?.standing != null) {
          return { master, record: view.standing, quorum: view.quorum };
        }
        const error = new InterrexError("NO_MASTER", `No master yet: ${obstacles(views)}`);
        throw performance.now() < deadlineMs ? error : new AbortError(error);
      },
      {
        retries: Math.ceil(question.timeoutMs / ASK_EVERY_MS),
        factor: 1,
        minTimeout: ASK_EVERY_MS,
        signal: question.signal,
      },
    );
  } finally {
    for (const client of clients) client.disconnect();
  }
}

/** `null` while that sentinel can't be asked. */
async function viewOf(client: Redis, group: string): Promise<GroupView | null> {
  try {
    if (client.status !== "ready") await client.connect();
    return JSON.parse(String(await client.call("SENTINEL", "STATUS", group))) as GroupView;
  } catch {
    // It may still be starting; the bounded retry above decides when that is too long.
    return null;
  }
}

function obstacles(views: readonly (GroupView | null)[]): string {
  const words = new Set(views.flatMap((view) => view?.obstacles ?? []));
  if (words.size > 0) return [...words].join("; ");
  return views.some((view) => view === null)
    ? "not every sentinel answers"
    : "the sentinels have not elected one";
}
