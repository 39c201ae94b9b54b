/** A member's disk that is only memory, and what carries out a member's storage effects on it. */
import { InvariantError } from "../../../src/base/errors.ts";
import type { Epoch, IncarnationId, Offset } from "../../../src/base/ids.ts";
import type { MemberEffect, MemberInput, SnapshotKind } from "../../../src/core/member-io.ts";
import type { LinkId } from "../../../src/protocol/peer/identity.ts";
import { RecordCursor } from "../../../src/protocol/record.ts";
import { cutHistory, type EpochHistory, extendHistory } from "../../../src/rules/epoch-history.ts";
import { EMPTY_POSITION, type LogPosition } from "../../../src/rules/log-position.ts";

interface StoredRecord {
  readonly epoch: Epoch;
  readonly bytes: Buffer;
}

/** What outlives a crash of the member. */
export class TestDisk {
  readonly records: Map<Offset, StoredRecord> = new Map();
  firstOffset = 1 as Offset;
  last: LogPosition = EMPTY_POSITION;
  history: EpochHistory = [];
  state: Buffer | null = null;
  snapshot: { position: LogPosition; history: EpochHistory; chunks: Buffer[] } | null = null;
  readonly rollbacks: LogPosition[] = [];
  retainedAfter: Offset | null = null;
  incarnation: IncarnationId;
  /** What reboots have made of it. */
  doubts: readonly IncarnationId[] = [];

  readonly id: string;

  constructor(id: string) {
    this.id = id;
    this.incarnation = `${id}-i1` as IncarnationId;
  }
}

/** Carries out storage effects at once; what there is to answer goes to `answer`, in order. Others are nothing to it. */
export class TestStorage {
  readonly #disk: TestDisk;
  readonly #answer: (input: MemberInput) => void;
  #writing: { kind: SnapshotKind; position: LogPosition; history: EpochHistory; chunks: Buffer[] } | null =
    null;
  readonly #streams = new Map<LinkId, Buffer[]>();

  constructor(disk: TestDisk, answer: (input: MemberInput) => void) {
    this.#disk = disk;
    this.#answer = answer;
  }

  /** Snapshots that are being read for replicas. */
  get openStreams(): number {
    return this.#streams.size;
  }

  carryOut(effect: MemberEffect): void {
    const disk = this.#disk;
    switch (effect.type) {
      case "append": {
        const cursor = new RecordCursor(effect.bytes);
        while (cursor.next()) {
          disk.records.set(cursor.offset, {
            epoch: cursor.epoch,
            bytes: effect.bytes.subarray(cursor.start, cursor.end),
          });
          disk.last = { epoch: cursor.epoch, offset: cursor.offset };
          disk.history = extendHistory(disk.history, cursor.epoch, cursor.offset);
        }
        this.#answer({ type: "persisted", lastOffset: effect.lastOffset });
        break;
      }
      case "cut":
        for (const offset of disk.records.keys())
          if (offset > effect.last.offset) disk.records.delete(offset);
        disk.history = cutHistory(disk.history, effect.last.offset);
        disk.last = effect.last;
        disk.rollbacks.push(effect.last);
        break;
      case "saveState": {
        const { state, version } = effect;
        disk.state = state;
        this.#answer({ type: "stateSaved", version });
        break;
      }
      case "readLog": {
        const { link, from } = effect;
        const read: MemberInput = {
          type: "logRead",
          link,
          from,
          bytes: disk.records.get(from)?.bytes ?? null,
        };
        this.#answer(read);
        break;
      }
      case "retainLog":
        disk.retainedAfter = effect.after;
        break;
      case "loadSnapshot":
        for (const bytes of disk.snapshot?.chunks ?? []) this.#answer({ type: "snapshotLoad", bytes });
        this.#answer({ type: "snapshotLoaded", position: disk.snapshot?.position ?? EMPTY_POSITION });
        break;
      case "openSnapshot":
        this.#streams.set(effect.link, [...(disk.snapshot?.chunks ?? [])]);
        this.#answer({ type: "snapshotOpened", link: effect.link, snapshot: disk.snapshot });
        break;
      case "readSnapshot": {
        const bytes = this.#streams.get(effect.link)?.shift() ?? null;
        this.#answer({ type: "snapshotRead", link: effect.link, bytes });
        break;
      }
      case "closeSnapshot":
        this.#streams.delete(effect.link);
        break;
      case "beginSnapshot":
        this.#writing = { ...effect, chunks: [] };
        break;
      case "writeSnapshot":
        if (this.#writing === null) break;
        this.#writing.chunks.push(effect.bytes);
        this.#answer({ type: "snapshotWritten", kind: this.#writing.kind });
        break;
      case "commitSnapshot":
        this.#commitSnapshot(effect.keepAfter);
        break;
      case "startIncarnation":
        disk.incarnation = `${disk.id}-i${disk.incarnation.slice(-1)}+` as IncarnationId;
        this.#answer({ type: "incarnationStarted", incarnation: disk.incarnation });
        break;
      default:
        break;
    }
  }

  #commitSnapshot(keepAfter: LogPosition | null): void {
    const disk = this.#disk;
    if (keepAfter !== null) disk.rollbacks.push(keepAfter);
    const rollback =
      keepAfter === null
        ? null
        : { file: "kept", bytes: 1, firstOffset: Math.min(...disk.records.keys()) as Offset };
    const snapshot = this.#writing;
    this.#writing = null;
    if (snapshot === null) throw new InvariantError("no snapshot is being written");
    disk.snapshot = snapshot;
    if (snapshot.kind === "received") {
      disk.records.clear();
      disk.last = snapshot.position;
      disk.history = snapshot.history;
    } else {
      const end = Math.min(snapshot.position.offset, disk.retainedAfter ?? snapshot.position.offset);
      for (const offset of disk.records.keys()) if (offset <= end) disk.records.delete(offset);
    }
    const { kind, position, chunks } = snapshot;
    const bytes = Buffer.concat(chunks).length;
    this.#answer({ type: "snapshotCommitted", kind, position, bytes, rollback });
  }
}
