/**
 * The master's lease: the time until which a majority of the sentinels will not promote another master on
 * their own word. It belongs to one epoch, one process and one link, and dies with any of them.
 */
import type { Epoch, Millis } from "../../base/ids.ts";
import type { LinkId } from "../../protocol/peer/identity.ts";
import type { Ping } from "../../protocol/peer/node-messages.ts";
import type { ReplicationRules } from "../../rules/replication-rules.ts";

/** Pongs that a sentinel has not named yet; older ones are useless once there are this many. */
const PONGS_REMEMBERED_MAX = 64;

interface Grant {
  readonly sentinel: string;
  /** When each pong not yet named was sent, by its number. */
  readonly pongSentMs: Map<number, Millis>;
  endsMs: Millis;
}

export class MasterLease {
  readonly #rules: ReplicationRules;
  readonly #grants = new Map<LinkId, Grant>();
  #sentinels = 0;
  #heldUntilMs: Millis = 0;
  /** Given up for a switchover: no ping renews it until it is taken back. */
  #givenUp = false;

  constructor(rules: ReplicationRules) {
    this.#rules = rules;
  }

  holds(nowMs: Millis): boolean {
    return nowMs < this.#heldUntilMs;
  }

  /** Takes a sentinel's ping: it may name a pong, and so extend the lease from that sentinel. */
  onPing(link: LinkId, sentinel: string, ping: Ping, epoch: Epoch, nowMs: Millis): void {
    // Only of the set that gives this reign its leases: another one may watch the same nodes by mistake.
    if (ping.leaseEpoch === epoch) this.#sentinels = ping.sentinels;
    const grant = this.#grantOf(link, sentinel);
    const sentMs = grant.pongSentMs.get(ping.sawPong);
    for (const seq of grant.pongSentMs.keys()) {
      if (seq <= ping.sawPong) grant.pongSentMs.delete(seq);
    }
    if (ping.leaseEpoch !== epoch) grant.endsMs = 0;
    else if (sentMs !== undefined) grant.endsMs = this.#rules.leaseEndsMs(sentMs, ping.downAfterMs, nowMs);
    this.#recount();
  }

  /** Remembers when a pong left; only what is sent as master of the current epoch may be named later. */
  onPongSent(link: LinkId, sentinel: string, seq: number, nowMs: Millis): void {
    const pongs = this.#grantOf(link, sentinel).pongSentMs;
    pongs.set(seq, nowMs);
    if (pongs.size > PONGS_REMEMBERED_MAX) {
      const oldest = pongs.keys().next();
      if (!oldest.done) pongs.delete(oldest.value);
    }
  }

  onLinkDown(link: LinkId): void {
    const grant = this.#grants.get(link);
    if (grant === undefined) return;
    grant.endsMs = this.#rules.leaseAfterLinkEndsMs(grant.endsMs);
    if (grant.endsMs <= 0) this.#grants.delete(link);
    this.#recount();
  }

  giveUp(): void {
    this.#givenUp = true;
    this.#recount();
  }

  takeBack(): void {
    this.#givenUp = false;
    this.#recount();
  }

  /** A new epoch or role, or a jump of the clock: everything granted so far is void. */
  void(): void {
    this.#grants.clear();
    this.#givenUp = false;
    this.#recount();
  }

  #grantOf(link: LinkId, sentinel: string): Grant {
    let grant = this.#grants.get(link);
    if (grant === undefined) {
      grant = { sentinel, pongSentMs: new Map(), endsMs: 0 };
      this.#grants.set(link, grant);
    }
    return grant;
  }

  #recount(): void {
    if (this.#givenUp) {
      this.#heldUntilMs = 0;
      return;
    }
    // One sentinel may have two links for a moment: it counts once, with its longer lease.
    const endsBySentinel = new Map<string, Millis>();
    for (const grant of this.#grants.values()) {
      endsBySentinel.set(grant.sentinel, Math.max(grant.endsMs, endsBySentinel.get(grant.sentinel) ?? 0));
    }
    this.#heldUntilMs = this.#rules.leaseHeldUntilMs([...endsBySentinel.values()], this.#sentinels);
  }
}
