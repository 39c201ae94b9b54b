/**
 * Carries out a member's storage effects on its disk, each with the delay that a disk has, and answers as the real
 * storage does. Ends with the process: what was under way is then lost, or was just done.
 */
import { invariant } from "../../../src/base/errors.ts";
import type { Millis, Offset } from "../../../src/base/ids.ts";
import type { Randomness } from "../../../src/base/randomness.ts";
import type { MemberEffect, MemberInput, SnapshotKind } from "../../../src/core/member-io.ts";
import type { LinkId } from "../../../src/protocol/peer/identity.ts";
import type { EpochHistory } from "../../../src/rules/epoch-history.ts";
import { EMPTY_POSITION, type LogPosition } from "../../../src/rules/log-position.ts";
import { bytesOf, type DiskSnapshot, type NodeDisk } from "./node-disk.ts";
import type { Sabotage } from "./sabotage.ts";

export type StorageEffect = Extract<
  MemberEffect,
  {
    type:
      | "append"
      | "cut"
      | "saveState"
      | "readLog"
      | "retainLog"
      | "loadSnapshot"
      | "openSnapshot"
      | "readSnapshot"
      | "closeSnapshot"
      | "beginSnapshot"
      | "writeSnapshot"
      | "commitSnapshot"
      | "abortSnapshot"
      | "startIncarnation";
  }
>;

export interface DiskSpeed {
  /** One sync. */
  readonly syncMs: Millis;
  /** One read or buffered write. */
  readonly touchMs: Millis;
  /** Everything takes so many times as long; changed by faults. */
  slowness: number;
}

/** The node's present life. */
export interface StorageOwner {
  input(input: MemberInput): void;
  /** Runs later, unless the life is over; waits while the process is stopped. */
  later(delayMs: Millis, action: () => void): void;
  /** The disk works on while the process is stopped; nothing happens once the life is over. */
  meanwhile(delayMs: Millis, action: () => void): void;
  /** The disk can't be trusted any more: the process stops. */
  failed(): void;
  /** Told right before a snapshot takes the place of what was. */
  snapshotStands(kind: SnapshotKind, position: LogPosition): void;
}

interface Writing {
  readonly kind: SnapshotKind;
  readonly position: LogPosition;
  readonly history: EpochHistory;
  readonly chunks: Buffer[];
  failed: boolean;
}

const WRITE_REPORT_MS: Millis = 0.02;
const SYNC_EVERY_MS: Millis = 1000;

export class NodeStorage {
  readonly #disk: NodeDisk;
  readonly #speed: DiskSpeed;
  readonly #owner: StorageOwner;
  readonly #randomness: Randomness;
  readonly #sabotage: Sabotage;
  readonly #streams = new Map<LinkId, Buffer[]>();
  #states: { readonly version: number; readonly state: Buffer }[] = [];
  #syncing: Offset | null = null;
  #reporting = false;
  #writing: Writing | null = null;
  /** Steps of the snapshot being written, one after the other. */
  #chain: (() => void)[] = [];

  constructor(
    disk: NodeDisk,
    speed: DiskSpeed,
    owner: StorageOwner,
    randomness: Randomness,
    sabotage: Sabotage,
  ) {
    this.#disk = disk;
    this.#speed = speed;
    this.#owner = owner;
    this.#randomness = randomness;
    this.#sabotage = sabotage;
    if (disk.policy === "everysec") this.#syncEverySecond();
  }

