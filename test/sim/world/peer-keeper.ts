/**
 * Keeps one dialled link to each target of a process, as `PeerNetwork` does: dial, live, dial again with back-off.
 * Numbers the links and tells of each end once. What a failed dial means is for the cores to judge.
 */
import type { Millis, StartId } from "../../../src/base/ids.ts";
import type { Randomness } from "../../../src/base/randomness.ts";
import { DEFAULT_PEER_LIMITS } from "../../../src/io/peer/peer-limits.ts";
import type { PeerMessage } from "../../../src/protocol/peer/codec.ts";
import type { LinkId, PeerIdentity, PeerTarget, ProbeOutcome } from "../../../src/protocol/peer/identity.ts";
import type { EventQueue } from "./event-queue.ts";
import type { Connection, Network, Receiver } from "./network.ts";
import type { SimProcess } from "./sim-process.ts";

/** The process behind the links, in its present life. */
export interface PeerHost {
  readonly process: SimProcess;
  readonly identity: PeerIdentity;
  linkUp(link: LinkId, peer: PeerIdentity, dialled: boolean): void;
  linkDown(link: LinkId): void;
  message(link: LinkId, message: PeerMessage): void;
}

/** Finds who listens at an address; `keeper` is `null` while nobody does. */
export interface PeerDirectory {
  processOf(url: string): SimProcess | undefined;
  keeperOf(url: string): PeerKeeper | null;
}

interface Kept {
  readonly target: PeerTarget;
  link: LinkId | null;
  /** Raised to make a redial that is waiting void. */
  attempt: number;
  waiting: boolean;
  backOffMs: Millis;
  stopped: boolean;
}

/** `null` is a sign of life. */
type Said = PeerMessage | null;

interface Live {
  readonly connection: Connection<Said>;
  readonly peer: PeerIdentity;
  readonly kept: Kept | null;
  readonly upAtMs: Millis;
  told: boolean;
  /** Since the last look for a sign of life. */
  heard: boolean;
  said: boolean;
  silentLooks: number;
}

const { redialMsMin, redialMsMax, stableMs, handshakeMsMax, probeMsMax, lifeEveryMs, silentLooksMax } =
  DEFAULT_PEER_LIMITS;

export class PeerKeeper {
  readonly #queue: EventQueue;
  readonly #network: Network;
  readonly #randomness: Randomness;
  readonly #directory: PeerDirectory;
  readonly #host: PeerHost;
  readonly #life: number;
  readonly #kept = new Map<string, Kept>();
  readonly #links = new Map<LinkId, Live>();
  #lastLink: LinkId = 0;

  constructor(
    world: { queue: EventQueue; network: Network; randomness: Randomness; directory: PeerDirectory },
    host: PeerHost,
  ) {
    this.#queue = world.queue;
    this.#network = world.network;
    this.#randomness = world.randomness;
    this.#directory = world.directory;
    this.#host = host;
    this.#life = host.process.life;
  }

  get startId(): StartId {
    return this.#host.identity.startId;
  }

  get identity(): PeerIdentity {
    return this.#host.identity;
  }

