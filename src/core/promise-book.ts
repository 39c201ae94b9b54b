/**
 * The member's durable state and what waits for it: nothing that rests on a promise is said before that promise
 * is saved (S4, S5).
 */
import type { Epoch, GroupId } from "../base/ids.ts";
import type { LinkId } from "../protocol/peer/identity.ts";
import type { MemberPromise } from "../protocol/peer/node-messages.ts";
import { compareRecordNumbers, type GroupRecord, type Leader } from "../rules/group-record.ts";
import type { MemberOutbox } from "./member-io.ts";
import { encodeMemberState, type MemberState } from "./member-state.ts";

/** What is done once the state that it rests on is durable. */
export type AfterSave =
  | { readonly type: "answerSeal"; readonly link: LinkId; readonly epoch: Epoch }
  | { readonly type: "answerFollow"; readonly link: LinkId; readonly epoch: Epoch }
  /** The follower of that epoch may ask and acknowledge. */
  | { readonly type: "allowFollower"; readonly epoch: Epoch };

export class PromiseBook {
  readonly #outbox: MemberOutbox;
  #state: MemberState;
  #version = 0;
  #savedVersion = 0;
  #dirty = false;
  #waiting: { readonly version: number; readonly action: AfterSave }[] = [];

  constructor(outbox: MemberOutbox, state: MemberState) {
    this.#outbox = outbox;
    this.#state = state;
  }

  get promise(): MemberPromise {
    return this.#state.promise;
  }

  get groupId(): GroupId | null {
    return this.#state.groupId;
  }

  get record(): GroupRecord | null {
    return this.#state.record;
  }

  /** The rule `mayPromise` has said yes. */
  raise(epoch: Epoch, leader: Leader): void {
    if (epoch === this.promise.epoch) return;
    this.#change({ promise: { epoch, leader } });
  }

  joinGroup(groupId: GroupId): void {
    if (this.groupId !== groupId) this.#change({ groupId });
  }

  /** Keeps the newest record. @returns true when this one is it. */
  keepRecord(record: GroupRecord): boolean {
    const known = this.record;
    if (known !== null && compareRecordNumbers(record.number, known.number) <= 0) return false;
    this.#change({ record });
    return true;
  }

  /** Has `action` come back from `onSaved` once everything changed so far is durable. */
  afterSave(action: AfterSave): void {
    this.#waiting.push({ version: this.#version, action });
  }

  /** Ends a step: asks for one save of all that changed. @returns actions that need not wait. */
  commit(): AfterSave[] {
    if (this.#dirty) {
      this.#dirty = false;
      this.#outbox.push({
        type: "saveState",
        version: this.#version,
        state: encodeMemberState(this.#state),
      });
    }
    return this.#due();
  }

  onSaved(version: number): AfterSave[] {
    if (version > this.#savedVersion) this.#savedVersion = version;
    return this.#due();
  }

  #due(): AfterSave[] {
    if (this.#waiting.length === 0) return [];
    const due = this.#waiting.filter(({ version }) => version <= this.#savedVersion);
    if (due.length > 0) this.#waiting = this.#waiting.filter(({ version }) => version > this.#savedVersion);
    return due.map(({ action }) => action);
  }

  #change(change: Partial<MemberState>): void {
    this.#state = { ...this.#state, ...change };
    if (!this.#dirty) this.#version++;
    this.#dirty = true;
  }
}
