/**
 * Makes a standing record known: to those who ask this sentinel, to its subscribers, and to the members.
 * Decides also how long replies to clients are held back while a new master is on its way.
 */
import type { Epoch, Millis } from "../../src/base/ids.ts";
import type { Instant } from "../../src/base/instant.ts";
import {
  compareRecordNumbers,
  type GroupRecord,
  isSameAddress,
  memberOf,
} from "../../src/rules/group-record.ts";
import type { GroupContext } from "./group-context.ts";
import { HOLD_MS_MAX } from "./timing.ts";
import type { HistoryEntry } from "./view.ts";

const HISTORY_MAX = 100;

export class Publication {
  readonly #context: GroupContext;
  #history: HistoryEntry[] = [];
  #holdingSinceMs: Millis | null = null;

  constructor(context: GroupContext) {
    this.#context = context;
  }

  get history(): readonly HistoryEntry[] {
    return this.#history;
  }

  isHolding(nowMs: Millis): boolean {
    return this.#holdingSinceMs !== null && nowMs < this.#holdingSinceMs + HOLD_MS_MAX;
  }

  /** When holding ends even if nothing else happens. */
  holdEndsMs(nowMs: Millis): Millis | undefined {
    return this.#holdingSinceMs !== null && this.isHolding(nowMs)
      ? this.#holdingSinceMs + HOLD_MS_MAX
      : undefined;
  }

  /**
   * Answers clients from `record` from now on.
   *
   * @param tookMs from election to standing; `null` on sentinels that did not lead.
   * @returns false when a newer one, or this one, stands already (S9).
   */
  publish(record: GroupRecord, reason: string, tookMs: Millis | null, now: Instant): boolean {
    const { ledger, outbox, notices, config } = this.#context;
    const before = ledger.standing;
    // Between the first record and the first promotion there is nobody to name.
    if (record.master === null || !ledger.stand(record)) return false;
    outbox.push({ type: "masterChanged", group: config.name, record });
    if (before === null) notices.group("+monitor", `quorum ${config.quorum}`);
    else {
      notices.switched(before, record, this.#hasCrashed(before));
      this.#announceAmendments(before, record);
    }
    if (before === null || before.number.epoch < record.number.epoch) {
      this.#remember(before, record, reason, tookMs, now.wallMs);
      this.#sayPublished(record.number.epoch, now.monoMs);
    }
    this.handOut(now.monoMs);
    return true;
  }

  /** Hands the standing record to every linked member that does not show it. */
  handOut(nowMs: Millis): void {
    const { ledger, watches, outbox, config } = this.#context;
    const record = ledger.standing;
    if (record === null) return;
    for (const { id } of record.members) {
      const watch = watches.get(id);
      if (watch === undefined || watch.link === null || !watch.wantsRecord(record.number, nowMs)) continue;
      watch.handedOut(record.number, nowMs);
      outbox.send(watch.link, { type: "standing", record });
      outbox.send(watch.link, { type: "published", group: config.name, epoch: record.number.epoch });
    }
  }

  /** Holds from the first sign that the published master may be going, until it is well again or replaced. */
  settle(nowMs: Millis): void {
    const { ledger, watches } = this.#context;
    const { standing } = ledger;
    const master = standing?.master == null ? undefined : watches.get(standing.master);
    if (standing === null || master === undefined) return;
    const going = master.link === null || master.down !== null || ledger.votedEpoch > standing.number.epoch;
    if (!going) this.#holdingSinceMs = null;
    else this.#holdingSinceMs ??= nowMs;
  }

  /** Its link has ended, as that of a process that ends does; one that is only silent keeps it for a while. */
  #hasCrashed({ master }: GroupRecord): boolean {
    const watch = master === null ? undefined : this.#context.watches.get(master);
    return watch !== undefined && watch.link === null && watch.down?.cause !== "silence";
  }

  #sayPublished(epoch: Epoch, nowMs: Millis): void {
    const { watches, outbox, config, ledger } = this.#context;
    const record = ledger.standing;
    if (record === null) return;
    for (const { id } of record.members) {
      const watch = watches.get(id);
      // The others get it right after the record itself.
      if (watch === undefined || watch.link === null || watch.wantsRecord(record.number, nowMs)) continue;
      outbox.send(watch.link, { type: "published", group: config.name, epoch });
    }
  }

  #announceAmendments(before: GroupRecord, record: GroupRecord): void {
    const { notices, outbox, config } = this.#context;
    if (compareRecordNumbers(before.number, record.number) >= 0) return;
    if (before.paused !== record.paused) notices.group(record.paused ? "+paused" : "+resumed");
    for (const member of record.members) {
      const was = memberOf(before, member.id);
      // Clients that read from replicas know the old address, or none.
      const isKnown = was !== undefined && isSameAddress(was.client, member.client);
      if (member.id !== record.master && !isKnown) notices.member("+slave", member.id);
      const isNew = member.admitted && (was?.admitted !== true || was.incarnation !== member.incarnation);
      if (!isNew) continue;
      notices.member("+admitted", member.id);
      outbox.log(
        "info",
        "+admitted",
        {
          group: config.name,
          member: member.id,
          incarnation: member.incarnation,
          epoch: record.number.epoch,
        },
        "a caught-up incarnation counts from now on",
      );
    }
  }

  #remember(
    before: GroupRecord | null,
    record: GroupRecord,
    reason: string,
    tookMs: Millis | null,
    atWallMs: number,
  ): void {
    const entry: HistoryEntry = {
      atWallMs,
      epoch: record.number.epoch,
      from: before?.master ?? null,
      to: record.master,
      reason,
      tookMs,
    };
    this.#history = [...this.#history, entry].slice(-HISTORY_MAX);
    this.#context.outbox.log(
      "warn",
      "+switch-master",
      { group: this.#context.config.name, ...entry },
      entry.from === entry.to ? "a new reign, in place" : "a new master is published",
    );
  }
}
