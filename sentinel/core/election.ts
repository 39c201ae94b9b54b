/**
 * The candidate's side: waits its turn, asks whether it would win, then asks for votes in a new epoch.
 * An epoch is only spent on an election that a majority has just said it would carry, so epochs grow slowly.
 */
import { type Epoch, type Millis, nextEpoch, type SentinelId, type StartId } from "../../src/base/ids.ts";
import type { Vote } from "../../src/protocol/peer/sentinel-messages.ts";
import { compareRecordNumbers, type GroupRecord } from "../../src/rules/group-record.ts";
import type { VoteReason } from "../../src/rules/vote-reason.ts";
import { type GroupContext, highestEpochSeen, selfAsLeader, sendToSentinels } from "./group-context.ts";
import type { SentinelPeer } from "./peers.ts";
import { ASK_TIMEOUT_MS, RETRY_DOUBLINGS_MAX, RETRY_MS_MAX, RETRY_MS_MIN } from "./timing.ts";
import { type Testimony, testify, whyNotVote } from "./voter.ts";

/** A vote as the winner goes by it; times are on its own clock. */
export interface CountedVote {
  readonly record: GroupRecord | null;
  readonly leases: readonly { readonly process: StartId | null; readonly endsAtMs: Millis }[];
  readonly dead: readonly StartId[];
}

/** What the winner has been elected for. */
export interface Mandate {
  readonly epoch: Epoch;
  readonly reason: VoteReason;
  readonly atMs: Millis;
  /** The newest record of all voters; every record that ever stood is not newer than it. */
  readonly base: GroupRecord | null;
  readonly votes: Map<SentinelId, CountedVote>;
  /** How many times its usual time each step of the failover may take: twice as many after each failure, as the vote itself. */
  readonly patience: number;
}

type Phase =
  | { readonly step: "idle" }
  | { readonly step: "waiting"; readonly untilMs: Millis }
  | {
      readonly step: "asking";
      readonly pre: boolean;
      readonly epoch: Epoch;
      readonly reason: VoteReason;
      readonly round: number;
      readonly untilMs: Millis;
      readonly votes: Map<SentinelId, CountedVote>;
      readonly denied: Set<SentinelId>;
    };

type Asking = Extract<Phase, { step: "asking" }>;

export class Election {
  readonly #context: GroupContext;
  #phase: Phase = { step: "idle" };
  #round = 0;
  #failures = 0;
  #retryAtMs: Millis = Number.NEGATIVE_INFINITY;
  #won: Mandate | null = null;

  constructor(context: GroupContext) {
    this.#context = context;
  }

  /** The mandate that was won, once. */
  takeMandate(): Mandate | null {
    const won = this.#won;
    this.#won = null;
    return won;
  }

  get deadlineMs(): Millis | undefined {
    return this.#phase.step === "idle" ? undefined : this.#phase.untilMs;
  }

  /** Goes on with what is under way, or begins; `reason` null: there is nothing to ask for now. */
  settle(reason: VoteReason | null, delayMs: Millis, nowMs: Millis): void {
    const phase = this.#phase;
    if (phase.step === "asking") {
      if (nowMs >= phase.untilMs) this.#lose("no majority has answered in time", nowMs);
      // Votes that were asked for in earnest may have been given: only time ends that.
      else if (phase.pre && reason === null) this.#phase = { step: "idle" };
      return;
    }
    if (reason === null) {
      this.#phase = { step: "idle" };
      return;
    }
    if (phase.step === "idle") {
      this.#phase = { step: "waiting", untilMs: Math.max(nowMs + delayMs, this.#retryAtMs) };
    }
    if (this.#phase.step === "waiting" && nowMs >= this.#phase.untilMs) {
      this.#ask(true, reason, nextEpoch(highestEpochSeen(this.#context)), nowMs);
    }
  }

  onVote(peer: SentinelPeer, vote: Vote, nowMs: Millis): void {
    const phase = this.#phase;
    if (phase.step !== "asking" || vote.round !== phase.round || vote.epoch !== phase.epoch) return;
    if (vote.granted) this.#count(peer.id, vote, nowMs);
    else this.#deny(peer.id, vote.why, nowMs);
  }

  /** Its findings have changed: it may say yes now. */
  askAgain(peer: SentinelPeer): void {
    const phase = this.#phase;
    if (phase.step !== "asking" || !phase.pre || phase.votes.has(peer.id) || peer.link === null) return;
    phase.denied.delete(peer.id);
    this.#context.outbox.send(peer.link, this.#question(phase));
  }

  /** The leader that this election made has failed: the next one waits longer. */
  backOff(nowMs: Millis): void {
    const doubled = this.#doubled;
    const spread = this.#context.randomness.next() * (RETRY_MS_MAX - RETRY_MS_MIN);
    this.#failures++;
    this.#retryAtMs = nowMs + (RETRY_MS_MIN + spread) * doubled;
    this.#phase = { step: "idle" };
  }

  /** A new reign stands: whatever failed before is over. */
  forgive(): void {
    this.#failures = 0;
    this.#retryAtMs = Number.NEGATIVE_INFINITY;
  }

