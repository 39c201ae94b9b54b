/**
 * One established link: messages in and out, and its end, told exactly once. Decides when a link must end because it
 * could no longer keep TCP's promise (order, no gaps); refuses to decide who should be linked.
 */
import type { Socket } from "node:net";
import { InterrexError } from "../../base/errors.ts";
import type { Millis } from "../../base/ids.ts";
import { decodePeerMessage, type EncodedMessage, type PeerMessage } from "../../protocol/peer/codec.ts";
import type { LinkId, PeerIdentity } from "../../protocol/peer/identity.ts";
import type { LogFields, Logger } from "../logger.ts";
import { closeWithin } from "./close-within.ts";
import type { PauseGate } from "./pause-gate.ts";
import type { PeerLimits } from "./peer-limits.ts";
import type { Reachability } from "./reachability.ts";
import type { ProvenConnection } from "./unproven.ts";
import { type RawData, WebSocket } from "./ws.ts";

/** What a link needs of its network. */
export interface PeerLinkHost {
  readonly limits: PeerLimits;
  readonly gate: PauseGate;
  readonly reach: Reachability;
  readonly log: Logger;
  message(link: LinkId, message: PeerMessage): void;
  encode(message: PeerMessage): EncodedMessage;
  /** The link has unsent frames: call its `flush` before the turn of the event loop ends. */
  corked(link: PeerLink): void;
  /** The link has ended; called once. `inCall` when within a call of the owner's, who must not be called back. */
  ended(link: PeerLink, inCall: boolean): void;
}

/** Of bytes written: never equal to what they are. */
const UNKNOWN = -1;
const TEXT = { binary: false, fin: true };
const BINARY = { binary: true, fin: true };
const BINARY_FRAGMENT = { binary: true, fin: false };

/** A sign of life comes at every second look at least. */
const HEARD_LOOKS_MAX = 2;

const CLOSE_NORMAL = 1000;
const CLOSE_GOING_AWAY = 1001;
const CLOSE_BAD_MESSAGE = 1008;

export class PeerLink {
  readonly id: LinkId;
  readonly peer: PeerIdentity;
  readonly dialled: boolean;
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #host: PeerLinkHost;
  readonly #upAtMs: Millis = performance.now();
  #ended = false;
  #corked = false;
  #bytesRead = 0;
  /** As it was at the last look, a sign of life that went out then included. */
  #bytesWritten = UNKNOWN;
  /** How often in a row nothing had come since the time before. */
  #silentLooks = 0;
  /** A frame was dropped by a partition: the link may not be used again after it. */
  #lossy = false;
  /** The socket closed while a partition hid it: the end is told when the partition ends. */
  #socketGone = false;

  constructor(id: LinkId, connection: ProvenConnection, host: PeerLinkHost) {
    this.id = id;
    this.peer = connection.peer;
    this.dialled = connection.dialled;
    this.#ws = connection.ws;
    this.#socket = connection.socket;
    this.#host = host;
  }

  /** Begins to read. Call it in the same turn in which the connection was proven, or messages are lost. */
  start(): void {
    this.#ws.on("message", this.#onMessage);
    this.#ws.on("error", this.#onError);
    this.#ws.on("close", this.#onClose);
    // ws tells of a close only after its own handshake; a killed peer's FIN is known now.
    this.#socket.on("end", this.#onClose);
    this.#socket.on("close", this.#onClose);
  }

  get ageMs(): Millis {
    return performance.now() - this.#upAtMs;
  }

  /** Its peer has given a sign of life lately. */
  get isHeard(): boolean {
    return !this.#ended && !this.#socketGone && this.#silentLooks <= HEARD_LOOKS_MAX;
  }

  get bufferedBytes(): number {
    return this.#ended ? 0 : this.#ws.bufferedAmount;
  }

  /** Queues a message; it leaves with `flush`. Dropped when the link has ended or is partitioned. */
  send(message: PeerMessage): void {
    if (this.#ended) return;
    if (this.#socketGone || !this.#host.reach.allows(this.peer.id)) {
      this.#lossy = true;
      return;
    }
    const { limits } = this.#host;
    const buffered = this.#ws.bufferedAmount;
    // Looked at before the message is added, so that one message larger than the limit still gets through.
    if (buffered > limits.bufferedBytesMax) {
      this.#warn({ event: "peer-let-go", buffered }, "peer can't keep up: link let go, it will resync");
      this.#ws.terminate();
      this.#end(true);
      return;
    }
    const encoded = this.#host.encode(message);
    if (typeof encoded === "string" && tooLong(encoded, limits.controlBytesMax)) {
      this.#refuseToSend(message, encoded.length);
      return;
    }
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      this.#host.corked(this);
    }
    if (typeof encoded === "string") this.#ws.send(encoded, TEXT);
    else if (Buffer.isBuffer(encoded)) this.#ws.send(encoded, BINARY);
    else {
      for (const [index, part] of encoded.entries()) {
        this.#ws.send(part, index === encoded.length - 1 ? BINARY : BINARY_FRAGMENT);
      }
    }
  }

  flush(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket.uncork();
  }

