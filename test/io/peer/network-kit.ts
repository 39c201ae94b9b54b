/** Peer networks on free ports for tests: what they tell and log is recorded and can be awaited. */
import { afterEach } from "vitest";
import type { Epoch, StartId } from "../../../src/base/ids.ts";
import { createLogger } from "../../../src/io/logger.ts";
import type { PeerLimits } from "../../../src/io/peer/peer-limits.ts";
import { PeerNetwork } from "../../../src/io/peer/peer-network.ts";
import type { PeerMessage } from "../../../src/protocol/peer/codec.ts";
import type { LinkId, PeerIdentity, PeerTarget, ProbeOutcome } from "../../../src/protocol/peer/identity.ts";
import type { Beat } from "../../../src/protocol/peer/node-messages.ts";

export type Told =
  | { readonly what: "linkUp"; readonly link: LinkId; readonly peer: PeerIdentity; readonly dialled: boolean }
  | { readonly what: "linkDown"; readonly link: LinkId; readonly peer: PeerIdentity }
  | { readonly what: "message"; readonly link: LinkId; readonly message: PeerMessage }
  | { readonly what: "probed"; readonly target: PeerTarget; readonly outcome: ProbeOutcome };

type ToldOf<What extends Told["what"]> = Extract<Told, { what: What }>;

export interface Options {
  readonly kind?: "node" | "sentinel";
  readonly startId?: string;
  readonly secret?: string | null;
  readonly host?: string;
  readonly port?: number;
  readonly limits?: Partial<PeerLimits>;
}

export class TestPeer {
  readonly identity: PeerIdentity;
  readonly network: PeerNetwork;
  readonly told: Told[] = [];
  readonly logged: Record<string, unknown>[] = [];
  healthy = true;
  /** How often it was asked for its metrics. */
  metricsAsked = 0;
  port = 0;
  #awaited: (() => void)[] = [];
  #read = 0;

  constructor(id: string, options: Options = {}) {
    this.identity = {
      kind: options.kind ?? "node",
      id,
      startId: (options.startId ?? `start-of-${id}`) as StartId,
    };
    const tell = (told: Told): void => {
      this.told.push(told);
      this.#wake();
    };
    this.network = new PeerNetwork({
      self: this.identity,
      host: options.host ?? "127.0.0.1",
      port: options.port ?? 0,
      secret: options.secret === undefined ? "a secret" : options.secret,
      logger: createLogger({
        level: "debug",
        id,
        destination: {
          write: (line: string) => {
            this.logged.push(JSON.parse(line));
            this.#wake();
          },
        },
      }),
      handler: {
        linkUp: (link, peer, dialled) => tell({ what: "linkUp", link, peer, dialled }),
        linkDown: (link, peer) => tell({ what: "linkDown", link, peer }),
        message: (link, message) => tell({ what: "message", link, message }),
        probed: (target, outcome) => tell({ what: "probed", target, outcome }),
      },
      health: () => ({ ok: this.healthy, body: { role: "none" } }),
      metrics: () => {
        this.metricsAsked += 1;
        return "interrex_up 1\n";
      },
      // Generous, as the machine may be slow; who tests silence asks for less.
      limits: { probeMsMax: 10_000, ...options.limits },
    });
  }

  get target(): PeerTarget {
    return { kind: this.identity.kind, id: this.identity.id, url: `ws://127.0.0.1:${this.port}` };
  }

  /** The next event of this kind that no earlier call has returned; skips others. */
  async next<What extends Told["what"]>(what: What): Promise<ToldOf<What>> {
    for (;;) {
      while (this.#read < this.told.length) {
        const told = this.told[this.#read++];
        if (told?.what === what) return told as ToldOf<What>;
      }
      await this.#somethingNew();
    }
  }

  async log(event: string): Promise<Record<string, unknown>> {
    for (;;) {
      const line = this.logged.find((each) => each.event === event);
      if (line !== undefined) return line;
      await this.#somethingNew();
    }
  }

  count(what: Told["what"]): number {
    return this.told.filter((each) => each.what === what).length;
  }

  #somethingNew(): Promise<void> {
    return new Promise((resolve) => this.#awaited.push(resolve));
  }

  #wake(): void {
    const awaited = this.#awaited;
    this.#awaited = [];
    for (const resolve of awaited) resolve();
  }
}

let peers: TestPeer[] = [];

afterEach(() => {
  for (const peer of peers) peer.network.kill();
  peers = [];
});

export async function startPeer(id: string, options: Options = {}): Promise<TestPeer> {
  const peer = new TestPeer(id, options);
  peers.push(peer);
  peer.port = (await peer.network.listen()).port;
  return peer;
}

export interface Linked {
  readonly dialler: TestPeer;
  readonly answerer: TestPeer;
  /** The link as each side numbers it. */
  readonly diallerLink: LinkId;
  readonly answererLink: LinkId;
}

/** `n1` has dialled `n2`. */
export async function startLinked(options: Options = {}): Promise<Linked> {
  const dialler = await startPeer("n1", options);
  const answerer = await startPeer("n2", options);
  dialler.network.setTargets([answerer.target]);
  const { link: diallerLink } = await dialler.next("linkUp");
  const { link: answererLink } = await answerer.next("linkUp");
  return { dialler, answerer, diallerLink, answererLink };
}

export function beat(epoch: number): Beat {
  return { type: "beat", epoch: epoch as Epoch };
}

/** Resolves after everything that this turn of the event loop and the loopback still hold has been handled. */
export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