  carryOut(effect: StorageEffect): void {
    const disk = this.#disk;
    switch (effect.type) {
      case "append":
        disk.append(effect.bytes);
        if (disk.policy === "always") this.#syncSoon();
        if (disk.policy !== "always" || this.#sabotage.recordsEarly === true) this.#reportSoon();
        return;
      case "cut":
        disk.cut(effect.last);
        if (this.#syncing !== null) this.#syncing = Math.min(this.#syncing, effect.last.offset) as Offset;
        if (this.#writing !== null && this.#writing.position.offset > effect.last.offset) this.#outdate();
        return;
      case "saveState":
        this.#states.push({ version: effect.version, state: effect.state });
        if (this.#sabotage.promiseEarly === true) this.#reportSaved(effect.version);
        if (this.#states.length === 1) this.#saveNext();
        return;
      case "readLog": {
        const { link, from, bytesMax } = effect;
        this.#touch(() => {
          const bytes = disk.readLog(from, bytesMax);
          if (bytes === "rotten") this.#owner.failed();
          else this.#owner.input({ type: "logRead", link, from, bytes });
        });
        return;
      }
      case "retainLog":
        return disk.retain(effect.after);
      case "startIncarnation": {
        const incarnation = disk.startIncarnation();
        this.#touch(() => this.#owner.input({ type: "incarnationStarted", incarnation }));
        return;
      }
      default:
        this.#snapshotEffect(effect);
    }
  }

  /** The process ended: a save that was under way may have reached the disk, in order. */
  end(): void {
    const reached = this.#randomness.below(this.#states.length + 1);
    for (const { state } of this.#states.slice(0, reached)) this.#disk.saveState(state);
    this.#states = [];
  }

  #snapshotEffect(
    effect: Exclude<
      StorageEffect,
      { type: "append" | "cut" | "saveState" | "readLog" | "retainLog" | "startIncarnation" }
    >,
  ): void {
    switch (effect.type) {
      case "loadSnapshot":
        return this.#load();
      case "openSnapshot": {
        const { snapshot } = this.#disk;
        if (snapshot !== null) this.#streams.set(effect.link, [...snapshot.chunks]);
        this.#touch(() => this.#owner.input({ type: "snapshotOpened", link: effect.link, snapshot }));
        return;
      }
      case "readSnapshot":
        this.#touch(() => {
          const stream = this.#streams.get(effect.link);
          if (stream === undefined) return;
          this.#owner.input({ type: "snapshotRead", link: effect.link, bytes: stream.shift() ?? null });
        });
        return;
      case "closeSnapshot":
        this.#streams.delete(effect.link);
        return;
      case "beginSnapshot":
        if (effect.kind === "received" && this.#sabotage.discardsBeforeFullSync === true)
          this.#disk.discard();
        this.#writing = { ...effect, chunks: [], failed: false };
        return;
      case "writeSnapshot":
        this.#then((writing) => {
          writing.chunks.push(effect.bytes);
          this.#owner.input({ type: "snapshotWritten", kind: writing.kind });
        });
        return;
      case "commitSnapshot":
        this.#then((writing) => this.#commit(writing, effect.keepAfter));
        return;
      case "abortSnapshot":
        if (this.#writing !== null) this.#writing.failed = true;
        return;
      default:
        effect satisfies never;
    }
  }

  // ---- the log ---------------------------------------------------------------------------------

  /** Group commit: one sync at a time, the next one takes all that came meanwhile. */
  #syncSoon(): void {
    if (this.#syncing !== null) return;
    this.#syncing = this.#disk.last.offset;
    this.#owner.meanwhile(this.#syncMs(), () => {
      const upTo = this.#syncing as Offset;
      this.#syncing = null;
      this.#disk.sync(upTo);
      this.#owner.later(0, () => this.#owner.input({ type: "persisted", lastOffset: upTo }));
      // Not what the disk has: a snapshot that stands by now may have made more durable, and nobody was told.
      if (this.#disk.last.offset > upTo) this.#syncSoon();
    });
  }

  #reportSoon(): void {
    if (this.#reporting) return;
    this.#reporting = true;
    this.#owner.later(WRITE_REPORT_MS, () => {
      this.#reporting = false;
      this.#owner.input({ type: "persisted", lastOffset: this.#disk.last.offset });
    });
  }

  #syncEverySecond(): void {
    this.#owner.meanwhile(SYNC_EVERY_MS, () => {
      this.#disk.sync(this.#disk.last.offset);
      this.#syncEverySecond();
    });
  }

  #saveNext(): void {
    this.#owner.meanwhile(this.#syncMs(), () => {
      const next = this.#states.shift();
      if (next === undefined) return;
      this.#disk.saveState(next.state);
      this.#reportSaved(next.version);
      if (this.#states.length > 0) this.#saveNext();
    });
  }

  #reportSaved(version: number): void {
    this.#owner.later(0, () => this.#owner.input({ type: "stateSaved", version }));
  }

  // ---- snapshots -------------------------------------------------------------------------------

  #load(): void {
    const { snapshot } = this.#disk;
    const chunks = [...(snapshot?.chunks ?? [])];
    const next = (): void => {
      const bytes = chunks.shift();
      if (bytes === undefined) {
        this.#owner.input({ type: "snapshotLoaded", position: snapshot?.position ?? EMPTY_POSITION });
        return;
      }
      this.#owner.input({ type: "snapshotLoad", bytes });
      this.#touch(next);
    };
    this.#touch(next);
  }

  #then(step: (writing: Writing) => void): void {
    const writing = this.#writing;
    invariant(writing !== null, "a snapshot is begun before it is written");
    this.#chain.push(() => {
      if (!writing.failed) step(writing);
    });
    if (this.#chain.length === 1) this.#runChain();
  }

  #runChain(): void {
    this.#touch(() => {
      this.#chain[0]?.();
      this.#chain.shift();
      if (this.#chain.length > 0) this.#runChain();
    });
  }

  #commit({ kind, position, history, chunks }: Writing, keepAfter: LogPosition | null): void {
    const rollback = keepAfter === null ? null : this.#disk.replacedTail(keepAfter.offset);
    const snapshot: DiskSnapshot = { position, history, chunks };
    this.#owner.snapshotStands(kind, position);
    const dropped = this.#disk.commitSnapshot(kind, snapshot);
    if (dropped !== null) this.#owner.input({ type: "logDropped", ...dropped });
    if (kind === "received" && this.#syncing !== null) this.#syncing = position.offset;
    const bytes = bytesOf(snapshot);
    this.#owner.input({ type: "snapshotCommitted", kind, position, bytes, rollback });
  }

  /** Its tail was cut under it. */
  #outdate(): void {
    const writing = this.#writing;
    if (writing === null || writing.failed) return;
    writing.failed = true;
    this.#touch(() => this.#owner.input({ type: "snapshotFailed", kind: writing.kind }));
  }

  // ---- delays ----------------------------------------------------------------------------------

  #touch(action: () => void): void {
    this.#owner.later(this.#speed.touchMs * this.#speed.slowness, action);
  }

  #syncMs(): Millis {
    return this.#speed.syncMs * this.#speed.slowness * (0.5 + this.#randomness.next());
  }
}
