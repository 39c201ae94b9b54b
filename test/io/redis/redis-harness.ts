/** A RedisServer with an echoing handler, and raw clients that record what happens to them. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import type { InterrexError } from "../../../src/base/errors.ts";
import type { RedisConnection, RedisConnectionHandler } from "../../../src/io/redis/redis-connection.ts";
import { RedisServer, type RedisServerOptions } from "../../../src/io/redis/redis-server.ts";
import { DEFAULT_REDIS_LIMITS, type RedisLimits } from "../../../src/protocol/resp/limits.ts";

interface Harness {
  readonly server: RedisServer;
  readonly port: number;
  readonly errors: InterrexError[];
  /** What the handlers heard, in order: `<id> <argv>`, `<id> !<error>`, `<id> closed`. */
  readonly heard: string[];
  /** Resolves once `line` has been heard. */
  hears(line: string): Promise<void>;
}

/** Answers each command with `+<its words>`, and a batch with one write. QUIT ends, RESET resets, BIG n sends n bytes. */
export async function startServer(
  options: {
    readonly limits?: Partial<RedisLimits>;
    readonly accept?: (connection: RedisConnection, harness: Harness) => RedisConnectionHandler | string;
  } = {},
): Promise<Harness> {
  const errors: InterrexError[] = [];
  const listeners = new Set<() => void>();
  const heard: string[] = [];
  const hear = (line: string): void => {
    heard.push(line);
    for (const listener of listeners) listener();
  };
  const hears = (line: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!heard.includes(line)) return;
        listeners.delete(look);
        resolve();
      };
      listeners.add(look);
      look();
    });
  const accept: RedisServerOptions["accept"] = (connection) =>
    options.accept?.(connection, harness) ?? echo(connection, hear);
  const server = new RedisServer({
    host: "127.0.0.1",
    port: 0,
    limits: { ...DEFAULT_REDIS_LIMITS, ...options.limits },
    accept,
    onError: (error) => errors.push(error),
  });
  const { port } = await server.listen();
  const harness: Harness = { server, port, errors, heard, hears };
  onTestFinished(() => server.kill());
  return harness;
}

function echo(connection: RedisConnection, hear: (line: string) => void): RedisConnectionHandler {
  return {
    commands(decoder) {
      let replies = "";
      for (let argv = decoder.next(); argv !== undefined; argv = decoder.next()) {
        const [name = "", count] = argv;
        hear(`${connection.id} ${name.length > 100 ? "long" : argv.join(" ")}`);
        if (name === "RESET") return connection.reset();
        replies += name === "BIG" ? "x".repeat(Number(count)) : `+${argv.join(" ")}\r\n`;
        if (name === "QUIT") {
          connection.write(replies);
          return connection.end();
        }
      }
      connection.write(replies);
    },
    protocolError: (error) => hear(`${connection.id} !${error.message}`),
    closed: () => hear(`${connection.id} closed`),
  };
}

export class RawClient {
  readonly socket: Socket;
  received = "";
  /** The error code the connection died of; `undefined` after an orderly close. */
  errorCode: string | undefined;
  readonly #closed: Promise<void>;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk) => {
      this.received += chunk.toString("latin1");
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.errorCode = error.code;
    });
    this.#closed = new Promise((resolve) => socket.once("close", () => resolve()));
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    const client = new RawClient(socket);
    await once(socket, "connect");
    onTestFinished(() => {
      socket.destroy();
    });
    return client;
  }

  send(text: string): void {
    this.socket.write(text, "latin1");
  }

  /** Resolves when so much has come in all. */
  async receives(length: number): Promise<string> {
    while (this.received.length < length) await once(this.socket, "data");
    return this.received;
  }

  /** Resolves when the connection is gone. */
  closed(): Promise<void> {
    return this.#closed;
  }
}
