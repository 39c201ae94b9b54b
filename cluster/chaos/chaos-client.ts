/** The part of ioredis's `Redis` that the chaos workload uses. ioredis-mock fits it as well. */
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