  /**
   * Gives the peer a sign of life where nothing has gone to it lately, and looks for one of its own; to be called every
   * `lifeEveryMs`. Bytes count, not messages: a large one may be a while on its way.
   */
  lookForLife(): void {
    if (this.#ended || this.#host.gate.paused || !this.#host.reach.allows(this.peer.id)) return;
    const { bytesRead } = this.#socket;
    this.#silentLooks = bytesRead === this.#bytesRead ? this.#silentLooks + 1 : 0;
    this.#bytesRead = bytesRead;
    if (this.#silentLooks < this.#host.limits.silentLooksMax) {
      this.#giveSignOfLife();
      return;
    }
    this.#warn({ event: "peer-silent" }, "nothing comes over this peer link any more: link closed");
    this.#ws.terminate();
    this.#end(false);
  }

  #giveSignOfLife(): void {
    // What still waits to leave is a sign itself, and a ping would come behind it. `bytesWritten` would walk it piece by piece.
    if (this.#socket.writableLength > 0) {
      this.#bytesWritten = UNKNOWN;
      return;
    }
    if (this.#socket.bytesWritten === this.#bytesWritten) this.#ws.ping();
    this.#bytesWritten = this.#socket.bytesWritten;
  }

  /** Ends the link by the owner's wish: what was sent still goes out. */
  close(goingAway = false): void {
    if (this.#ended) return;
    this.#closeSocket(goingAway ? CLOSE_GOING_AWAY : CLOSE_NORMAL, goingAway ? "going away" : "closed");
    this.#end(true);
  }

  /** A newer link of the same peer is up: this one can only be a left-over. */
  replaced(): void {
    if (this.#ended) return;
    this.#ws.terminate();
    this.#end(false);
  }

  /** The partition rule has changed. */
  reachabilityChanged(): void {
    if (this.#ended || !this.#host.reach.allows(this.peer.id)) return;
    if (!this.#lossy && !this.#socketGone) return;
    this.#ws.terminate();
    this.#end(true);
  }

  /** Resolves when the socket is closed, whatever the link's end was. */
  socketClosed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#ws.readyState === WebSocket.CLOSED) resolve();
      else this.#ws.once("close", () => resolve());
    });
  }

  /** As the kernel does for a killed process: the socket is gone, and nobody is told. */
  destroy(): void {
    this.#ended = true;
    this.#ws.terminate();
  }

  readonly #onMessage = (data: RawData, isBinary: boolean): void => {
    if (this.#ended) return;
    const { gate, reach } = this.#host;
    if (gate.paused) {
      gate.whenRunning(() => this.#onMessage(data, isBinary));
      return;
    }
    if (!reach.allows(this.peer.id)) {
      this.#lossy = true;
      return;
    }
    let message: PeerMessage;
    try {
      // `nodebuffer`, the default of ws, gives every message as one Buffer.
      message = decodePeerMessage(data as Buffer, isBinary, this.#host.limits);
    } catch (error) {
      if (!(error instanceof InterrexError)) throw error;
      this.#frameRefused(error);
      return;
    }
    this.#host.message(this.id, message);
  };

  /** A protocol error found by ws (too large, not masked, bad UTF-8), or a socket error such as a reset. */
  readonly #onError = (error: Error): void => {
    if (this.#ended) return;
    if (!("code" in error) || !String(error.code).startsWith("WS_ERR_")) {
      this.#host.log.debug({ event: "peer-link-error", ...this.#who(), err: error }, "peer link failed");
      return;
    }
    this.#frameRefused(error);
  };

  readonly #onClose = (): void => {
    if (this.#ended) return;
    this.#host.gate.whenRunning(() => {
      if (this.#ended) return;
      if (!this.#host.reach.allows(this.peer.id)) {
        this.#socketGone = true;
        return;
      }
      this.#ws.terminate();
      this.#end(false);
    });
  };

  #frameRefused(error: Error): void {
    this.#warn({ event: "peer-frame-refused", err: error }, "peer sent a frame that is refused: link closed");
    this.#closeSocket(CLOSE_BAD_MESSAGE, error.message);
    this.#end(false);
  }

  #refuseToSend(message: PeerMessage, chars: number): void {
    const fields = { event: "peer-message-too-large", type: message.type, chars };
    // Publications may be lost at any time, as in Redis; any other gap would break the protocol.
    if (message.type === "publications") {
      this.#warn(fields, "message too large for a peer: not sent");
      return;
    }
    this.#warn(fields, "message too large for a peer: link closed");
    this.close();
  }

  /** Close handshake within bounds: a peer that doesn't answer it is cut off. */
  #closeSocket(code: number, reason: string): void {
    this.flush();
    if (this.#socketGone) {
      this.#ws.terminate();
      return;
    }
    // Does nothing when ws has closed by itself, on a frame that it refused.
    closeWithin(this.#host.gate, this.#host.limits.closeMsMax, this.#ws, code, reason);
  }

  #end(inCall: boolean): void {
    this.#ended = true;
    this.#host.ended(this, inCall);
  }

  #warn(fields: LogFields, text: string): void {
    this.#host.log.warn({ ...fields, ...this.#who() }, text);
  }

  #who(): { peer: string; link: LinkId } {
    return { peer: this.peer.id, link: this.id };
  }
}

/** UTF-8 takes at most three bytes for a UTF-16 unit: most texts need no counting. */
function tooLong(text: string, bytesMax: number): boolean {
  return text.length * 3 > bytesMax && Buffer.byteLength(text) > bytesMax;
}
