/**
 * What one sentinel knows of one data node: its link, its pongs, its newest word, and whether it is held down.
 * Computes; the group decides what follows from it.
 */
import type { MemberId, Millis, StartId } from "../../src/base/ids.ts";
import type { LinkId, PeerTarget, ProbeOutcome } from "../../src/protocol/peer/identity.ts";
import type { NodeStatus } from "../../src/protocol/peer/node-messages.ts";
import { type CommittedMark, raiseMark } from "../../src/rules/committed-mark.ts";
import type { ElectionRules } from "../../src/rules/election-rules.ts";
import { compareRecordNumbers, type RecordNumber } from "../../src/rules/group-record.ts";
import type { Beat } from "./beat.ts";
import { CrashProbe, type ProbeVerdict } from "./crash-probe.ts";
import { earliest, HAND_OUT_AGAIN_MS } from "./timing.ts";

/** Leases and votes speak of processes that died lately only. */
const DEAD_REMEMBERED_MAX = 4;

interface HeldDown {
  readonly sinceMs: Millis;
  readonly cause: "silence" | "crash";
}

export class MemberWatch {
  readonly id: MemberId;
  url: string;
  /** The present link, `null` while there is none. */
  link: LinkId | null = null;
  /** The process last linked or reached. */
  process: StartId | null = null;
  down: HeldDown | null = null;
  /** Newest word of itself, perhaps of an earlier link. */
  status: NodeStatus | null = null;
  statusAtMs: Millis | null = null;
  /** How many committed records its log held, where its newest word shows fewer. As far as this sentinel has heard since its own start. */
  heldBefore: number | null = null;
  /** The process of which was said that it shows less than before. */
  warnedOf: StartId | null = null;
  /** Sent over the present link since the last pong. */
  unansweredPings = 0;
  /** When the first ping since the last pong was sent, over whatever link. */
  unansweredSinceMs: Millis | null = null;
  lastPongAtMs: Millis | null = null;
  /** Newest pong of the present link; 0 for none. */
  sawPong = 0;
  /** When `sawPong` was received. */
  sawPongAtMs: Millis = 0;
  #statusLink: LinkId | null = null;
  #pings = 0;
  #nextPingAtMs: Millis = Number.NEGATIVE_INFINITY;
  #confirmNextPong = false;
  #freshSinceMs: Millis;
  #probe: CrashProbe | null = null;
  #mark: CommittedMark | null = null;
  #dead: StartId[] = [];
  #handedOut: { readonly number: RecordNumber; readonly atMs: Millis } | null = null;
  readonly #downAfterMs: Millis;
  readonly #beat: Beat;
  readonly #rules: ElectionRules;

  constructor(
    target: { id: MemberId; url: string },
    downAfterMs: Millis,
    beat: Beat,
    rules: ElectionRules,
    nowMs: Millis,
  ) {
    this.id = target.id;
    this.url = target.url;
    this.#downAfterMs = downAfterMs;
    this.#beat = beat;
    this.#rules = rules;
    this.#freshSinceMs = nowMs;
  }

  get target(): PeerTarget {
    return { kind: "node", id: this.id, url: this.url };
  }

  /** Its word over the present link by the present process; `null` when there is none yet. */
  get current(): NodeStatus | null {
    return this.link !== null && this.#statusLink === this.link ? this.status : null;
  }

  /** Linked, heard over this link, and not held down. */
  get answers(): boolean {
    return this.current !== null && this.down === null;
  }

  get dead(): readonly StartId[] {
    return this.#dead;
  }

  isDead(process: StartId): boolean {
    return this.#dead.includes(process);
  }

  /** @returns true when the process is another one than before: that one is dead. This one is not, whatever the evidence was. */
  onLinkUp(link: LinkId, process: StartId): boolean {
    this.#dead = this.#dead.filter((each) => each !== process);
    const restarted = this.process !== null && this.process !== process;
    if (restarted && this.process !== null) this.#bury(this.process);
    this.link = link;
    this.process = process;
    this.#probe = null;
    this.#pings = 0;
    this.sawPong = 0;
    this.#confirmNextPong = false;
    this.#handedOut = null;
    return restarted;
  }

