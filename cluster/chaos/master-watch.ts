/**
 * Hears from every sentinel of a group when it has a new master, for all clients of a process. ioredis's own detector opens a connection to
 * each sentinel for each client, and does so anew whenever that client reconnects: in the midst of the failover that is measured.
 */
import { Redis } from "ioredis";
import type { Endpoint } from "./endpoint.ts";

export interface MasterWatchOptions {
  readonly sentinels: readonly Endpoint[];
  readonly group: string;
  readonly password?: string | undefined;
  /** Called for each sentinel that says so, which are not all at one time. */
  readonly onSwitch: (master: Endpoint) => void;
}

const CHANNEL = "+switch-master";
const REDIAL_MS = 100;

export class MasterWatch {
  readonly #connections: readonly Redis[];

  constructor({ sentinels, group, password, onSwitch }: MasterWatchOptions) {
    this.#connections = sentinels.map(({ host, port }) => {
      const connection = new Redis({
        host,
        port,
        ...(password === undefined ? {} : { password }),
        disableClientInfo: true,
        enableReadyCheck: false,
        maxRetriesPerRequest: null,
        retryStrategy: () => REDIAL_MS,
      });
      // A sentinel that is away is dialled until it is back.
      connection.on("error", () => {});
      connection.on("message", (_channel, payload: string) => {
        const master = masterIn(payload, group);
        if (master !== undefined) onSwitch(master);
      });
      // It waits until there is a connection, and is sent again on the next one; only `close` ends it.
      connection.subscribe(CHANNEL).catch(() => {});
      return connection;
    });
  }

  close(): void {
    for (const connection of this.#connections) connection.disconnect();
  }
}

/** @param payload `name old-host old-port new-host new-port`. */
function masterIn(payload: string, group: string): Endpoint | undefined {
  const [name, , , host, port] = payload.split(" ");
  return name === group && host !== undefined ? { host, port: Number(port) } : undefined;
}
