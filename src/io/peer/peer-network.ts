/**
 * All links of one process to its peers, node or sentinel: kept ones that it dials, and those dialled in. Decides how
 * links come, go and batch; refuses to judge what is said on them or what a lost one means.
 */
import type { InterrexError } from "../../base/errors.ts";
import type { Millis } from "../../base/ids.ts";
import { type EncodedMessage, encodePeerMessage, type PeerMessage } from "../../protocol/peer/codec.ts";
import type { LinkId, PeerIdentity, PeerTarget, ProbeOutcome } from "../../protocol/peer/identity.ts";
import type { Logger } from "../logger.ts";
import { isLoopbackHost } from "../loopback.ts";
import { type DialContext, type Dialling, dial, isRefusedConnect } from "./dial.ts";
import { nameOf, samePeer } from "./handshake.ts";
import type { HttpFront } from "./http-front.ts";
import { KeptLink } from "./kept-link.ts";
import { PauseGate } from "./pause-gate.ts";
import { DEFAULT_PEER_LIMITS, type PeerLimits } from "./peer-limits.ts";
import { PeerLink } from "./peer-link.ts";
import { PeerNames } from "./peer-names.ts";
import { PeerServer } from "./peer-server.ts";
import { RateLimitedLog } from "./rate-limited-log.ts";
import { Reachability } from "./reachability.ts";
import { type ProvenConnection, startTimer } from "./unproven.ts";

/**
 * Told what happens. Never from within a call that an effect makes (`send`, `closeLink`, `setTargets`, `probe`,
 * `redialNow`, `flush`), so a core is not entered twice; `resume` and `setReachable` may tell what waited for them.
 * Nothing is told after `kill`.
 */
export interface PeerNetworkHandler {
  /** Both sides have proven who they are (or claimed it, without a secret). */
  linkUp(link: LinkId, peer: PeerIdentity, dialled: boolean): void;
  /** Exactly once for each `linkUp`, at once when the socket closes. */
  linkDown(link: LinkId, peer: PeerIdentity): void;
  /** In the order of sending; never before `linkUp`, never after `linkDown`. */
  message(link: LinkId, message: PeerMessage): void;
  /** Exactly once for each `probe`, unless the network is closed meanwhile. */
  probed(target: PeerTarget, outcome: ProbeOutcome): void;
}

export interface PeerNetworkOptions extends HttpFront {
  readonly self: PeerIdentity;
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Shared by all peers; `null` lets in whoever claims an identity. */
  readonly secret: string | null;
  readonly logger: Logger;
  readonly handler: PeerNetworkHandler;
  readonly limits?: Partial<PeerLimits>;
}

export class PeerNetwork {
  readonly #self: PeerIdentity;
  readonly #handler: PeerNetworkHandler;
  readonly #log: Logger;
  readonly #warnings: RateLimitedLog;
  readonly #gate = new PauseGate();
  readonly #reach = new Reachability();
  readonly #limits: PeerLimits;
  readonly #context: DialContext;
  readonly #server: PeerServer;
  readonly #kept = new Map<string, KeptLink>();
  readonly #links = new Map<LinkId, PeerLink>();
  /** Called when the end of a dialled link has been told. */
  readonly #endings = new Map<PeerLink, (livedMs: Millis) => void>();
  readonly #probes = new Set<Dialling>();
  #corked: PeerLink[] = [];
  /** What was sent last, until it leaves. */
  #encoded: { readonly message: PeerMessage; readonly as: EncodedMessage } | null = null;
  #flushDue: NodeJS.Immediate | null = null;
  #lastLinkId: LinkId = 0;
  readonly #lifeTimer: NodeJS.Timeout;
  #closed: Promise<void> | null = null;
  #phase: "running" | "closing" | "killed" = "running";

  constructor(options: PeerNetworkOptions) {
    this.#self = options.self;
    this.#handler = options.handler;
    this.#log = options.logger;
    this.#warnings = new RateLimitedLog(options.logger);
    this.#limits = { ...DEFAULT_PEER_LIMITS, ...options.limits };
    this.#context = {
      credentials: { self: options.self, secret: options.secret },
      limits: this.#limits,
      gate: this.#gate,
      reach: this.#reach,
      names: new PeerNames(this.#warnings),
    };
    this.#server = new PeerServer({
      host: options.host,
      port: options.port,
      context: this.#context,
      front: options,
      warnings: this.#warnings,
      objectionTo: (peer) => this.#objectionTo(peer),
      established: (connection) => {
        if (this.#phase === "running") this.#adopt(connection);
        else connection.ws.terminate();
      },
    });
    this.#lifeTimer = setInterval(() => {
      for (const link of [...this.#links.values()]) link.lookForLife();
    }, this.#limits.lifeEveryMs);
    this.#lifeTimer.unref();
  }