  onLinkDown(crashEvidence: boolean, nowMs: Millis): void {
    this.link = null;
    this.unansweredPings = 0;
    if (crashEvidence && this.process !== null) this.#probe = new CrashProbe(this.process, nowMs);
  }

  /** @returns what the outcome proves, `none` when nothing was asked any more. */
  onProbed(outcome: ProbeOutcome, nowMs: Millis): ProbeVerdict {
    if (this.#probe === null) return "none";
    const verdict = this.#probe.onOutcome(outcome, nowMs);
    if (verdict !== "pending") this.#probe = null;
    if ((verdict === "dead" || verdict === "restarted") && this.process !== null) this.#bury(this.process);
    return verdict;
  }

  takeProbe(nowMs: Millis): boolean {
    return this.#probe?.takeAttempt(nowMs) ?? false;
  }

  onStatus(status: NodeStatus, nowMs: Millis): void {
    this.#mark = raiseMark(this.#mark, status);
    this.heldBefore = this.#rules.hasGoneBack(this.#mark, status) ? this.#mark.committed : null;
    this.status = status;
    this.statusAtMs = nowMs;
    this.#statusLink = this.link;
  }

  /** @returns true when the next ping must name this pong at once. */
  onPong(seq: number, nowMs: Millis): boolean {
    this.lastPongAtMs = nowMs;
    this.unansweredPings = 0;
    this.unansweredSinceMs = null;
    if (seq > this.sawPong && seq <= this.#pings) {
      this.sawPong = seq;
      this.sawPongAtMs = nowMs;
    }
    const confirm = this.#confirmNextPong && seq === this.#pings;
    if (confirm) this.#confirmNextPong = false;
    return confirm;
  }

  pingIsDue(nowMs: Millis): boolean {
    return this.link !== null && nowMs >= this.#nextPingAtMs;
  }

  /** @returns the number of the ping to be sent now. */
  takePing(nowMs: Millis, confirmPong: boolean): number {
    this.unansweredPings += 1;
    this.unansweredSinceMs ??= nowMs;
    this.#nextPingAtMs = this.#beat.after(nowMs);
    if (confirmPong) this.#confirmNextPong = true;
    return ++this.#pings;
  }

  /** Silence so far proves nothing: this sentinel itself was not running. */
  freshen(nowMs: Millis): void {
    this.#freshSinceMs = nowMs;
  }

  isSilent(nowMs: Millis): boolean {
    const sincePongMs = this.lastPongAtMs === null ? null : nowMs - this.lastPongAtMs;
    return this.#rules.isSilent(sincePongMs, nowMs - this.#freshSinceMs, this.#downAfterMs);
  }

  /** Whether to hand it the record now: it does not show it, and was not handed it lately over this link. */
  wantsRecord(number: RecordNumber, nowMs: Millis): boolean {
    if (this.link === null) return false;
    const handed = this.#handedOut;
    if (handed === null || compareRecordNumbers(handed.number, number) < 0) return true;
    if (nowMs - handed.atMs < HAND_OUT_AGAIN_MS) return false;
    const status = this.current;
    if (status === null || status.promise.epoch > number.epoch) return false;
    return (
      status.record === null ||
      compareRecordNumbers(status.record, number) < 0 ||
      status.roleEpoch < number.epoch
    );
  }

  handedOut(number: RecordNumber, nowMs: Millis): void {
    this.#handedOut = { number, atMs: nowMs };
  }

  deadlineMs(): Millis | undefined {
    const nextPingMs = this.link === null ? undefined : this.#nextPingAtMs;
    const silentAtMs =
      this.down === null
        ? Math.max(this.lastPongAtMs ?? this.#freshSinceMs, this.#freshSinceMs) + this.#downAfterMs
        : undefined;
    return earliest(nextPingMs, silentAtMs, this.#probe?.deadlineMs);
  }

  #bury(process: StartId): void {
    if (this.#dead.includes(process)) return;
    this.#dead = [...this.#dead, process].slice(-DEAD_REMEMBERED_MAX);
  }
}
