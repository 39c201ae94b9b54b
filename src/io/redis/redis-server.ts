/**
 * The TCP server for Redis clients, of data nodes and of sentinels. Accepts, counts and closes connections;
 * what a connection's commands mean is its handler's.
 */
import { createServer, type Server, type Socket } from "node:net";
import { InterrexError, invariant } from "../../base/errors.ts";
import type { RedisLimits } from "../../protocol/resp/limits.ts";
import {
  RedisConnection,
  type RedisConnectionHandler,
  type RedisConnectionOwner,
} from "./redis-connection.ts";

/** Silence after which the kernel asks whether a client's machine is still there; Redis's `tcp-keepalive`. */
export const KEEP_ALIVE_SEC = 300;
/**
 * Connections that the kernel keeps until they are accepted, as far as its own limit (`net.core.somaxconn`) goes. Of thousands that come back at
 * once after a failover those beyond it believe themselves connected, and are heard only when they send again: seconds later.
 */
const BACKLOG = 4096;
/** How long `close` waits for clients to take their last replies. */
const CLOSE_GRACE_MS = 1000;

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface RedisServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly limits: RedisLimits;
  /**
   * Takes a new client, or refuses it with one encoded error (`-DENIED ...`, the line end may be left out), which
   * is written before the connection is closed.
   */
  accept(connection: RedisConnection): RedisConnectionHandler | string;
  /**
   * Something to log; the server goes on. `OUTPUT_BUFFER_FULL`, `QUERY_BUFFER_FULL` and `CLIENT_SOCKET_ERROR` cost
   * one client, `ACCEPT_FAILED` (out of file descriptors) a client that never got in.
   */
  onError(error: InterrexError): void;
}

export class RedisServer {
  readonly #options: RedisServerOptions;
  readonly #server: Server;
  readonly #owner: RedisConnectionOwner;
  /** Every open socket, refused and closing ones too. */
  readonly #open = new Set<RedisConnection>();
  readonly #connections = new Set<RedisConnection>();
  #lastId = 0;
  #rejected = 0;
  /** Clients with replies of this turn. */
  #unsent: RedisConnection[] = [];
  #sendDue: NodeJS.Immediate | null = null;
  #received = 0;
  #written = 0;
  #phase: "new" | "listening" | "closed" = "new";
  #closing: Promise<void> | undefined;
  /** `close` waits for the last socket. */
  #emptied: (() => void) | undefined;
  /** Connections that came while paused, in order; `undefined` when not paused. */
  #waiting: RedisConnection[] | undefined;

