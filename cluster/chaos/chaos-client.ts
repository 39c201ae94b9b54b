/** The part of ioredis's `Redis` that the chaos workload uses, and two ways to make one. ioredis-mock fits it as well. */
import { Redis, type RedisOptions, type SentinelConnectionOptions, SentinelConnector } from "ioredis";

type ConnectionEvent = "ready" | "close";

export interface ChaosClient {
  readonly status: string;
  get(key: string): Promise<string | null>;
  set(key: string, value: string): Promise<unknown>;
  incr(key: string): Promise<number>;
  del(...keys: string[]): Promise<unknown>;
  watch(key: string): Promise<unknown>;
  unwatch(): Promise<unknown>;
  multi(): ChaosTransaction;
  on(event: ConnectionEvent, listener: () => void): unknown;
  off(event: ConnectionEvent, listener: () => void): unknown;
}

export interface ChaosTransaction {
  set(key: string, value: string): ChaosTransaction;
  exec(): Promise<[error: Error | null, result: unknown][] | null>;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface ClientSettings {
  readonly sentinels: readonly Endpoint[];
  readonly group: string;
  readonly password?: string | undefined;
  readonly sentinelPassword?: string | undefined;
  /** Use ioredis's default options but for the addresses; it then queues and resends commands by itself. */
  readonly defaults: boolean;
  /** Called for connection errors; ioredis reconnects by itself. */
  readonly onError: (error: Error) => void;
}

/**
 * ioredis listens to no error of the connections on which it waits for `+switch-master`, so that it prints each; it dials them anew by itself. There is no
 * other way to them than the method that makes them.
 */
class QuietSentinelConnector extends SentinelConnector {
  constructor(options: unknown) {
    super(options as SentinelConnectionOptions);
    const inner = this as unknown as { connectToSentinel(...args: unknown[]): Redis };
    const connect = inner.connectToSentinel.bind(this);
    inner.connectToSentinel = (...args) => connect(...args).on("error", () => {});
  }
}

/**
 * What a careful user of ioredis sets: never wait without limit, never resend what may have been executed, listen for `+switch-master`,
 * and let go of a dead connection at once (ioredis otherwise waits 2 s for a stopped peer to close its side).
 */
const CAREFUL: RedisOptions = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: 500,
  connectTimeout: 500,
  sentinelCommandTimeout: 1000,
  disconnectTimeout: 20,
  failoverDetector: true,
  Connector: QuietSentinelConnector,
  retryStrategy: () => 10,
  sentinelRetryStrategy: () => 10,
  sentinelReconnectStrategy: () => 100,
};

export function connectToGroup(settings: ClientSettings): Redis {
  const client = new Redis({
    ...(settings.defaults ? {} : CAREFUL),
    sentinels: settings.sentinels.map(({ host, port }) => ({ host, port })),
    name: settings.group,
    ...(settings.password === undefined ? {} : { password: settings.password }),
    ...(settings.sentinelPassword === undefined ? {} : { sentinelPassword: settings.sentinelPassword }),
  });
  client.on("error", settings.onError);
  // ioredis with `failoverDetector` ends for good when `+switch-master` arrives while it is asking a sentinel for the master.
  client.on("end", () => {
    if (!released.has(client)) client.connect().catch(settings.onError);
  });
  return client;
}

const released = new WeakSet<Redis>();

/** Disconnects a client of `connectToGroup` for good. */
export function release(client: Redis): void {
  released.add(client);
  client.disconnect();
}

const LOST_CONNECTION =
  /^(Connection is closed\.|Command timed out|Command aborted due to connection close)$/;

/**
 * ioredis with `failoverDetector` subscribes again at a sentinel that is back, and listens to no refusal: when that connection is lost too, the
 * rejection is nobody's, and would end the process. In one of such clients these alone are let pass.
 */
export function ignoreLostResubscriptions(): void {
  process.on("unhandledRejection", (reason) => {
    if (!(reason instanceof Error && LOST_CONNECTION.test(reason.message))) throw reason;
  });
}

/**
 * Waits until `client` is connected and ready.
 *
 * @returns false when `timeoutMs` passed or `signal` was aborted before.
 */
export function whenReady(client: ChaosClient, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
  if (client.status === "ready") return Promise.resolve(true);
  if (signal?.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const settle = (ready: boolean) => () => {
      clearTimeout(timer);
      client.off("ready", onReady);
      signal?.removeEventListener("abort", onAbort);
      resolve(ready);
    };
    const onReady = settle(true);
    const onAbort = settle(false);
    const timer = setTimeout(onAbort, timeoutMs);
    client.on("ready", onReady);
    signal?.addEventListener("abort", onAbort);
  });
}