  get #doubled(): number {
    return 2 ** Math.min(this.#failures, RETRY_DOUBLINGS_MAX);
  }

  #ask(pre: boolean, reason: VoteReason, epoch: Epoch, nowMs: Millis): void {
    const { self } = this.#context;
    const phase = {
      step: "asking" as const,
      pre,
      epoch,
      reason,
      round: ++this.#round,
      // Votes leave once they are durable: after each that came too late, slow disks get twice the time.
      untilMs: nowMs + ASK_TIMEOUT_MS * (pre ? 1 : this.#doubled),
      votes: new Map<SentinelId, CountedVote>(),
      denied: new Set<SentinelId>(),
    };
    this.#phase = phase;
    const why = whyNotVote(this.#context, self.id, { epoch, reason }, null, nowMs);
    if (why !== null) {
      this.#lose(`would not vote for itself: ${why}`, nowMs);
      return;
    }
    sendToSentinels(this.#context, this.#question(phase));
    if (pre) {
      this.#count(self.id, testify(this.#context, nowMs), nowMs);
      return;
    }
    const { notices, outbox, ledger } = this.#context;
    notices.group("+try-failover");
    outbox.notice({ channel: "+new-epoch", epoch });
    outbox.notice({ channel: "+vote-for-leader", leader: self.id, epoch });
    // Until this is won or lost: a vote for another one now would end its reign before it begins.
    this.#context.signs.note(epoch, self.id, Number.POSITIVE_INFINITY);
    // What it knows counts from now on: from here it grants no lease below this epoch.
    const testimony = testify(this.#context, nowMs);
    ledger.vote(epoch, selfAsLeader(this.#context), (now) => {
      if (this.#phase === phase) this.#count(self.id, testimony, nowMs, now.monoMs);
    });
  }

  #question(phase: Asking) {
    return {
      type: "askVote" as const,
      group: this.#context.config.name,
      epoch: phase.epoch,
      leader: selfAsLeader(this.#context),
      reason: phase.reason,
      pre: phase.pre,
      round: phase.round,
    };
  }

  #count(voter: SentinelId, testimony: Testimony, saidAtMs: Millis, nowMs: Millis = saidAtMs): void {
    const phase = this.#phase;
    if (phase.step !== "asking") return;
    phase.votes.set(voter, countedVote(testimony, saidAtMs));
    if (!this.#context.rules.isMajority(phase.votes.size, this.#context.sentinels)) return;
    if (phase.pre) {
      this.#ask(false, phase.reason, phase.epoch, nowMs);
      return;
    }
    this.#phase = { step: "idle" };
    this.#context.signs.note(phase.epoch, this.#context.self.id, nowMs);
    this.#context.notices.group("+elected-leader");
    this.#won = {
      epoch: phase.epoch,
      reason: phase.reason,
      atMs: nowMs,
      base: newestRecord([
        this.#context.ledger.stored,
        ...[...phase.votes.values()].map((vote) => vote.record),
      ]),
      votes: phase.votes,
      patience: this.#doubled,
    };
  }

  #deny(voter: SentinelId, why: string, nowMs: Millis): void {
    const phase = this.#phase;
    if (phase.step !== "asking") return;
    phase.denied.add(voter);
    this.#context.outbox.log(
      "debug",
      "vote.denied",
      { group: this.#context.config.name, epoch: phase.epoch, voter, pre: phase.pre, why },
      "a sentinel did not vote for this one",
    );
    // A "not yet" may turn into a yes with the voter's next report; a vote in earnest may not.
    if (!phase.pre && !this.#canBeWon(phase)) this.#lose("too many have refused", nowMs);
  }

  /** By those that have voted for it and those that were asked and may: who waits for others disturbs an election that can be won. */
  #canBeWon({ votes, denied }: Asking): boolean {
    const { peers, rules, sentinels } = this.#context;
    const others = peers.all.filter(({ id, link }) => votes.has(id) || (link !== null && !denied.has(id)));
    return rules.isMajority(1 + others.length, sentinels);
  }

  #lose(why: string, nowMs: Millis): void {
    const phase = this.#phase;
    if (phase.step === "asking" && !phase.pre) {
      this.#context.signs.gone(phase.epoch, this.#context.self.id);
      this.#context.notices.group("-failover-abort-not-elected");
      this.#context.outbox.log(
        "warn",
        "election.lost",
        { group: this.#context.config.name, epoch: phase.epoch, reason: phase.reason, why },
        "not elected",
      );
    }
    this.backOff(nowMs);
  }
}

/** What a voter has said `leftMs` of is counted from the moment its word was received: never too short. */
export function countedVote(testimony: Testimony, saidAtMs: Millis): CountedVote {
  return {
    record: testimony.record,
    leases: testimony.leases.map(({ process, leftMs }) => ({ process, endsAtMs: saidAtMs + leftMs })),
    dead: testimony.dead,
  };
}

function newestRecord(records: readonly (GroupRecord | null)[]): GroupRecord | null {
  let newest: GroupRecord | null = null;
  for (const record of records) {
    if (record !== null && (newest === null || compareRecordNumbers(record.number, newest.number) > 0)) {
      newest = record;
    }
  }
  return newest;
}
