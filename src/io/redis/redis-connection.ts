/**
 * One Redis client's TCP connection: bytes in through a decoder to a handler, reply text out, both bounded.
 * Decides when the socket closes; runs no command and knows no other connection.
 */
import type { Socket } from "node:net";
import { InterrexError } from "../../base/errors.ts";
import type { RedisLimits } from "../../protocol/resp/limits.ts";
import type { ProtocolError } from "../../protocol/resp/protocol-error.ts";
import { RequestDecoder } from "../../protocol/resp/request-decoder.ts";
import { DirectWrites } from "./direct-writes.ts";
import { withSharedReads } from "./shared-reads.ts";

/** A client that has taken none of its last replies for so long is given up: they are kept in memory no longer. */
const END_GRACE_MS = 5000;
/**
 * How long a client may take to close its side after the kernel has all that we sent and we have closed ours. Closing at once,
 * with bytes of the client unread, would make the kernel reset the connection, and the last reply could be lost.
 */
const LINGER_MS = 1000;
/** More than this does not wait for the end of a turn: beside so many bytes a system call of their own costs little. */
const UNSENT_BYTES_MAX = 16 * 1024;

/** What an ordinary client's death looks like from here; not worth a report. */
const ORDINARY_ERRORS: ReadonlySet<string> = new Set([
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ECONNABORTED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ERR_SOCKET_CLOSED",
  "ERR_STREAM_DESTROYED",
]);

/** What a connection's owner does with it; one per connection. Nothing of it is called from within `write`, `end` or `reset`. */
export interface RedisConnectionHandler {
  /**
   * Bytes came: run the commands that `decoder.next()` gives, in order, until it gives `undefined`, and answer
   * them with as few calls of `connection.write` as it can. A handler that can't run more now (a blocked client) leaves the
   * rest in the decoder, bounded by `queryBufferBytesMax`, and asks for it with `connection.processBuffered()`.
   */
  commands(decoder: RequestDecoder): void;
  /**
   * The client has closed its side: no more bytes come. On return the server ends the connection, and what was written
   * before still goes out. A handler that owes replies, or has not run all commands yet, calls `connection.deferEnd()`
   * first and ends it later. One without this method owes nothing.
   */
  inputEnded?(): void;
  /**
   * The client's bytes are no request; no more commands come. On return the server writes `error.reply` and
   * ends the connection. A handler that still owes replies calls `connection.deferEnd()` first, and does both
   * itself when the replies are out, so that the error is not taken for an answer to an earlier command.
   */
  protocolError(error: ProtocolError): void;
  /** Once, when the client is gone, whoever closed. Writes are ignored from here on. Not after `RedisServer.kill`. */
  closed(): void;
}

/** For the server that owns the connection. */
export interface RedisConnectionOwner {
  /** The client is gone; its socket may still be closing. */
  left(connection: RedisConnection): void;
  /** The socket is closed and forgotten. */
  disconnected(connection: RedisConnection): void;
  /** It has something to be sent: `send` is to be called when this turn of the event loop ends. */
  wantsToSend(connection: RedisConnection): void;
  /** So many bytes came from a client, or were written for one. */
  received(bytes: number): void;
  wrote(bytes: number): void;
  /** Something to log: `OUTPUT_BUFFER_FULL`, `QUERY_BUFFER_FULL`, or `CLIENT_SOCKET_ERROR`. */
  failed(error: InterrexError): void;
}

/** `open`: commands come. `draining`: input is thrown away until the socket closes. */
type Phase = "open" | "draining" | "closed";

export class RedisConnection {
  /** Unique in its server: 1, 2, 3, ... */
  readonly id: number;
  /** `ip:port`, an IPv6 address in brackets. */
  readonly remoteAddress: string;
  readonly localAddress: string;

  readonly #socket: Socket;
  readonly #direct: DirectWrites;
  readonly #limits: RedisLimits;
  readonly #owner: RedisConnectionOwner;
  readonly #decoder: RequestDecoder;
  #handler: RedisConnectionHandler | undefined;
  #phase: Phase = "open";
  #endDeferred = false;
  #inputEnded = false;
  #readingPaused = false;
  #frozen = false;
  /** Written in this turn; it goes out when the turn ends. */
  #unsent = "";
  /** Written while frozen; it goes out on thawing. Not one string: together they may be longer than a string can be. */
  #frozenTexts: string[] = [];
  #frozenBytes = 0;
  #frozenEnd = false;
  /** It is subscribed to something: the limits of that class hold. */
  subscriber = false;
  /** Since when more waits than its soft limit; `undefined` when less does. */
  #overSoftSinceMs: number | undefined;
  /** When it runs out, the socket is given up. */
  #patience: NodeJS.Timeout | undefined;

