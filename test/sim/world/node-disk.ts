/**
 * A data node's disk: what was written, what of it is synced, and what each kind of end leaves. A process crash takes
 * nothing that was written; a power cut takes what was not synced; a wipe takes all. A record that has rotted is found
 * when it is read, as its CRC would tell. It delays nothing: the node does.
 */
import { invariant } from "../../../src/base/errors.ts";
import {
  EPOCH_ZERO,
  type Epoch,
  type IncarnationId,
  OFFSET_ZERO,
  type Offset,
} from "../../../src/base/ids.ts";
import type { Randomness } from "../../../src/base/randomness.ts";
import type { DroppedLog, ReplacedTail } from "../../../src/core/member-io.ts";
import { decodeMemberState } from "../../../src/core/member-state.ts";
import { RecordCursor } from "../../../src/protocol/record.ts";
import { cutHistory, type EpochHistory, extendHistory } from "../../../src/rules/epoch-history.ts";
import { judgeIncarnation, type PreviousLife } from "../../../src/rules/incarnation.ts";
import { EMPTY_POSITION, type LogPosition } from "../../../src/rules/log-position.ts";

/** `memory`: nothing outlives the process. */
export type FsyncPolicy = "always" | "everysec" | "no" | "memory";

export interface DiskRecord {
  readonly epoch: Epoch;
  readonly bytes: Buffer;
}

export interface DiskSnapshot {
  readonly position: LogPosition;
  readonly history: EpochHistory;
  readonly chunks: readonly Buffer[];
}

export function bytesOf({ chunks }: DiskSnapshot): number {
  return chunks.reduce((bytes, chunk) => bytes + chunk.length, 0);
}

/** Records kept for replicas that are being brought up, at most. */
const RETAINED_MAX = 200;

/** All that lies on a disk, as a backup would have it. */
export interface DiskCopy {
  readonly state: Buffer | null;
  readonly promiseEpoch: Epoch;
  readonly snapshot: DiskSnapshot | null;
  readonly last: LogPosition;
  readonly history: EpochHistory;
  readonly synced: Offset;
  readonly records: ReadonlyMap<Offset, DiskRecord>;
  readonly first: Offset;
  readonly identity: PreviousLife | null;
}

/** What a start finds. */
export interface FoundOnDisk {
  readonly incarnation: IncarnationId;
  readonly doubts: readonly IncarnationId[];
  readonly logBytes: number;
}

export class NodeDisk {
  readonly policy: FsyncPolicy;
  state: Buffer | null = null;
  /** Epoch of the durable promise. */
  promiseEpoch: Epoch = EPOCH_ZERO;
  snapshot: DiskSnapshot | null = null;
  last: LogPosition = EMPTY_POSITION;
  history: EpochHistory = [];
  /** Everything up to here outlives a power cut. */
  synced: Offset = OFFSET_ZERO;
  readonly #name: string;
  readonly #logKeep: number;
  #records = new Map<Offset, DiskRecord>();
  #first: Offset = 1 as Offset;
  /** Records after it are kept for replicas. */
  #retainedAfter: Offset | null = null;
  #identity: PreviousLife | null = null;
  #incarnations = 0;
  /** The next start will begin a new incarnation. */
  #inDoubt = false;
  /** A record whose bytes are not what was written. */
  #rotten: Offset | null = null;
  /** After such an end what was not synced may be anything: write-back has no order. */
  #mayCut = false;

  /** @param logKeep records kept behind a snapshot, for partial syncs. */
  constructor(name: string, policy: FsyncPolicy, logKeep: number) {
    this.#name = name;
    this.policy = policy;
    this.#logKeep = logKeep;
  }

  /** `null` where there is none that the next start would go on with. */
  get incarnation(): IncarnationId | null {
    return this.#inDoubt ? null : (this.#identity?.incarnation ?? null);
  }

  record(offset: Offset): DiskRecord | undefined {
    return this.#records.get(offset);
  }

  /** Up to here a record may be acknowledged, by the policy. */
  get ackable(): Offset {
    return this.policy === "always" ? this.synced : this.last.offset;
  }