  setTargets(targets: readonly PeerTarget[]): void {
    const wanted = new Map(targets.map((target) => [`${target.kind} ${target.id}`, target]));
    for (const [key, kept] of this.#kept) {
      if (wanted.get(key)?.url === kept.target.url) continue;
      this.#kept.delete(key);
      kept.stopped = true;
      if (kept.link !== null) this.closeLink(kept.link);
    }
    for (const [key, target] of wanted) {
      const isSelf = target.kind === this.identity.kind && target.id === this.identity.id;
      if (isSelf || this.#kept.has(key)) continue;
      const kept: Kept = {
        target,
        link: null,
        attempt: 0,
        waiting: false,
        backOffMs: redialMsMin,
        stopped: false,
      };
      this.#kept.set(key, kept);
      this.#dial(kept);
    }
  }

  /** Who is at the other end; `null` when the link is gone. */
  peerOf(link: LinkId): PeerIdentity | null {
    return this.#links.get(link)?.peer ?? null;
  }

  send(link: LinkId, message: PeerMessage): void {
    const live = this.#links.get(link);
    if (live === undefined) return;
    live.said = true;
    live.connection.send(message);
  }

  closeLink(link: LinkId): void {
    this.#links.get(link)?.connection.close();
  }

  probe(target: PeerTarget, tell: (outcome: ProbeOutcome) => void): void {
    const to = this.#directory.processOf(target.url);
    // Nobody has that address any more, and nobody says so.
    if (to === undefined) {
      this.#later(probeMsMax, () => tell({ result: "silent" }));
      return;
    }
    this.#network.dial<Said>(this.#host.process, to, {
      timeoutMs: probeMsMax,
      accept: () => SILENT,
      connected: (connection) => {
        connection.close();
        const identity = this.#directory.keeperOf(target.url)?.identity ?? null;
        // Who answers under another name than it was dialled by is turned away in the handshake.
        tell({ result: "reached", identity: identity?.id === target.id ? identity : null });
        return SILENT;
      },
      failed: (why) => tell({ result: why }),
    });
  }

  /** Somebody dialled in. */
  accept(connection: Connection<Said>, peer: PeerIdentity): Receiver<Said> {
    const receiver = this.#adopt(connection, peer, null);
    const kept = this.#kept.get(`${peer.kind} ${peer.id}`);
    // Whoever dials in can be dialled.
    if (kept?.waiting === true) this.#dial(kept);
    return receiver;
  }

  #dial(kept: Kept): void {
    kept.waiting = false;
    kept.attempt++;
    const { target } = kept;
    const to = this.#directory.processOf(target.url);
    if (to === undefined) return this.#redialLater(kept);
    let acceptor: PeerIdentity | null = null;
    this.#network.dial<Said>(this.#host.process, to, {
      timeoutMs: handshakeMsMax,
      accept: (connection) => {
        const keeper = this.#directory.keeperOf(target.url);
        if (keeper === null || keeper.identity.id !== target.id) {
          connection.close();
          return SILENT;
        }
        acceptor = keeper.identity;
        return keeper.accept(connection, this.identity);
      },
      connected: (connection) => {
        if (kept.stopped || acceptor === null) {
          connection.close();
          if (!kept.stopped) this.#redialLater(kept);
          return SILENT;
        }
        return this.#adopt(connection, acceptor, kept);
      },
      failed: () => this.#redialLater(kept),
    });
  }

  #redialLater(kept: Kept): void {
    if (kept.stopped) return;
    kept.waiting = true;
    const { attempt } = kept;
    const delayMs = kept.backOffMs * (1 + this.#randomness.next());
    kept.backOffMs = Math.min(redialMsMax, 2 * kept.backOffMs);
    this.#later(delayMs, () => {
      if (kept.waiting && kept.attempt === attempt) this.#dial(kept);
    });
  }

  #later(delayMs: Millis, action: () => void): void {
    this.#queue.after(delayMs, () => this.#host.process.deliver(this.#life, action));
  }

  #adopt(connection: Connection<Said>, peer: PeerIdentity, kept: Kept | null): Receiver<Said> {
    const link = ++this.#lastLink;
    const live: Live = {
      connection,
      peer,
      kept,
      upAtMs: this.#queue.nowMs,
      told: false,
      heard: true,
      said: true,
      silentLooks: 0,
    };
    this.#links.set(link, live);
    if (kept !== null) kept.link = link;
    this.#host.linkUp(link, peer, kept !== null);
    this.#lookForLifeLater(live);
    return {
      message: (message) => {
        live.heard = true;
        if (message !== null) this.#host.message(link, message);
      },
      down: () => this.#onDown(link, live),
    };
  }

  /** As `PeerLink.lookForLife`; who has said something anyway need not give a sign, which saves events. */
  #lookForLifeLater(live: Live): void {
    this.#later(lifeEveryMs, () => {
      if (live.told) return;
      live.silentLooks = live.heard ? 0 : live.silentLooks + 1;
      live.heard = false;
      if (live.silentLooks === silentLooksMax) return live.connection.close();
      if (!live.said) live.connection.send(null);
      live.said = false;
      this.#lookForLifeLater(live);
    });
  }

  #onDown(link: LinkId, live: Live): void {
    if (live.told) return;
    live.told = true;
    this.#links.delete(link);
    const { kept } = live;
    if (kept !== null) kept.link = null;
    this.#host.linkDown(link);
    if (kept === null || kept.stopped) return;
    if (this.#queue.nowMs - live.upAtMs >= stableMs) {
      kept.backOffMs = redialMsMin;
      this.#dial(kept);
    } else this.#redialLater(kept);
  }
}

const SILENT: Receiver<Said> = { message: () => {}, down: () => {} };