  /** @param accepted paused, and not yet listened to. */
  constructor(id: number, accepted: Socket, limits: RedisLimits, owner: RedisConnectionOwner) {
    this.id = id;
    this.remoteAddress = formatAddress(accepted.remoteAddress, accepted.remotePort);
    this.localAddress = formatAddress(accepted.localAddress, accepted.localPort);
    this.#limits = limits;
    this.#owner = owner;
    this.#decoder = new RequestDecoder(limits);
    const socket = withSharedReads(accepted, (bytes, length) => this.#received(bytes, length));
    this.#socket = socket;
    this.#direct = new DirectWrites(socket);
    socket.on("error", (error: NodeJS.ErrnoException) => this.#socketFailed(error));
    socket.on("close", () => this.#socketClosed());
    socket.on("end", () => this.#clientEnded());
    // The kernel goes on sending what it has.
    socket.on("finish", () => this.#after(LINGER_MS, () => socket.destroy()));
  }

  /** Bytes of replies that the client has not taken yet, as far as this process knows. */
  get bufferedBytes(): number {
    return this.#writtenBytes + this.#unsent.length + this.#frozenBytes;
  }

  /** Those of them that the socket has been given. */
  get #writtenBytes(): number {
    return this.#socket.writableLength + this.#direct.waitingBytes;
  }

  /** What the decoder holds on to, as CLIENT LIST tells it. */
  get requestMemory(): RequestDecoder["memory"] {
    return this.#decoder.memory;
  }

  /** Commands of it are still run. */
  get isOpen(): boolean {
    return this.#phase === "open";
  }

  /** The client has closed its side. */
  get inputEnded(): boolean {
    return this.#inputEnded;
  }

  /** Bytes of the client that have not been run yet. */
  get pendingRequestBytes(): number {
    return this.#decoder.bufferedBytes;
  }

  /**
   * Sends encoded replies, one character a byte, at the end of this turn of the event loop, as Redis does: clients of one process then wake up
   * once for all replies of a turn. One by one they would wake it for each, which costs the sender more than the reply. Ignored once the
   * connection ends.
   */
  write(text: string): void {
    if (text === "" || this.#frozenEnd || !this.#socket.writable) return;
    this.#owner.wrote(text.length);
    if (text.length > UNSENT_BYTES_MAX) {
      // Not as one text with what was written before: together they may be longer than a string can be.
      this.send();
      this.#give(text);
      return;
    }
    if (this.#unsent === "") this.#owner.wantsToSend(this);
    this.#unsent += text;
    if (this.#unsent.length > UNSENT_BYTES_MAX) this.send();
  }

  /** For the server: the turn ends. */
  send(): void {
    const text = this.#unsent;
    this.#unsent = "";
    if (text !== "") this.#give(text);
  }

  #give(text: string): void {
    // A text before this one may have been too much.
    if (!this.#socket.writable) return;
    if (this.#frozen) {
      this.#frozenTexts.push(text);
      this.#frozenBytes += text.length;
    } else if (!this.#direct.write(text)) this.#socket.write(text, "latin1");
    const exceeded = this.#exceededOutputLimit();
    if (exceeded !== undefined) {
      this.#owner.failed(
        new InterrexError(
          "OUTPUT_BUFFER_FULL",
          `Closed client ${this.remoteAddress}: ${this.bufferedBytes} bytes of replies wait for it, ` +
            `more than ${exceeded}; it reads too slowly`,
        ),
      );
      this.reset();
    }
  }

  /** @returns which limit, in words. A soft limit is looked at when something is sent, as nothing grows otherwise. */
  #exceededOutputLimit(): string | undefined {
    const bytes = this.bufferedBytes;
    const { outputBufferBytesMax, outputLimits } = this.#limits;
    if (bytes > outputBufferBytesMax) return `outputBufferBytesMax ${outputBufferBytesMax}`;
    if (outputLimits === undefined) return undefined;
    const { hardBytes, softBytes, softSec } = this.subscriber ? outputLimits.pubsub : outputLimits.normal;
    if (hardBytes > 0 && bytes > hardBytes) return `client-output-buffer-limit ${hardBytes}`;
    if (softBytes === 0 || bytes <= softBytes) {
      this.#overSoftSinceMs = undefined;
      return undefined;
    }
    this.#overSoftSinceMs ??= performance.now();
    if (performance.now() - this.#overSoftSinceMs <= softSec * 1000) return undefined;
    return `client-output-buffer-limit ${softBytes} for ${softSec} s`;
  }

  /** Takes no more commands, sends what was written, then closes; a client that does not take it is given up. */
  end(): void {
    if (this.#phase === "open") this.#phase = "draining";
    this.#readingPaused = false;
    this.send();
    if (this.#frozen) this.#frozenEnd = true;
    else if (this.#socket.writable) {
      this.#resetUnlessTaken();
      this.#socket.end();
      // The client's own end, or its loss, must be seen even if the handler had stopped reading.
      this.#socket.resume();
    }
  }

  /** Closes at once with a TCP reset, unsent replies lost. */
  reset(): void {
    const socket = this.#socket;
    this.#phase = "closed";
    this.#unsent = "";
    if (socket.destroyed) return;
    // A reset fails, and leaks the socket, while a shutdown is under way (libuv: EINVAL).
    if (socket.writableEnded && !socket.writableFinished) socket.destroy();
    else socket.resetAndDestroy();
  }

  /** Within `inputEnded` and `protocolError` only: the handler writes what is to be said and ends the connection itself, later. */
  deferEnd(): void {
    this.#endDeferred = true;
  }

  /** Stops taking bytes from the kernel: TCP slows the client down. Its going away stays unseen meanwhile. */
  pauseReading(): void {
    this.#readingPaused = true;
    this.#socket.pause();
  }

  resumeReading(): void {
    if (!this.#readingPaused) return;
    this.#readingPaused = false;
    if (!this.#frozen) this.#socket.resume();
  }

  /** Hands the handler what waits in the decoder, as if bytes had come. */
  processBuffered(): void {
    if (this.#phase !== "open" || this.#handler === undefined) return;
    this.#handler.commands(this.#decoder);
    if (this.#decoder.error !== undefined) this.#protocolFailed(this.#decoder.error);
    else if (this.#decoder.bufferedBytes > this.#limits.queryBufferBytesMax) this.#queryBufferFull();
  }

  /** For the server: begin to read. */
  start(handler: RedisConnectionHandler): void {
    this.#handler = handler;
    if (!this.#readingPaused) this.#socket.resume();
  }

  /** For the server: read and send nothing until `thaw`, as a stopped process. */
  freeze(): void {
    this.#frozen = true;
    this.#socket.pause();
  }

  /** For the server: what was written meanwhile goes out, and reading goes on. */
  thaw(): void {
    this.#frozen = false;
    const texts = this.#frozenTexts;
    const ended = this.#frozenEnd;
    this.#frozenTexts = [];
    this.#frozenBytes = 0;
    this.#frozenEnd = false;
    for (const text of texts) this.#give(text);
    if (ended) this.end();
    if (!this.#readingPaused) this.#socket.resume();
  }

  /** For the server: reset, and tell the handler nothing, not even `closed`. */
  kill(): void {
    this.#handler = undefined;
    this.reset();
  }

  /** @param length of what has come, which `chunk` begins with. */
  #received(chunk: Buffer, length: number): void {
    if (this.#phase !== "open") return;
    this.#owner.received(length);
    this.#decoder.feed(chunk, length);
    try {
      this.processBuffered();
    } finally {
      // The next read, of whatever client, goes into the same memory.
      this.#decoder.keep();
    }
  }

  #protocolFailed(error: ProtocolError): void {
    // The handler may have ended or reset it while it ran the commands before the error.
    if (this.#phase !== "open") return;
    this.#phase = "draining";
    this.#endDeferred = false;
    this.#handler?.protocolError(error);
    if (this.#endDeferred) return;
    this.write(error.reply);
    this.end();
  }

  #queryBufferFull(): void {
    this.#owner.failed(
      new InterrexError(
        "QUERY_BUFFER_FULL",
        `Closed client ${this.remoteAddress}: ${this.#decoder.bufferedBytes} bytes of requests wait to be run, ` +
          `more than queryBufferBytesMax ${this.#limits.queryBufferBytesMax}`,
      ),
    );
    this.reset();
  }

  #clientEnded(): void {
    this.#inputEnded = true;
    if (this.#phase === "open") {
      this.#endDeferred = false;
      this.#handler?.inputEnded?.();
    }
    if (this.#endDeferred) return;
    this.end();
    this.#phase = "closed";
    this.#tellClosed();
  }

  /** Looks again as long as the client takes something. */
  #resetUnlessTaken(): void {
    const before = this.#writtenBytes;
    this.#after(END_GRACE_MS, () => {
      if (this.#writtenBytes < before) this.#resetUnlessTaken();
      else this.reset();
    });
  }

  #after(ms: number, action: () => void): void {
    if (this.#socket.destroyed) return;
    clearTimeout(this.#patience);
    this.#patience = setTimeout(action, ms);
    this.#patience.unref();
  }

  #socketFailed(error: NodeJS.ErrnoException): void {
    if (ORDINARY_ERRORS.has(error.code ?? "")) return;
    this.#owner.failed(
      new InterrexError("CLIENT_SOCKET_ERROR", `Lost client ${this.remoteAddress}: ${error.message}`, {
        cause: error,
      }),
    );
  }

  #socketClosed(): void {
    this.#phase = "closed";
    clearTimeout(this.#patience);
    this.#tellClosed();
    this.#owner.disconnected(this);
  }

  #tellClosed(): void {
    const handler = this.#handler;
    this.#handler = undefined;
    this.#owner.left(this);
    handler?.closed();
  }
}

/** As Redis shows addresses; an IPv4 client of a dual-stack socket appears as what it is. */
function formatAddress(address: string | undefined, port: number | undefined): string {
  const plain = (address ?? "?").replace(/^::ffff:(?=\d+\.)/i, "");
  return `${plain.includes(":") ? `[${plain}]` : plain}:${port ?? 0}`;
}