  /** @returns `null` for damage that nothing explains: the start is refused. */
  open(bootId: string): FoundOnDisk | null {
    this.#retainedAfter = null;
    if (!this.#repair()) return null;
    const verdict = judgeIncarnation(
      this.#identity === null ? { contents: "nothing" } : { contents: "whole", previous: this.#identity },
      bootId,
    );
    const incarnation = verdict.decision === "keep" ? verdict.incarnation : this.#newIncarnation();
    const { policy } = this;
    this.#inDoubt = false;
    this.#identity = {
      incarnation,
      doubts: verdict.doubts,
      cleanStop: false,
      bootId,
      appendfsync: policy === "memory" ? "no" : policy,
      voidedBy: null,
    };
    if (policy === "always" || policy === "everysec") this.synced = this.last.offset;
    return { incarnation, doubts: verdict.doubts, logBytes: this.#records.size * 40 };
  }

  /** Damages a record that lies on the disk. What it will cost is known when it is read. */
  rot(randomness: Randomness): void {
    const held = [...this.#records.keys()];
    if (held.length === 0 || this.policy === "memory") return;
    this.#rotten = held[randomness.below(held.length)] as Offset;
  }

  /** It may be of no use at its next start. */
  get isDamaged(): boolean {
    return this.#rotten !== null && this.#records.has(this.#rotten);
  }

  /** A write or a sync has failed: its bytes can't be trusted, and what acknowledged them is void. */
  fail(randomness: Randomness): void {
    if (this.policy === "memory") return this.wipe();
    if (this.#identity !== null) this.#identity = { ...this.#identity, voidedBy: "EIO" };
    this.#inDoubt = true;
    this.#loseUnsynced(randomness);
  }

  append(bytes: Buffer): void {
    const cursor = new RecordCursor(bytes);
    while (cursor.next()) {
      invariant(cursor.offset === this.last.offset + 1, "S3: records are appended without gaps");
      this.#records.set(cursor.offset, {
        epoch: cursor.epoch,
        bytes: bytes.subarray(cursor.start, cursor.end),
      });
      this.last = { epoch: cursor.epoch, offset: cursor.offset };
      this.history = extendHistory(this.history, cursor.epoch, cursor.offset);
    }
  }

  sync(upTo: Offset): void {
    const end = Math.min(upTo, this.last.offset) as Offset;
    if (end > this.synced) this.synced = end;
  }

  /** Durable on return. Below the snapshot all goes, unless the log reaches back to record 1. */
  cut(last: LogPosition): void {
    let kept = last;
    if (this.snapshot !== null && last.offset < this.snapshot.position.offset) {
      if (this.#first > 1) kept = EMPTY_POSITION;
      this.snapshot = null;
    }
    this.#cutTo(kept.offset);
    this.last = kept;
    this.synced = Math.min(this.synced, kept.offset) as Offset;
  }

  saveState(state: Buffer): void {
    this.state = state;
    this.promiseEpoch = decodeMemberState(state).promise.epoch;
  }

  /** What is there of the records after `after` stays, whatever snapshot stands. */
  retain(after: Offset | null): void {
    this.#retainedAfter = after === null ? null : (Math.max(after, this.#first - 1) as Offset);
    if (this.snapshot !== null) this.#dropBehind(this.snapshot.position.offset);
  }

  /** What a log that is about to be replaced has after `lastKept`: it is as good as kept, nobody reads it back. */
  replacedTail(lastKept: Offset): ReplacedTail {
    let bytes = 0;
    for (const [offset, record] of this.#records) if (offset > lastKept) bytes += record.bytes.length;
    return { file: bytes > 0 ? "kept" : null, bytes, firstOffset: this.#first };
  }

  /** @returns what could not be kept for replicas. */
  commitSnapshot(kind: "own" | "received", snapshot: DiskSnapshot): DroppedLog | null {
    this.snapshot = snapshot;
    const { offset } = snapshot.position;
    if (kind === "received") {
      this.#records = new Map();
      this.#first = (offset + 1) as Offset;
      this.last = snapshot.position;
      this.history = snapshot.history;
      this.synced = offset;
      return null;
    }
    // What a standing snapshot covers does not need its records.
    this.synced = Math.max(this.synced, offset) as Offset;
    const retained = this.#retainedAfter;
    const bytes = this.last.offset - (retained ?? this.last.offset);
    if (bytes > RETAINED_MAX) this.#retainedAfter = null;
    this.#dropBehind(offset);
    const isGone = retained !== null && retained + 1 < this.#first;
    return isGone ? { firstOffset: this.#first, bytes, why: "limit" } : null;
  }

  /** `null`: gone; empty: yet to come; `rotten`: its CRC fails. */
  readLog(from: Offset, bytesMax: number): Buffer | null | "rotten" {
    if (from < this.#first) return null;
    const parts: Buffer[] = [];
    let bytes = 0;
    for (let at = from; at <= this.last.offset && bytes < bytesMax; at = (at + 1) as Offset) {
      const record = this.#records.get(at);
      invariant(record !== undefined, `the log has a hole at ${at}`);
      if (at === this.#rotten) return "rotten";
      parts.push(record.bytes);
      bytes += record.bytes.length;
    }
    return Buffer.concat(parts);
  }

  startIncarnation(): IncarnationId {
    invariant(this.#identity !== null, "a disk in use has an identity");
    const incarnation = this.#newIncarnation();
    this.#identity = { ...this.#identity, incarnation, doubts: [] };
    return incarnation;
  }

  /** The process stopped in good order. */
  closeCleanly(): void {
    this.synced = this.last.offset;
    if (this.#identity !== null) this.#identity = { ...this.#identity, cleanStop: true };
  }

  /** The process is gone, its machine goes on. */
  processCrashed(): void {
    if (this.policy === "memory") this.wipe();
  }

  /** The machine lost its power: of what was not synced some first part may have been written back. */
  powerCut(randomness: Randomness): void {
    if (this.policy === "memory") return this.wipe();
    this.#inDoubt ||= this.policy !== "always" && this.#identity?.cleanStop === false;
    this.#loseUnsynced(randomness);
  }

  #loseUnsynced(randomness: Randomness): void {
    this.#mayCut = true;
    const kept = this.synced + randomness.below(this.last.offset - this.synced + 1);
    if (kept >= this.last.offset) return;
    this.#cutTo(kept as Offset);
    this.last = this.#endPosition(kept as Offset);
  }

  copy(): DiskCopy {
    const { state, promiseEpoch, snapshot, last, history, synced } = this;
    const [records, first, identity] = [new Map(this.#records), this.#first, this.#identity];
    return { state, promiseEpoch, snapshot, last, history, synced, records, first, identity };
  }

  /** Nothing else is left: what came after the copy is gone without a trace. */
  putBack(copy: DiskCopy): void {
    this.wipe();
    this.state = copy.state;
    this.promiseEpoch = copy.promiseEpoch;
    this.snapshot = copy.snapshot;
    this.last = copy.last;
    this.history = copy.history;
    this.synced = copy.synced;
    this.#records = new Map(copy.records);
    this.#first = copy.first;
    this.#identity = copy.identity;
  }

  wipe(): void {
    this.state = null;
    this.promiseEpoch = EPOCH_ZERO;
    this.discard();
    this.#identity = null;
    this.#rotten = null;
    this.#inDoubt = false;
  }

  /** Sabotage: the old state goes before the new one is there. */
  discard(): void {
    this.snapshot = null;
    this.last = EMPTY_POSITION;
    this.history = [];
    this.synced = OFFSET_ZERO;
    this.#records = new Map();
    this.#first = 1 as Offset;
  }

  /** Cuts where a reboot explains the damage. @returns false where nothing does. */
  #repair(): boolean {
    const mayCut = this.#mayCut;
    this.#mayCut = false;
    if (this.#rotten === null || !this.#records.has(this.#rotten)) {
      this.#rotten = null;
      return true;
    }
    if (!mayCut || this.#rotten <= this.synced) return false;
    const kept = (this.#rotten - 1) as Offset;
    this.#rotten = null;
    this.#cutTo(kept);
    this.last = this.#endPosition(kept);
    return true;
  }

  #endPosition(offset: Offset): LogPosition {
    if (offset === OFFSET_ZERO) return EMPTY_POSITION;
    const record = this.#records.get(offset);
    if (record !== undefined) return { epoch: record.epoch, offset };
    const base = this.snapshot?.position ?? EMPTY_POSITION;
    invariant(base.offset === offset, "the log ends at a record or at its snapshot");
    return base;
  }

  #cutTo(offset: Offset): void {
    for (let at = this.last.offset; at > offset; at = (at - 1) as Offset) this.#records.delete(at);
    if (this.#first > offset + 1) this.#first = (offset + 1) as Offset;
    this.history = cutHistory(this.history, offset);
  }

  #dropBehind(offset: Offset): void {
    const end = Math.min(offset - this.#logKeep, this.#retainedAfter ?? offset);
    while (this.#first <= end) {
      this.#records.delete(this.#first);
      this.#first = (this.#first + 1) as Offset;
    }
  }

  #newIncarnation(): IncarnationId {
    this.#incarnations++;
    return `${this.#name}-i${this.#incarnations}` as IncarnationId;
  }
}
