/**
 * One attempt to reach a peer: connect, WebSocket, handshake, all within one time-out. Tries once and tells how it
 * ended; whether to try again is `kept-link.ts`'s and the cores' business.
 */
import type { IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { InterrexError, isError } from "../../base/errors.ts";
import type { Millis } from "../../base/ids.ts";
import type { PeerTarget } from "../../protocol/peer/identity.ts";
import { closeWithin } from "./close-within.ts";
import { type Credentials, Dialler, type DialPurpose, type Hello } from "./handshake.ts";
import type { PauseGate } from "./pause-gate.ts";
import type { PeerLimits } from "./peer-limits.ts";
import type { PeerNames } from "./peer-names.ts";
import type { Reachability } from "./reachability.ts";
import { refuseSelf } from "./self-connection.ts";
import { limitUnprovenBytes, type ProvenConnection, startTimer } from "./unproven.ts";
import { type RawData, WebSocket } from "./ws.ts";

/** Of a `ws:` url that names none. */
const DEFAULT_PORT = 80;

export interface DialContext {
  readonly credentials: Credentials;
  readonly limits: PeerLimits;
  readonly gate: PauseGate;
  readonly reach: Reachability;
  readonly names: PeerNames;
}

/** Exactly one of the two is called, at most once, and neither after `abort`. */
export interface DialOutcome {
  established(connection: ProvenConnection): void;
  /**
   * Code `PEER_SILENT` (no answer in time), `PEER_REFUSED` (something answered, but not as this peer) or
   * `PEER_UNREACHABLE` (no connection; the socket's error is the cause), or `PEER_URL_INVALID`, at once.
   */
  failed(error: InterrexError): void;
}

export interface Dialling {
  abort(): void;
}

export function dial(
  context: DialContext,
  target: PeerTarget,
  options: { readonly purpose: DialPurpose; readonly timeoutMs: Millis },
  outcome: DialOutcome,
): Dialling {
  const attempt = new DialAttempt(context, target, options.purpose, outcome);
  attempt.start(options.timeoutMs);
  return attempt;
}

/** True when nothing listens there: every address that the name stands for refused. */
export function isRefusedConnect(error: InterrexError): boolean {
  const { cause } = error;
  const causes = isError(cause) && "errors" in cause ? (cause as AggregateError).errors : [cause];
  return causes.length > 0 && causes.every((each) => codeOf(each) === "ECONNREFUSED");
}

/** `null` when the url names no peer port. */
function endpointOf(url: string): { readonly host: string; readonly port: number } | null {
  if (!URL.canParse(url)) return null;
  const { protocol, hostname, port, hash } = new URL(url);
  if (protocol !== "ws:" || hash !== "") return null;
  const isIpv6 = hostname.startsWith("[");
  return { host: isIpv6 ? hostname.slice(1, -1) : hostname, port: port === "" ? DEFAULT_PORT : Number(port) };
}

/** Such as the reply of a Redis port: an answer from somebody, and not the silence of a node that is down. */
function isNoHttp(error: unknown): boolean {
  return String(codeOf(error)).startsWith("HPE_");
}

function codeOf(error: unknown): unknown {
  return isError(error) && "code" in error ? error.code : undefined;
}

class DialAttempt implements Dialling {
  readonly #context: DialContext;
  readonly #target: PeerTarget;
  readonly #outcome: DialOutcome;
  readonly #dialler: Dialler;
  #over = false;
  /** Until it is connected; then the WebSocket has it. */
  #connecting: Socket | null = null;
  #ws: WebSocket | null = null;
  /** Once it is upgraded. */
  #socket: Socket | null = null;
  #hello: { readonly hello: Hello; readonly challengeNonce: string } | null = null;
  #stopTimer: () => void = () => {};
  #stopLimit: () => void = () => {};

  constructor(context: DialContext, target: PeerTarget, purpose: DialPurpose, outcome: DialOutcome) {
    this.#context = context;
    this.#target = target;
    this.#outcome = outcome;
    this.#dialler = new Dialler(context.credentials, target, purpose);
  }

  start(timeoutMs: Millis): void {
    const { gate, reach, names } = this.#context;
    this.#stopTimer = startTimer(gate, timeoutMs, () =>
      this.#fail("PEER_SILENT", `no answer in ${timeoutMs} ms`),
    );
    // Into a partition nothing is sent: the attempt hangs until its time-out, as a lost SYN would let it.
    if (!reach.allows(this.#target.id)) return;
    const endpoint = endpointOf(this.#target.url);
    if (endpoint === null) {
      this.#fail("PEER_URL_INVALID", "the url is not valid; it should be like ws://127.0.0.1:16379");
      return;
    }
    // By hand: after a crash all peers dial a port where nobody listens, again and again, while they elect the next
    // master on the same cores, and the HTTP request of a WebSocket costs ten times as much as a refused connect.
    const socket = connect({ ...endpoint, noDelay: true, lookup: names.lookup });
    this.#connecting = socket;
    socket.once("error", this.#onError);
    socket.once("connect", () => {
      const refusal = refuseSelf(socket);
      if (refusal !== null) {
        this.#onError(refusal);
        return;
      }
      gate.whenRunning(() => {
        // A partition that has begun meanwhile swallows the request.
        if (this.#over || !reach.allows(this.#target.id)) return;
        if (socket.destroyed) this.#fail("PEER_UNREACHABLE", "closed before anything was said");
        else this.#upgrade(socket);
      });
    });
  }

  abort(): void {
    this.#finish();
    this.#drop();
  }

  #upgrade(socket: Socket): void {
    const { limits } = this.#context;
    const ws = new WebSocket(this.#target.url, {
      createConnection: () => socket,
      perMessageDeflate: false,
      followRedirects: false,
      maxPayload: Math.max(limits.controlBytesMax, limits.binaryBytesMax),
    });
    socket.off("error", this.#onError);
    this.#connecting = null;
    this.#ws = ws;
    ws.on("upgrade", (response: IncomingMessage) => {
      this.#socket = response.socket;
    });
    ws.on("open", () => this.#opened(ws));
    ws.on("message", this.#onMessage);
    ws.on("error", this.#onError);
    ws.on("close", this.#onClose);
    ws.on("unexpected-response", (_request, response) => {
      this.#fail("PEER_REFUSED", `HTTP ${response.statusCode} ${response.statusMessage}`);
    });
  }

  #opened(ws: WebSocket): void {
    const { gate, limits } = this.#context;
    gate.attach(ws);
    ws.once("close", () => gate.detach(ws));
    if (this.#socket === null || this.#over) return;
    this.#stopLimit = limitUnprovenBytes(this.#socket, limits.unprovenBytesMax, () =>
      this.#fail("PEER_REFUSED", "too many bytes before the handshake was done"),
    );
  }

  readonly #onMessage = (data: RawData): void => {
    this.#context.gate.whenRunning(() => {
      if (this.#over || !this.#context.reach.allows(this.#target.id)) return;
      try {
        this.#proceed(data as Buffer);
      } catch (error) {
        if (!(error instanceof InterrexError)) throw error;
        this.#fail(error.code, error.message, error.cause);
      }
    });
  };

  #proceed(frame: Buffer): void {
    const ws = this.#ws;
    const socket = this.#socket;
    if (ws === null || socket === null) return;
    if (this.#hello === null) {
      this.#hello = this.#dialler.hello(frame);
      ws.send(JSON.stringify(this.#hello.hello));
      return;
    }
    const peer = this.#dialler.welcomed(frame, this.#hello.hello, this.#hello.challengeNonce);
    this.#finish();
    ws.off("message", this.#onMessage);
    ws.off("close", this.#onClose);
    this.#outcome.established({ ws, socket, peer, dialled: true });
  }

  /** Stays on the WebSocket for good: an aborted one still emits an error, which must not stop the process. */
  readonly #onError = (cause: Error): void => {
    if (isNoHttp(cause)) {
      this.#fail(
        "PEER_REFUSED",
        "who listens there speaks no HTTP; is it a port for clients, not a peer port?",
        cause,
      );
      return;
    }
    this.#fail(this.#socket === null ? "PEER_UNREACHABLE" : "PEER_REFUSED", cause.message, cause);
  };

  readonly #onClose = (code: number, reason: Buffer): void => {
    const words = reason.length === 0 ? "" : `: ${reason.toString("utf8")}`;
    this.#fail("PEER_REFUSED", `closed during the handshake (${code}${words})`);
  };

  #fail(code: string, reason: string, cause?: unknown): void {
    if (this.#over) return;
    this.#finish();
    // The answerer logs the close reason: it can't know otherwise why a dialler went away.
    if (this.#ws?.readyState === WebSocket.OPEN && code === "PEER_REFUSED") {
      const { gate, limits } = this.#context;
      closeWithin(gate, limits.closeMsMax, this.#ws, 1008, reason);
    } else {
      this.#drop();
    }
    const message = `Cannot reach ${this.#target.kind} ${this.#target.id} at ${this.#target.url}: ${reason}`;
    this.#context.gate.whenRunning(() =>
      this.#outcome.failed(new InterrexError(code, message, cause === undefined ? {} : { cause })),
    );
  }

  #drop(): void {
    this.#connecting?.destroy();
    this.#ws?.terminate();
  }

  #finish(): void {
    this.#over = true;
    this.#stopTimer();
    this.#stopLimit();
  }
}
