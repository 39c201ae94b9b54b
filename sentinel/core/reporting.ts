/** Tells the other sentinels what this one holds and thinks: at once what they wait for, and all of it as a heartbeat. */
import type { Epoch, Millis } from "../../src/base/ids.ts";
import type { LinkId } from "../../src/protocol/peer/identity.ts";
import type { Report } from "../../src/protocol/peer/sentinel-messages.ts";
import { compareRecordNumbers } from "../../src/rules/group-record.ts";
import type { VoteReason } from "../../src/rules/vote-reason.ts";
import type { GroupContext } from "./group-context.ts";
import type { SentinelPeer } from "./peers.ts";
import { LEADER_REPORT_PERIOD_MS, reportPeriodMs } from "./timing.ts";

type Body = Omit<Report, "seq" | "record">;

export class Reporting {
  readonly #context: GroupContext;
  readonly #periodMs: Millis;
  readonly #leaderPeriodMs: Millis;
  #seq = 0;
  #said: Body | null = null;
  #dueMs: Millis = Number.NEGATIVE_INFINITY;

  constructor(context: GroupContext) {
    this.#context = context;
    const { downAfterMs } = context.config;
    this.#periodMs = reportPeriodMs(downAfterMs);
    this.#leaderPeriodMs = Math.min(LEADER_REPORT_PERIOD_MS, this.#periodMs);
  }

  get deadlineMs(): Millis {
    return this.#dueMs;
  }

  /** Reports to everyone if they must hear of a change now, or if it is time. */
  settle(finds: readonly VoteReason[], leading: Epoch | null, nowMs: Millis): void {
    const body = this.#body(finds, leading);
    if (nowMs < this.#dueMs && this.#said !== null && !isUrgent(body, this.#said)) return;
    this.#said = body;
    this.#dueMs = this.#nextDueMs(leading !== null, nowMs);
    for (const peer of this.#context.peers.all) {
      if (peer.link !== null) this.#send(peer, peer.link, body);
    }
  }

  /** To one peer whose link has just come up. */
  introduce(peer: SentinelPeer, link: LinkId, finds: readonly VoteReason[], leading: Epoch | null): void {
    this.#send(peer, link, this.#body(finds, leading));
  }

  /** Gives a peer that shows an older record than ours the newer one, once over each link. */
  catchUp(peer: SentinelPeer, link: LinkId, finds: readonly VoteReason[], leading: Epoch | null): void {
    const record = this.#recordFor(peer, link);
    if (record === null) return;
    this.#context.outbox.send(link, { ...this.#body(finds, leading), seq: ++this.#seq, record });
  }

  /** With the last pings before it is time, so that this process wakes once for both. */
  #nextDueMs(leads: boolean, nowMs: Millis): Millis {
    const latestMs = nowMs + (leads ? this.#leaderPeriodMs : this.#periodMs);
    const beatMs = this.#context.beat.upTo(latestMs);
    return beatMs > nowMs ? beatMs : latestMs;
  }

  #body(finds: readonly VoteReason[], leading: Epoch | null): Body {
    const { config, self, ledger } = this.#context;
    return {
      type: "report",
      group: config.name,
      membership: self.membership,
      client: self.client,
      blank: ledger.blank,
      votedEpoch: ledger.votedEpoch,
      stored: ledger.saved?.number ?? null,
      learnt: ledger.learnt?.number ?? null,
      master: ledger.stored?.master ?? null,
      finds,
      leading,
    };
  }

  #send(peer: SentinelPeer, link: LinkId, body: Body): void {
    this.#context.outbox.send(link, { ...body, seq: ++this.#seq, record: this.#recordFor(peer, link) });
  }

  /** The record's body, where the peer does not show that it has it and it has not gone over this link. */
  #recordFor(peer: SentinelPeer, link: LinkId): Report["record"] {
    const { ledger, config } = this.#context;
    const group = config.name;
    const report = peer.reports.get(group);
    if (report === undefined) return null;
    // A blank sentinel can't take part without it, even if nobody holds it any more.
    const record = ledger.saved ?? (report.blank ? ledger.learnt : null);
    if (record === null) return null;
    if (report.stored !== null && compareRecordNumbers(report.stored, record.number) >= 0) return null;
    const sent = peer.recordSent.get(link) ?? new Map<string, string>();
    peer.recordSent.set(link, sent);
    const number = `${record.number.epoch}.${record.number.seq}`;
    if (sent.get(group) === number) return null;
    sent.set(group, number);
    return record;
  }
}

/**
 * Whether others can't wait for the next heartbeat: what it finds of the master, who leads, who takes part. What a failover
 * changes beside these reaches its leader in answers; said to all at once, it took the machine's time from the failover.
 * Looked at after every event, so it builds nothing.
 */
function isUrgent(now: Body, said: Body): boolean {
  return (
    now.blank !== said.blank ||
    now.leading !== said.leading ||
    !sameNumber(now.learnt, said.learnt) ||
    !findsTheSame(now, said)
  );
}

/** Of one and the same master; of another one there is something to say only where something is wrong. */
function findsTheSame(now: Body, said: Body): boolean {
  if (now.master !== said.master) return now.finds.length === 0;
  return now.finds.length === said.finds.length && now.finds.every((reason, at) => reason === said.finds[at]);
}

function sameNumber(a: Body["stored"], b: Body["stored"]): boolean {
  if (a === null || b === null) return a === b;
  return compareRecordNumbers(a, b) === 0;
}
