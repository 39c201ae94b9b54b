/**
 * What failover tests do as Redis clients: write without a pause and remember what was acknowledged, ask one node,
 * and compare nodes. Knows of a cluster only what its addresses tell; breaks nothing.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Redis, type RedisOptions } from "ioredis";
import { createSentinel } from "redis";
import type { NodeRedisSentinelOptions } from "../../cluster/client-options.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly password?: string;
}

export interface GroupAddress {
  readonly group: string;
  readonly sentinels: readonly Address[];
  readonly password?: string;
}

/** Writes under way at once: enough that a fault hits some of them half done. */
const LANES = 4;
/** A dead master refuses in microseconds; asking it in a tight loop would take the machine from those who elect. */
const PAUSE_AFTER_FAILURE_MS = 3;
const LOOK_EVERY_MS = 20;
const WAIT_MS = 30_000;
const KEYS_PER_READ = 500;
const COMMAND_TIMEOUT_MS = 500;

/** A client that goes on writing, each write a key of its own, until it is stopped. */
export class WriteLoad implements AsyncDisposable {
  /** What the server said OK to, by key. */
  readonly acknowledged: Map<string, string> = new Map();
  /** What became of the rest, in order. */
  readonly failures: { readonly key: string; readonly error: string }[] = [];
  readonly #set: (key: string, value: string) => Promise<unknown>;
  readonly #close: () => unknown;
  readonly #lanes: Promise<void>[];
  readonly #prefix: string;
  readonly #watchers = new Set<() => void>();
  #sequence = 0;
  #stopped = false;
  #lastAtMs = performance.now();
  #longestGapMs = 0;

  constructor(
    set: (key: string, value: string) => Promise<unknown>,
    close: () => unknown,
    { prefix = "k", lanes = LANES }: { readonly prefix?: string; readonly lanes?: number } = {},
  ) {
    this.#set = set;
    this.#close = close;
    this.#prefix = prefix;
    this.#lanes = Array.from({ length: lanes }, () => this.#lane());
  }

  /** The longest time so far without an acknowledgement; for reports, never for a verdict. */
  get longestGapMs(): number {
    return Math.max(this.#longestGapMs, performance.now() - this.#lastAtMs);
  }

  /** Forgets earlier gaps, and waits until so many more writes are acknowledged. */
  async more(count: number): Promise<void> {
    const enough = this.acknowledged.size + count;
    this.#longestGapMs = 0;
    await this.#until(() => this.acknowledged.size >= enough, `${count} more acknowledged writes`);
  }

  /** Waits until so many more writes have failed. */
  async moreFailures(count: number): Promise<void> {
    const enough = this.failures.length + count;
    await this.#until(() => this.failures.length >= enough, `${count} more failed writes`);
  }

  /** Resolves when every write has an answer and the client is closed; again does no harm. */
  async stop(): Promise<void> {
    if (!this.#stopped) {
      this.#stopped = true;
      await this.#close();
    }
    await Promise.all(this.#lanes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #lane(): Promise<void> {
    while (!this.#stopped) {
      const key = `${this.#prefix}:${this.#sequence++}`;
      const value = `value of ${key}`;
      try {
        await this.#set(key, value);
        this.#acknowledge(key, value);
      } catch (error) {
        // The client's own end fails what it had under way: no answer, and none was waited for.
        if (this.#stopped) return;
        this.failures.push({ key, error: (error as Error).message });
        await sleep(PAUSE_AFTER_FAILURE_MS);
      }
      for (const look of this.#watchers) look();
    }
  }

  #acknowledge(key: string, value: string): void {
    const nowMs = performance.now();
    this.#longestGapMs = Math.max(this.#longestGapMs, nowMs - this.#lastAtMs);
    this.#lastAtMs = nowMs;
    this.acknowledged.set(key, value);
  }

  async #until(holds: () => boolean, what: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const settle = (done: () => void): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        done();
      };
      const look = (): void => {
        if (holds()) settle(resolve);
      };
      const timer = setTimeout(() => {
        const last = this.failures
          .slice(-3)
          .map(({ error }) => error)
          .join("; ");
        const error = new Error(`Waited ${WAIT_MS} ms in vain for ${what}; last failures: ${last || "none"}`);
        settle(() => reject(error));
      }, WAIT_MS);
      this.#watchers.add(look);
      look();
    });
  }
}

/** What the packages that clients come in have in common, whatever their types. */
interface WritingClient {
  set(key: string, value: string): Promise<unknown>;
  on(event: "error", listener: () => void): unknown;
}

