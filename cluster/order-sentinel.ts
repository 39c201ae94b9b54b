/** Gives a sentinel of this process an order as an operator's client would, and says what became of it. Chooses none. */
import { Redis } from "ioredis";
import { InterrexError } from "../src/base/errors.ts";
import type { ClusterAddress } from "./cluster-events.ts";

export interface OrderSettings {
  readonly timeoutMs: number;
  readonly password: string | undefined;
  /** Ends the wait for the answer with its reason. */
  readonly signal: AbortSignal;
}

/** @throws InterrexError `REFUSED` with the sentinel's own words, `TIMEOUT`, `NO_ANSWER` when it is gone; the reason of `signal`. */
export async function orderSentinel(
  { id, host, port }: ClusterAddress,
  order: string[],
  { timeoutMs, password, signal }: OrderSettings,
): Promise<void> {
  const client = new Redis({
    host,
    port,
    enableReadyCheck: false,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    commandTimeout: timeoutMs,
    ...(password === undefined ? {} : { password }),
  });
  // The call below rejects with what matters.
  client.on("error", () => {});
  const hangUp = (): void => client.disconnect();
  signal.addEventListener("abort", hangUp);
  try {
    await client.call("SENTINEL", ...order);
  } catch (error) {
    signal.throwIfAborted();
    throw failureOf(id, error as Error, timeoutMs);
  } finally {
    signal.removeEventListener("abort", hangUp);
    client.disconnect();
  }
}

/** An error reply is a refusal; without a reply nobody knows what comes of the order. */
function failureOf(id: string, cause: Error, timeoutMs: number): InterrexError {
  const { name, message } = cause;
  if (name === "ReplyError") {
    return new InterrexError("REFUSED", `${id}: ${message.replace(/^[A-Z]+ /, "")}`, { cause });
  }
  if (message === "Command timed out") {
    return new InterrexError("TIMEOUT", `${id} did not answer within ${timeoutMs} ms`, { cause });
  }
  return new InterrexError("NO_ANSWER", `${id} did not answer: ${message}`, { cause });
}
