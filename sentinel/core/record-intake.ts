/**
 * Takes records of the group into the ledger, whoever sends them, and learns what a blank sentinel must know before its
 * word is worth anything. Does not judge whether a record stands.
 */
import { EPOCH_ZERO, type Epoch, type Millis } from "../../src/base/ids.ts";
import type { LinkId } from "../../src/protocol/peer/identity.ts";
import type { Store } from "../../src/protocol/peer/sentinel-messages.ts";
import { compareRecordNumbers, type GroupRecord } from "../../src/rules/group-record.ts";
import { type GroupContext, isMasterOf } from "./group-context.ts";
import { pingMaster } from "./heartbeat.ts";

export class RecordIntake {
  readonly #context: GroupContext;
  /** While this sentinel is blank: the newest record that it has been told of. */
  #heardOf: GroupRecord | null = null;
  /** The greatest epoch that anybody was heard to have voted in or to hold a record of. */
  #floor: Epoch = EPOCH_ZERO;

  constructor(context: GroupContext) {
    this.#context = context;
  }

  /** A leader asks for it to be stored; the answer follows once it is durable, or at once. */
  onStore(link: LinkId, store: Store, nowMs: Millis): void {
    const { ledger, outbox, config } = this.#context;
    const { number } = store.record;
    const stored = (ok: boolean) =>
      ({ type: "stored", group: config.name, number, ok, votedEpoch: ledger.votedEpoch }) as const;
    const taken = this.take(store.record, nowMs, () => outbox.send(link, stored(true)));
    if (taken) return;
    const held = ledger.saved !== null && compareRecordNumbers(ledger.saved.number, number) === 0;
    outbox.send(link, stored(held));
  }

  /**
   * Storing a new epoch's record makes this sentinel's lease go to its master, which is pinged at once.
   * @returns whether the ledger takes it. @param then once it is durable.
   */
  take(record: GroupRecord, nowMs: Millis, then: () => void = () => {}): boolean {
    const { ledger, config } = this.#context;
    if (record.name !== config.name) return false;
    if (ledger.blank) {
      const known = this.#heardOf;
      if (known === null || compareRecordNumbers(record.number, known.number) > 0) this.#heardOf = record;
      return false;
    }
    const before = ledger.storedEpoch;
    if (!ledger.store(record, nowMs, then)) return false;
    if (ledger.storedEpoch !== before) this.#onNewEpoch(nowMs);
    return true;
  }

  /** Blankness ends once every other's voted epoch and newest record are known. */
  settle(nowMs: Millis): void {
    const { ledger, peers, config, rules } = this.#context;
    if (!ledger.blank) return;
    const reports = peers.all.map((peer) => peer.report(config.name, nowMs));
    const heard = reports.filter((report) => report !== null);
    // Also of those who have lost their state since.
    for (const { votedEpoch, stored } of heard) {
      this.#floor = Math.max(this.#floor, votedEpoch, stored?.epoch ?? 0) as Epoch;
    }
    if (heard.length < reports.length) return;
    const newest = this.#heardOf;
    const isVirgin = newest === null && this.#floor === 0;
    const othersWithoutState = heard.filter((report) => report.blank).length;
    if (!isVirgin && !rules.mayTakePart(othersWithoutState)) return;
    const isNewest = heard
      .flatMap((report) => [report.stored, report.learnt])
      .every(
        (number) => number === null || (newest !== null && compareRecordNumbers(newest.number, number) >= 0),
      );
    if (!isNewest) return;
    this.#heardOf = null;
    ledger.takePart(this.#floor, newest, nowMs);
    if (newest !== null) this.#onNewEpoch(nowMs);
  }

  #onNewEpoch(nowMs: Millis): void {
    const { ledger, watches, masterProcess } = this.#context;
    const { stored } = ledger;
    const watch = stored?.master == null ? undefined : watches.get(stored.master);
    const status = watch?.current ?? null;
    if (stored !== null && status !== null && isMasterOf(stored, status)) {
      masterProcess.see(stored.number.epoch, status.startId);
    }
    pingMaster(this.#context, nowMs);
  }
}
