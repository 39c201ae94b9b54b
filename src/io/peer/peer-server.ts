/**
 * The peer port: accepts connections, serves health and metrics, upgrades peers to WebSockets and lets those in who
 * prove themselves. Decides who may try, and for how long; knows nothing of links once they are established.
 */
import { createServer as createHttpServer, type Server as HttpServer, type IncomingMessage } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { InterrexError, invariant } from "../../base/errors.ts";
import type { PeerIdentity } from "../../protocol/peer/identity.ts";
import { type AcceptContext, acceptPeer } from "./accept-peer.ts";
import { answerHttp, type HttpFront } from "./http-front.ts";
import type { RateLimitedLog } from "./rate-limited-log.ts";
import { type ProvenConnection, startTimer } from "./unproven.ts";
import { WebSocketServer } from "./ws.ts";

export interface PeerServerOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly context: AcceptContext;
  readonly front: HttpFront;
  readonly warnings: RateLimitedLog;
  /** Why a peer that has proven who it is may not be linked; `null` when it may. */
  objectionTo(peer: PeerIdentity): string | null;
  established(connection: ProvenConnection): void;
}

/** What the kernel would keep for a stopped process: net.Server's default backlog. */
const HELD_CONNECTIONS_MAX = 511;

export class PeerServer {
  readonly #options: PeerServerOptions;
  readonly #server: Server;
  readonly #http: HttpServer;
  readonly #webSockets: WebSocketServer;
  readonly #sockets = new Set<Socket>();
  /** Accepted, not proven yet; each with what stops its timer. */
  readonly #unproven = new Map<Socket, () => void>();
  #heldConnections = 0;

  constructor(options: PeerServerOptions) {
    const { limits } = options.context;
    this.#options = options;
    // The HTTP server never listens: a paused process must be able to hold a connection before HTTP sees it.
    this.#server = createServer({ noDelay: true }, (socket) => this.#accepted(socket));
    this.#http = createHttpServer((request, response) => answerHttp(options.front, request, response));
    // What is written behind a request would be answered before anybody else is heard.
    this.#http.maxRequestsPerSocket = 1;
    this.#http.on("upgrade", (request: IncomingMessage, _socket, head: Buffer) =>
      this.#upgrade(request, head),
    );
    this.#webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: Math.max(limits.controlBytesMax, limits.binaryBytesMax),
    });
  }

  /** @throws InterrexError PEER_PORT_UNAVAILABLE when the address can't be listened on. */
  listen(): Promise<{ host: string; port: number }> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      const failed = (cause: Error): void => {
        const message = `Cannot listen for peers on ${host}:${port}: ${cause.message}; choose another peerPort`;
        reject(new InterrexError("PEER_PORT_UNAVAILABLE", message, { cause }));
      };
      this.#server.once("error", failed);
      this.#server.listen({ host, port }, () => {
        this.#server.off("error", failed);
        // Accepting can fail later on, for example for want of file descriptors; the listener goes on.
        this.#server.on("error", (error) => this.#warn("accept", "unknown", error.message));
        resolve({ host, port: (this.#server.address() as AddressInfo).port });
      });
    });
  }

  /** Takes no more connections, drops those without a proven peer. Resolves when every socket is closed. */
  close(): Promise<void> {
    for (const socket of this.#unproven.keys()) socket.destroy();
    // An error here only says that it never listened.
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  /** Destroys every socket, those of links too. */
  destroySockets(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** As the kernel does for a killed process. */
  kill(): void {
    this.#server.close();
    this.destroySockets();
  }

  #accepted(socket: Socket): void {
    const { gate } = this.#options.context;
    this.#sockets.add(socket);
    // Errors need no answer: "close" follows each of them.
    socket.on("error", () => {});
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#settled(socket);
      gate.detach(socket);
    });
    if (gate.paused) {
      if (this.#heldConnections >= HELD_CONNECTIONS_MAX) {
        socket.destroy();
        return;
      }
      this.#heldConnections += 1;
      gate.whenRunning(() => {
        this.#heldConnections -= 1;
        if (!socket.destroyed) this.#admit(socket);
      });
    } else {
      this.#admit(socket);
    }
  }

  #admit(socket: Socket): void {
    const { gate, limits } = this.#options.context;
    if (this.#unproven.size >= limits.unprovenConnectionsMax) this.#makeWay();
    this.#unproven.set(
      socket,
      startTimer(gate, limits.handshakeMsMax, () => socket.destroy()),
    );
    gate.attach(socket);
    this.#http.emit("connection", socket);
  }

  /**
   * The one that has said nothing for longest goes, else the oldest of all: a peer speaks as soon as it is connected and is done in
   * milliseconds, so that who wants to keep it out must bring up as many others meanwhile, and have them speak too.
   */
  #makeWay(): void {
    const [oldest] = this.#unproven.keys();
    invariant(oldest !== undefined, "there is room for one connection at least");
    let leaver = oldest;
    for (const socket of this.#unproven.keys()) {
      if (socket.bytesRead > 0) continue;
      leaver = socket;
      break;
    }
    this.#warn("too-many", addressOf(leaver), `${this.#unproven.size} connections without a proven peer`);
    this.#settled(leaver);
    leaver.destroy();
  }

  #upgrade(request: IncomingMessage, head: Buffer): void {
    const { context } = this.#options;
    const { socket } = request;
    const { origin } = request.headers;
    // A socket that has been left does not tell any more.
    const from = addressOf(socket);
    // Browsers always send it, peers never do: otherwise any web page could talk to a port on this machine.
    if (origin !== undefined) {
      this.#warn("origin", addressOf(socket), `browsers are not let in (Origin ${origin.slice(0, 200)})`);
      refuseUpgrade(socket, "403 Forbidden", "no browsers here\n");
      return;
    }
    if (request.url !== "/") {
      refuseUpgrade(socket, "404 Not Found", "peers connect to /\n");
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (ws) => {
      context.gate.detach(socket);
      acceptPeer(context, ws, socket, {
        objectionTo: (peer) => this.#options.objectionTo(peer),
        established: (connection) => {
          this.#settled(socket);
          this.#options.established(connection);
        },
        refused: (who, reason) => this.#warn(who, from, reason),
        held: () => this.#unproven.get(socket)?.(),
      });
    });
  }

  /** It is not, or no longer, one of those that have still to prove themselves. */
  #settled(socket: Socket): void {
    this.#unproven.get(socket)?.();
    this.#unproven.delete(socket);
  }

  #warn(who: string, from: string, reason: string): void {
    this.#options.warnings.warn(
      `accept ${who} ${reason}`,
      { event: "peer-refused", peer: who, from, reason },
      "connection to the peer port refused",
    );
  }
}

/** While it is connected. */
function addressOf(socket: Socket): string {
  return `${socket.remoteAddress}:${socket.remotePort}`;
}

function refuseUpgrade(socket: Socket, status: string, body: string): void {
  socket.once("finish", () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
}