/** ioredis or a fork of it, exactly as given; connection errors are its own affair. */
export function loadOfIoredis(client: WritingClient & { disconnect(): void }): WriteLoad {
  client.on("error", () => {});
  return new WriteLoad(
    (key, value) => client.set(key, value),
    () => client.disconnect(),
  );
}

export function ioredisLoad(options: RedisOptions): WriteLoad {
  return loadOfIoredis(new Redis(options));
}

/** A sentinel client of node-redis, exactly as given. */
export async function loadOfNodeRedis(
  client: WritingClient & { connect(): Promise<unknown>; destroy(): unknown },
): Promise<WriteLoad> {
  client.on("error", () => {});
  await client.connect();
  return new WriteLoad(
    (key, value) => client.set(key, value),
    () => client.destroy(),
  );
}

export async function nodeRedisLoad(options: NodeRedisSentinelOptions): Promise<WriteLoad> {
  return await loadOfNodeRedis(createSentinel(options));
}

/** ioredis as a careful user sets it: no write waits long, none is sent twice, a silent connection is given up. */
export function carefulLoad(
  { group, sentinels, password }: GroupAddress,
  prefix = "k",
  commandTimeout: number = COMMAND_TIMEOUT_MS,
): WriteLoad {
  const client = new Redis({
    name: group,
    sentinels: sentinels.map(({ host, port }) => ({ host, port })),
    ...(password === undefined ? {} : { password, sentinelPassword: password }),
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout,
    connectTimeout: 500,
    disconnectTimeout: 20,
    sentinelCommandTimeout: 1000,
    retryStrategy: () => 20,
    sentinelRetryStrategy: () => 20,
  });
  client.on("error", () => {});
  const set = async (key: string, value: string): Promise<void> => {
    try {
      await client.set(key, value);
    } catch (error) {
      if ((error as Error).message === "Command timed out") client.disconnect(true);
      throw error;
    }
  };
  return new WriteLoad(set, () => client.disconnect(), { prefix });
}

/** A client of one node, whatever becomes of its role: the one that is cut off together with it. */
export function loadOn(node: Address, prefix: string): WriteLoad {
  const client = new Redis({
    ...nodeOptions(node),
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => 20,
  });
  client.on("error", () => {});
  return new WriteLoad(
    (key, value) => client.set(key, value),
    () => client.disconnect(),
    { prefix },
  );
}

/** One command to one node or sentinel. @throws its error reply, or why it can't be reached. */
export async function ask(node: Address, command: string, ...args: readonly string[]): Promise<unknown> {
  const client = new Redis({
    ...nodeOptions(node),
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
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

function nodeOptions({ host, port, password }: Address): RedisOptions {
  return {
    host,
    port,
    enableReadyCheck: false,
    disableClientInfo: true,
    connectTimeout: WAIT_MS,
    ...(password === undefined ? {} : { password }),
  };
}

/** Asks again until there is an answer other than `undefined`; an error counts as none yet. */
export async function eventually<Found>(
  look: () => Promise<Found | undefined>,
  what: () => string,
): Promise<Found> {
  const untilMs = performance.now() + WAIT_MS;
  for (;;) {
    let problem = "";
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch (error) {
      problem = `: ${(error as Error).message}`;
    }
    if (performance.now() >= untilMs) {
      throw new Error(`Waited ${WAIT_MS} ms in vain for ${what()}${problem}`);
    }
    // Other processes' states come without an event.
    await sleep(LOOK_EVERY_MS);
  }
}

/** Resolves once all nodes have the same data, with its hash. */
export async function equalDigests(nodes: readonly Address[]): Promise<string> {
  let digests: string[] = [];
  return await eventually(
    async () => {
      digests = await Promise.all(nodes.map(async (node) => String(await ask(node, "DEBUG", "DIGEST"))));
      return new Set(digests).size === 1 ? digests[0] : undefined;
    },
    () => `equal data; the hashes are ${digests.join(", ")}`,
  );
}

/** The acknowledged writes that `node` doesn't have, or has otherwise; must be none. */
export async function lostWrites(load: WriteLoad, node: Address): Promise<string[]> {
  const written = [...load.acknowledged];
  const lost: string[] = [];
  for (let from = 0; from < written.length; from += KEYS_PER_READ) {
    const part = written.slice(from, from + KEYS_PER_READ);
    // A read may be refused while the node can't confirm that it reigns; what it answers is what counts.
    const values = await eventually(
      async () => (await ask(node, "MGET", ...part.map(([key]) => key))) as (string | null)[],
      () => `an answer of ${node.port}`,
    );
    lost.push(...part.flatMap(([key, value], at) => (values[at] === value ? [] : [key])));
  }
  return lost;
}
