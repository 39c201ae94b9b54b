/** The links of a member: who is at the other end, and when each peer was last heard. Decides nothing. */
import type { MemberId, Millis } from "../base/ids.ts";
import type { LinkId, PeerIdentity } from "../protocol/peer/identity.ts";

export interface PeerLink {
  readonly link: LinkId;
  readonly peer: PeerIdentity;
  /** This side dialled it: a follower asks on such a link. */
  readonly dialled: boolean;
}

export class PeerLinks {
  readonly #links = new Map<LinkId, PeerLink>();
  readonly #heardMs = new Map<MemberId, Millis>();

  up(link: PeerLink): void {
    this.#links.set(link.link, link);
  }

  down(link: LinkId): PeerLink | undefined {
    const known = this.#links.get(link);
    this.#links.delete(link);
    return known;
  }

  get(link: LinkId): PeerLink | undefined {
    return this.#links.get(link);
  }

  sentinels(): PeerLink[] {
    return [...this.#links.values()].filter(({ peer }) => peer.kind === "sentinel");
  }

  /** The link that this side keeps to that member. */
  dialledTo(id: MemberId): LinkId | undefined {
    for (const { link, peer, dialled } of this.#links.values()) {
      if (dialled && peer.kind === "node" && peer.id === id) return link;
    }
    return undefined;
  }

  /** @returns the dialled links to the members to which none of `spokenOn` leads, whoever dialled that one. */
  unheardMembers(spokenOn: ReadonlySet<LinkId>): LinkId[] {
    const spokenTo = new Set<string>();
    for (const link of spokenOn) {
      const peer = this.#links.get(link)?.peer;
      if (peer?.kind === "node") spokenTo.add(peer.id);
    }
    const unheard: LinkId[] = [];
    for (const { link, peer, dialled } of this.#links.values()) {
      if (dialled && peer.kind === "node" && !spokenTo.has(peer.id)) unheard.push(link);
    }
    return unheard;
  }

  heard(id: MemberId, nowMs: Millis): void {
    this.#heardMs.set(id, nowMs);
  }

  heardSince(sinceMs: Millis): MemberId[] {
    const heard: MemberId[] = [];
    for (const [id, atMs] of this.#heardMs) if (atMs >= sinceMs) heard.push(id);
    return heard;
  }
}
