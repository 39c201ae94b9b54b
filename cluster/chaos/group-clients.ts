/** ioredis clients of one group, found by its sentinels: as a careful user sets them up, or as they come. */
import { Redis, type RedisOptions } from "ioredis";
import type { Endpoint } from "./endpoint.ts";
import { MasterWatch } from "./master-watch.ts";

export interface GroupClientsOptions {
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
 * What a careful user of ioredis sets: never wait without limit, never resend what may have been executed, and let go of a dead
 * connection at once (ioredis otherwise waits 2 s for a stopped peer to close its side).
 */
const CAREFUL: RedisOptions = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: 500,
  connectTimeout: 500,
  sentinelCommandTimeout: 1000,
  disconnectTimeout: 20,
  retryStrategy: () => 10,
  sentinelRetryStrategy: () => 10,
};

export class GroupClients {
  readonly #options: GroupClientsOptions;
  readonly #clients = new Set<Redis>();
  /** Careful clients leave a master that falls silent as soon as there is a new one. */
  readonly #watch: MasterWatch | null;

  constructor(options: GroupClientsOptions) {
    this.#options = options;
    const { sentinels, group, sentinelPassword, defaults } = options;
    this.#watch = defaults
      ? null
      : new MasterWatch({
          sentinels,
          group,
          password: sentinelPassword,
          onSwitch: (master) => this.#leaveAllBut(master),
        });
  }

  /** One more, which is connecting. @param first index of the sentinel that it asks first. */
  connect(first = 0): Redis {
    const { sentinels, group, password, sentinelPassword, defaults, onError } = this.#options;
    const client = new Redis({
      ...(defaults ? {} : CAREFUL),
      sentinels: [...sentinels.slice(first), ...sentinels.slice(0, first)].map(({ host, port }) => ({
        host,
        port,
      })),
      name: group,
      ...(password === undefined ? {} : { password }),
      ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    });
    client.on("error", onError);
    this.#clients.add(client);
    return client;
  }

  /** Disconnects a client for good. */
  release(client: Redis): void {
    this.#clients.delete(client);
    client.disconnect();
  }

  /** Disconnects all of them for good. */
  close(): void {
    this.#watch?.close();
    for (const client of this.#clients) this.release(client);
  }

  #leaveAllBut(master: Endpoint): void {
    for (const client of this.#clients) {
      // Who is still connecting has asked for the master just now; a silent one lets its first command time out.
      const isConnected = client.status === "connect" || client.status === "ready";
      if (!isConnected) continue;
      const { remoteAddress, remotePort } = client.stream;
      if (remoteAddress !== master.host || remotePort !== master.port) client.disconnect(true);
    }
  }
}