  constructor(options: RedisServerOptions) {
    this.#options = options;
    this.#owner = {
      left: (connection) => this.#connections.delete(connection),
      disconnected: (connection) => {
        this.#open.delete(connection);
        if (this.#open.size === 0) this.#emptied?.();
      },
      wantsToSend: (connection) => this.#sendLater(connection),
      received: (bytes) => {
        this.#received += bytes;
      },
      wrote: (bytes) => {
        this.#written += bytes;
      },
      failed: (error) => options.onError(error),
    };
    this.#server = createServer(
      {
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: KEEP_ALIVE_SEC * 1000,
        // Until there is a handler: no byte may be read before that.
        pauseOnConnect: true,
        // Who has closed its side may still be owed replies; the connection ends ours.
        allowHalfOpen: true,
      },
      (socket) => this.#arrived(socket),
    );
  }

  /** Accepted clients that are not gone yet. */
  get connections(): ReadonlySet<RedisConnection> {
    return this.#connections;
  }

  /** Connections that came, since the start; INFO's `total_connections_received`. */
  get connectionsReceived(): number {
    return this.#lastId;
  }

  /** Bytes of all clients so far, both ways; INFO's `total_net_input_bytes` and `total_net_output_bytes`. */
  get traffic(): { readonly receivedBytes: number; readonly writtenBytes: number } {
    return { receivedBytes: this.#received, writtenBytes: this.#written };
  }

  /** Those of them that were turned away for `clientsMax`; INFO's `rejected_connections`. */
  get connectionsRejected(): number {
    return this.#rejected;
  }

  /**
   * Starts to accept; once in a server's life.
   *
   * @returns where it listens.
   * @throws InterrexError `PORT_IN_USE`, `PORT_FORBIDDEN`, `ADDRESS_UNAVAILABLE` or `LISTEN_FAILED`, one line each.
   */
  listen(): Promise<ListenAddress> {
    invariant(this.#phase === "new", "a RedisServer listens once");
    this.#phase = "listening";
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException): void => reject(explainListenError(error, host, port));
      this.#server.once("error", failed);
      this.#server.listen({ host, port, backlog: BACKLOG }, () => {
        this.#server.off("error", failed);
        this.#server.on("error", (error) => this.#acceptFailed(error));
        const address = this.#server.address();
        invariant(address !== null && typeof address === "object", "a TCP server has an address");
        resolve({ host, port: address.port });
      });
    });
  }

  /**
   * Sends now what was written in this turn. For a caller whose batch is complete: one that works in `setImmediate`
   * itself would otherwise wait for a whole turn more.
   */
  flush(): void {
    if (this.#sendDue === null) return;
    clearImmediate(this.#sendDue);
    this.#sendDue = null;
    const unsent = this.#unsent;
    this.#unsent = [];
    for (const connection of unsent) connection.send();
  }

  /** Stops accepting, ends every client once its replies are out (reset after a second), and resolves when all are gone. */
  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  /** As if the process were killed: the port closes and every socket is reset, at once. Handlers hear nothing more. */
  kill(): void {
    this.#phase = "closed";
    this.#server.close();
    for (const connection of this.#open) connection.kill();
  }

  /**
   * As if the process were stopped (SIGSTOP): sockets stay open and connects succeed, but nothing is read and
   * nothing leaves. What handlers write meanwhile goes out on `resume`.
   */
  pause(): void {
    if (this.#waiting !== undefined) return;
    this.#waiting = [];
    for (const connection of this.#open) connection.freeze();
  }

  resume(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    for (const connection of this.#open) connection.thaw();
    for (const connection of waiting) {
      if (this.#open.has(connection)) this.#admit(connection);
    }
  }

  async #shutDown(): Promise<void> {
    if (this.#phase !== "listening") return;
    this.#phase = "closed";
    this.resume();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const emptied = new Promise<void>((resolve) => {
      this.#emptied = resolve;
      if (this.#open.size === 0) resolve();
    });
    for (const connection of this.#open) connection.end();
    const grace = setTimeout(() => this.#resetAll(), CLOSE_GRACE_MS);
    await Promise.all([closed, emptied]);
    clearTimeout(grace);
  }

  #sendLater(connection: RedisConnection): void {
    this.#unsent.push(connection);
    this.#sendDue ??= setImmediate(() => this.flush());
  }

  #arrived(socket: Socket): void {
    this.#lastId++;
    const connection = new RedisConnection(this.#lastId, socket, this.#options.limits, this.#owner);
    this.#open.add(connection);
    if (this.#waiting === undefined) this.#admit(connection);
    else {
      connection.freeze();
      this.#waiting.push(connection);
    }
  }

  #admit(connection: RedisConnection): void {
    if (this.#phase === "closed") {
      connection.end();
      return;
    }
    if (this.#connections.size >= this.#options.limits.clientsMax) {
      this.#rejected++;
      refuse(connection, "-ERR max number of clients reached");
      return;
    }
    const handler = this.#options.accept(connection);
    if (typeof handler === "string") {
      refuse(connection, handler);
      return;
    }
    this.#connections.add(connection);
    connection.start(handler);
  }

  #acceptFailed(error: Error): void {
    const message = `Cannot accept a client on ${this.#options.host}:${this.#options.port}: ${error.message}`;
    this.#options.onError(new InterrexError("ACCEPT_FAILED", message, { cause: error }));
  }

  #resetAll(): void {
    for (const connection of this.#open) connection.reset();
  }
}

function refuse(connection: RedisConnection, error: string): void {
  connection.write(error.endsWith("\r\n") ? error : `${error}\r\n`);
  connection.end();
}

function explainListenError(error: NodeJS.ErrnoException, host: string, port: number): InterrexError {
  const action = `Cannot listen on ${host}:${port} for Redis clients`;
  switch (error.code) {
    case "EADDRINUSE":
      return new InterrexError(
        "PORT_IN_USE",
        `${action}: port ${port} is in use; stop the process that holds it or choose another \`port\``,
        { cause: error },
      );
    case "EACCES":
      return new InterrexError(
        "PORT_FORBIDDEN",
        `${action}: port ${port} is not allowed to this user; choose a \`port\` of 1024 or above`,
        { cause: error },
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new InterrexError(
        "ADDRESS_UNAVAILABLE",
        `${action}: this machine has no address ${host}; set \`host\` to one that it has`,
        { cause: error },
      );
    case "EAI_AGAIN":
      return new InterrexError(
        "ADDRESS_UNAVAILABLE",
        `${action}: the name ${host} can't be resolved; set \`host\` to an address of this machine, or see to its name server`,
        { cause: error },
      );
    default:
      return new InterrexError("LISTEN_FAILED", `${action}: ${error.message}`, { cause: error });
  }
}
