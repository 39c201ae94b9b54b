/** The network between processes: links that deliver in order, dials, probes, and cuts that swallow all silently. */
import type { LinkId, PeerIdentity, PeerTarget, ProbeOutcome } from "../../../src/protocol/peer/identity.ts";
import type { NodeToSentinel, SentinelToNode } from "../../../src/protocol/peer/node-messages.ts";
import type { SentinelMessage } from "../../../src/protocol/peer/sentinel-messages.ts";
import type { Processes } from "./processes.ts";

const LATENCY_MS = 0.25;
const REDIAL_MS = 50;

export type AnyMessage = NodeToSentinel | SentinelToNode | SentinelMessage;

interface Link {
  readonly id: LinkId;
  readonly from: string;
  readonly to: string;
  up: boolean;
  lostSomething: boolean;
}

/** Who is at the ends of the links. */
export interface WireEnds {
  identity(id: string): PeerIdentity;
  /** Whom that one keeps a link to; `undefined` for all others. */
  targetOf(from: string, to: string): PeerTarget | undefined;
  linkUp(id: string, link: LinkId, peer: PeerIdentity, dialled: boolean): void;
  linkDown(id: string, link: LinkId, peer: string): void;
  message(id: string, link: LinkId, from: string, message: AnyMessage): void;
  probed(id: string, target: PeerTarget, outcome: ProbeOutcome): void;
  /** Told of everything that goes out, also of what is lost. */
  sent(from: string, to: string, message: AnyMessage): void;
}

export class Wires {
  readonly #processes: Processes;
  readonly #ends: WireEnds;
  readonly #links = new Map<LinkId, Link>();
  readonly #cut = new Set<string>();
  readonly #refused = new Set<string>();
  #nextLink = 1;

  constructor(processes: Processes, ends: WireEnds) {
    this.#processes = processes;
    this.#ends = ends;
  }

  /** Cuts all between the two sides, silently. */
  cut(one: readonly string[], other: readonly string[]): void {
    for (const a of one) for (const b of other) this.#cut.add(pair(a, b));
  }

  /** Resets its links and refuses connects in its place, as a firewall may do while it runs. */
  refuse(id: string): void {
    this.#refused.add(id);
    for (const link of [...this.#links.values()]) {
      if (link.up && (link.from === id || link.to === id)) this.#break(link, null);
    }
  }

  /** Links that have lost something break; the others never notice. */
  heal(): void {
    this.#cut.clear();
    this.#refused.clear();
    for (const link of [...this.#links.values()]) {
      if (link.up && link.lostSomething) this.#break(link, null);
    }
  }

  /** Whether `to` runs and hears what `from` says. */
  reaches(from: string, to: string): boolean {
    if (this.#refused.has(from) || this.#refused.has(to)) return false;
    return this.#processes.isRunning(to) && !this.#cut.has(pair(from, to));
  }

  linksTo(id: string): { readonly link: LinkId; readonly peer: string }[] {
    return [...this.#links.values()]
      .filter((link) => link.up && link.to === id)
      .map((link) => ({ link: link.id, peer: link.from }));
  }

  linkBetween(from: string, to: string): LinkId | undefined {
    return [...this.#links.values()].find((one) => one.up && one.from === from && one.to === to)?.id;
  }

  /** The process is gone: its links break at the other ends. */
  onEnd(id: string): void {
    for (const link of [...this.#links.values()]) {
      if (link.up && (link.from === id || link.to === id)) this.#break(link, id);
    }
  }

  close(linkId: LinkId, by: string): void {
    const link = this.#links.get(linkId);
    if (link?.up === true) this.#break(link, by);
  }

  send(from: string, linkId: LinkId, message: AnyMessage): void {
    const link = this.#links.get(linkId);
    if (link === undefined || !link.up) return;
    const to = link.from === from ? link.to : link.from;
    this.#ends.sent(from, to, message);
    if (this.#cut.has(pair(from, to))) {
      link.lostSomething = true;
      return;
    }
    this.#processes.afterInLife(to, LATENCY_MS, () => {
      if (link.up) this.#processes.deliver(to, () => this.#ends.message(to, linkId, from, message));
    });
  }

  /** Again and again until it answers. */
  dial(from: string, target: PeerTarget): void {
    this.#processes.afterInLife(from, LATENCY_MS * 2, () => {
      if (!this.#processes.isRunning(from) || !this.reaches(from, target.id)) this.#redial(from, target);
      else this.#connect(from, target.id);
    });
  }

  probe(from: string, target: PeerTarget): void {
    this.#processes.afterInLife(from, LATENCY_MS * 2, () => {
      const outcome = this.#probeNow(from, target);
      this.#processes.deliver(from, () => this.#ends.probed(from, target, outcome));
    });
  }

  #probeNow(from: string, target: PeerTarget): ProbeOutcome {
    const { alive, paused } = this.#processes.of(target.id);
    if (this.#cut.has(pair(from, target.id)) || paused) return { result: "silent" };
    if (!alive || this.#refused.has(target.id)) return { result: "refused" };
    return { result: "reached", identity: this.#ends.identity(target.id) };
  }

  #redial(from: string, target: PeerTarget): void {
    this.#processes.afterInLife(from, REDIAL_MS, () => this.dial(from, target));
  }

  #connect(from: string, to: string): void {
    const link: Link = { id: this.#nextLink++, from, to, up: true, lostSomething: false };
    this.#links.set(link.id, link);
    for (const [id, peer] of [[from, to] as const, [to, from] as const]) {
      this.#processes.deliver(id, () =>
        this.#ends.linkUp(id, link.id, this.#ends.identity(peer), id === from),
      );
    }
  }

  #break(link: Link, by: string | null): void {
    link.up = false;
    this.#links.delete(link.id);
    for (const end of [link.from, link.to]) {
      if (!this.#processes.of(end).alive || end === by) continue;
      const peer = end === link.from ? link.to : link.from;
      this.#processes.afterInLife(end, LATENCY_MS, () =>
        this.#processes.deliver(end, () => this.#ends.linkDown(end, link.id, peer)),
      );
    }
    const target = this.#ends.targetOf(link.from, link.to);
    if (this.#processes.of(link.from).alive && target !== undefined) this.#redial(link.from, target);
  }
}

function pair(a: string, b: string): string {
  return a < b ? `${a}|${b}` : `${b}|${a}`;
}
