/** The other sentinels: their links, their processes, and the newest report of each on each group. */
import type { Millis, SentinelId, StartId } from "../../src/base/ids.ts";
import type { LinkId, PeerIdentity } from "../../src/protocol/peer/identity.ts";
import type { Report } from "../../src/protocol/peer/sentinel-messages.ts";
import type { SentinelSeat } from "./core-config.ts";
import { PEER_SILENCE_MS } from "./timing.ts";

export class SentinelPeer {
  readonly seat: SentinelSeat;
  startId: StartId | null = null;
  lastHeardMs: Millis | null = null;
  /** Links of the present process, the one to speak on last. */
  links: LinkId[] = [];
  readonly reports: Map<string, Report> = new Map();
  /** Which record body has gone over which link, so that it goes once. */
  readonly recordSent: Map<LinkId, Map<string, string>> = new Map();

  constructor(seat: SentinelSeat) {
    this.seat = seat;
  }

  get id(): SentinelId {
    return this.seat.id;
  }

  get link(): LinkId | null {
    return this.links.at(-1) ?? null;
  }

  isHeard(nowMs: Millis): boolean {
    return this.link !== null && this.lastHeardMs !== null && nowMs - this.lastHeardMs < PEER_SILENCE_MS;
  }

  /** Its newest report, if it is heard. */
  report(group: string, nowMs: Millis): Report | null {
    return this.isHeard(nowMs) ? (this.reports.get(group) ?? null) : null;
  }
}

export class SentinelPeers {
  /** All seats but the own one, in the order of their ids. */
  readonly all: readonly SentinelPeer[];
  readonly #byLink = new Map<LinkId, SentinelPeer>();

  constructor(seats: readonly SentinelSeat[], self: SentinelId) {
    this.all = seats
      .filter((seat) => seat.id !== self)
      .map((seat) => new SentinelPeer(seat))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  byId(id: string): SentinelPeer | undefined {
    return this.all.find((peer) => peer.id === id);
  }

  byLink(link: LinkId): SentinelPeer | undefined {
    return this.#byLink.get(link);
  }

  /**
   * Own dialled links are spoken on first; one that the peer has dialled serves while there is no other.
   *
   * @returns links of an earlier process of this peer, to be closed.
   */
  onLinkUp(
    peer: SentinelPeer,
    link: LinkId,
    identity: PeerIdentity,
    dialled: boolean,
    nowMs: Millis,
  ): LinkId[] {
    let stale: LinkId[] = [];
    if (peer.startId !== identity.startId) {
      stale = peer.links;
      for (const old of stale) this.onLinkDown(old);
      peer.startId = identity.startId;
      peer.reports.clear();
    }
    peer.links = dialled ? [...peer.links, link] : [link, ...peer.links];
    peer.lastHeardMs = nowMs;
    this.#byLink.set(link, peer);
    return stale;
  }

  /** @returns whether it was a link of one of them. */
  onLinkDown(link: LinkId): boolean {
    const peer = this.#byLink.get(link);
    if (peer === undefined) return false;
    this.#byLink.delete(link);
    peer.links = peer.links.filter((one) => one !== link);
    peer.recordSent.delete(link);
    return true;
  }

  /** @returns false when a newer one of the same process is known. */
  onReport(peer: SentinelPeer, report: Report): boolean {
    const known = peer.reports.get(report.group);
    if (known !== undefined && known.seq >= report.seq) return false;
    peer.reports.set(report.group, report);
    return true;
  }
}