  /**
   * WebSockets for peers, and HTTP GET /health and /metrics, on one port.
   *
   * @throws InterrexError PEER_PORT_UNAVAILABLE when the address can't be listened on.
   */
  async listen(): Promise<{ host: string; port: number }> {
    const address = await this.#server.listen();
    if (this.#context.credentials.secret === null && !isLoopbackHost(address.host)) {
      // Not refused: the network may be closed.
      this.#log.warn(
        { event: "peer-port-open", ...address },
        "whoever can connect to the peer port can read all data and change the group, whatever the password: set peerSecret on all nodes and sentinels",
      );
    }
    return address;
  }

  /** Keeps exactly one dialled link to each target. A changed url dials anew; who is left out is closed. */
  setTargets(targets: readonly PeerTarget[]): void {
    if (this.#phase !== "running") return;
    const wanted = new Map(
      targets.filter((each) => !samePeer(each, this.#self)).map((each) => [keyOf(each), each]),
    );
    for (const [key, kept] of this.#kept) {
      if (wanted.get(key)?.url === kept.target.url) continue;
      this.#kept.delete(key);
      kept.stop();
    }
    for (const [key, target] of wanted) {
      if (this.#kept.has(key)) continue;
      const kept = new KeptLink(target, {
        context: this.#context,
        warnings: this.#warnings,
        adopt: (connection, ended) => this.#adopt(connection, ended),
      });
      this.#kept.set(key, kept);
    }
  }

  /** Dials the kept target of this id without waiting for its back-off. */
  redialNow(id: string): void {
    for (const kept of this.#kept.values()) if (kept.target.id === id) kept.redialNow();
  }

  /** One connect attempt now; makes no link. */
  probe(target: PeerTarget): void {
    // Later, since a url that is not valid fails at once, and the handler is never called from within a call.
    process.nextTick(() => this.#gate.whenRunning(() => this.#probeNow(target)));
  }

  /**
   * Sends in order. What is sent in one turn of the event loop leaves in one write at its end, or on `flush`.
   * Does nothing when the link has ended.
   */
  send(link: LinkId, message: PeerMessage): void {
    this.#links.get(link)?.send(message);
  }

  /**
   * Writes out now what was sent in this turn. For a caller whose batch is complete: one that works in `setImmediate`
   * itself would otherwise wait for a whole turn more.
   */
  flush(): void {
    if (this.#gate.paused) return;
    // Left to run, it would cost a turn of the event loop without anything to do.
    if (this.#flushDue !== null) clearImmediate(this.#flushDue);
    this.#flushDue = null;
    const corked = this.#corked;
    this.#corked = [];
    this.#encoded = null;
    for (const link of corked) link.flush();
  }

  /** Bytes sent but not yet taken by the kernel; 0 when the link has ended. */
  bufferedBytes(link: LinkId): number {
    return this.#links.get(link)?.bufferedBytes ?? 0;
  }

  /** What was sent still goes out. A kept link is dialled again. */
  closeLink(link: LinkId): void {
    this.#links.get(link)?.close();
  }

  /**
   * Partitions, for the test kit. While a peer is unreachable, frames both ways are dropped silently, its end is not
   * seen, and dials hang. When it can be reached again, links that lost a frame end and are dialled anew.
   */
  setReachable(reachable: (peerId: string) => boolean): void {
    const before = [...this.#kept.values()].filter(({ target }) => !this.#reach.allows(target.id));
    for (const kept of before) if (reachable(kept.target.id)) kept.partitionEnded();
    this.#reach.set(reachable);
    for (const link of [...this.#links.values()]) link.reachabilityChanged();
  }

  /** As SIGSTOP: reads nothing, answers nothing, tells nothing; sockets stay open and connects are accepted. */
  pause(): void {
    this.#gate.pause();
  }

  resume(): void {
    this.#gate.resume();
    this.flush();
  }

  /** Ends every link in order (each `linkDown` is told) and stops listening. Resolves when every socket is closed. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** As `kill -9`: the listener and every socket are gone on return, and the handler hears nothing any more. */
  kill(): void {
    this.#phase = "killed";
    clearInterval(this.#lifeTimer);
    for (const kept of this.#kept.values()) kept.kill();
    this.#kept.clear();
    for (const probing of this.#probes) probing.abort();
    this.#probes.clear();
    for (const link of this.#links.values()) link.destroy();
    this.#links.clear();
    this.#server.kill();
  }

  async #close(): Promise<void> {
    if (this.#phase !== "running") return;
    this.#phase = "closing";
    clearInterval(this.#lifeTimer);
    this.resume();
    for (const kept of this.#kept.values()) kept.stop(true);
    this.#kept.clear();
    for (const probing of this.#probes) probing.abort();
    this.#probes.clear();
    const closed = this.#server.close();
    const links = [...this.#links.values()];
    for (const link of links) link.close(true);
    const stopTimer = startTimer(this.#gate, this.#limits.closeMsMax, () => this.#server.destroySockets());
    await Promise.all([closed, ...links.map((link) => link.socketClosed())]);
    stopTimer();
  }

  #probeNow(target: PeerTarget): void {
    if (this.#phase !== "running") return;
    if (this.#probes.size >= this.#limits.probesMax) {
      this.#warnings.warn(
        "probes",
        { event: "peer-probes-full", peer: target.id },
        "too many probes at once",
      );
      // Nothing was seen, so nothing may be concluded: silence is no crash evidence.
      this.#handler.probed(target, { result: "silent" });
      return;
    }
    let probing: Dialling | null = null;
    let over = false;
    const probed = (outcome: ProbeOutcome): void => {
      over = true;
      if (probing !== null) this.#probes.delete(probing);
      this.#tell(() => this.#handler.probed(target, outcome));
    };
    const options = { purpose: "probe", timeoutMs: this.#limits.probeMsMax } as const;
    probing = dial(this.#context, target, options, {
      established: ({ ws, peer }) => {
        ws.terminate();
        probed({ result: "reached", identity: peer });
      },
      failed: (error) => probed(outcomeOf(error)),
    });
    if (!over) this.#probes.add(probing);
  }

  #adopt(connection: ProvenConnection, ended: (livedMs: Millis) => void = () => {}): PeerLink {
    const link = new PeerLink(++this.#lastLinkId, connection, {
      limits: this.#limits,
      gate: this.#gate,
      reach: this.#reach,
      log: this.#log,
      message: (id, message) => this.#handler.message(id, message),
      encode: (message) => this.#encode(message),
      corked: (each) => this.#flushLater(each),
      ended: (each, inCall) => this.#linkEnded(each, inCall),
    });
    const { peer, dialled } = link;
    if (!dialled) this.#replaceLeftOver(peer);
    this.#links.set(link.id, link);
    this.#endings.set(link, ended);
    this.#log.debug({ event: "peer-link-up", peer: peer.id, link: link.id, dialled }, "peer link is up");
    link.start();
    this.#tell(() => this.#handler.linkUp(link.id, peer, dialled));
    return link;
  }

  /** A peer keeps one dialled link to us: a second one means that the first is dead and we have not seen it yet. */
  #replaceLeftOver(peer: PeerIdentity): void {
    for (const link of this.#links.values()) {
      if (!link.dialled && samePeer(link.peer, peer)) link.replaced();
    }
  }

  /** Of two processes under one id the first stays as long as it is heard: each would else take the other's place, and its part in the group, by turns. */
  #objectionTo(peer: PeerIdentity): string | null {
    for (const link of this.#links.values()) {
      if (link.dialled || !samePeer(link.peer, peer) || link.peer.startId === peer.startId) continue;
      if (!link.isHeard) continue;
      return `another process is linked as ${nameOf(peer)}, and runs: stop the one that is not meant, or mend the url by which one of another cluster comes here`;
    }
    return null;
  }

  #linkEnded(link: PeerLink, inCall: boolean): void {
    this.#links.delete(link.id);
    const tell = (): void => {
      const { peer } = link;
      this.#tell(() => this.#handler.linkDown(link.id, peer));
      this.#log.debug({ event: "peer-link-down", peer: peer.id, link: link.id }, "peer link is down");
      this.#endings.get(link)?.(link.ageMs);
      this.#endings.delete(link);
    };
    if (inCall) process.nextTick(() => this.#gate.whenRunning(tell));
    else tell();
  }

  /** The same message for several links, one after the other, is encoded once. */
  #encode(message: PeerMessage): EncodedMessage {
    if (this.#encoded?.message === message) return this.#encoded.as;
    const as = encodePeerMessage(message);
    this.#encoded = { message, as };
    return as;
  }

  #flushLater(link: PeerLink): void {
    this.#corked.push(link);
    this.#flushDue ??= setImmediate(() => {
      this.#flushDue = null;
      this.flush();
    });
  }

  #tell(action: () => void): void {
    this.#gate.whenRunning(() => {
      if (this.#phase !== "killed") action();
    });
  }
}

function keyOf(target: PeerTarget): string {
  return `${target.kind} ${target.id}`;
}

function outcomeOf(error: InterrexError): ProbeOutcome {
  if (isRefusedConnect(error)) return { result: "refused" };
  return error.code === "PEER_REFUSED" ? { result: "reached", identity: null } : { result: "silent" };
}
