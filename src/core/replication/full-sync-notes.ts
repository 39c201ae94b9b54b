/** Tells the log of one full sync, in the same words on both sides: that it began, and what came of it. Decides nothing. */
import type { Epoch, MemberId, Millis } from "../../base/ids.ts";
import type { LogPosition } from "../../rules/log-position.ts";
import type { MemberOutbox } from "../member-io.ts";

/** The one at the other end, and the reign in which it happens. */
export type FullSyncParties = { readonly epoch: Epoch } & (
  | { readonly master: MemberId }
  | { readonly replica: MemberId }
);

export class FullSyncNotes {
  readonly #outbox: MemberOutbox;
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #begunAtMs: Millis;
  #bytes = 0;
  #over = false;

  constructor(outbox: MemberOutbox, parties: FullSyncParties, position: LogPosition, nowMs: Millis) {
    this.#outbox = outbox;
    this.#fields = { ...parties, snapshotEpoch: position.epoch, offset: position.offset };
    this.#begunAtMs = nowMs;
    outbox.log(
      "info",
      "full-sync-begun",
      this.#fields,
      "a full sync begins: the log does not reach back far enough",
    );
  }

  carried(bytes: number): void {
    this.#bytes += bytes;
  }

  done(nowMs: Millis): void {
    if (this.#over) return;
    this.#over = true;
    const cost = { bytes: this.#bytes, ms: Math.round(nowMs - this.#begunAtMs) };
    this.#outbox.log("info", "full-sync-done", { ...this.#fields, ...cost }, "the full sync is done");
  }

  /** Nothing more comes of it; after `done` it is no news. */
  broke(): void {
    if (this.#over) return;
    this.#over = true;
    const cost = { bytes: this.#bytes };
    this.#outbox.log("warn", "full-sync-broken", { ...this.#fields, ...cost }, "the full sync broke off");
  }
}
