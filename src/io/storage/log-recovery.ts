/**
 * Opens the log after a start: checks every record, and decides which damage a crash explains (cut there, and say
 * so) and which nothing explains (refuse to start).
 *
 * - After a process crash the page cache is whole, so only the last record may be incomplete.
 * - After a reboot, or a storage error, bytes beyond the last sync note may be anything, since write-back has no order.
 * - Bytes before the note were synced: damage there is the disk's, and is refused always.
 */
import fs from "node:fs";
import path from "node:path";
import { EPOCH_ZERO, type Epoch, nextOffset, type Offset } from "../../base/ids.ts";
import { type EpochHistory, extendHistory } from "../../rules/epoch-history.ts";
import type { LastStop } from "../../rules/incarnation.ts";
import { EMPTY_POSITION, type LogPosition } from "../../rules/log-position.ts";
import { type FileCalls, readFully, readFullySync, syncDirectory } from "./file-calls.ts";
import { type SegmentFault, scanSegment } from "./log-scan.ts";
import {
  decodeSegmentHeader,
  LogSegment,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
  segmentName,
} from "./log-segment.ts";
import { keepRollback, moveToRollback } from "./rollback-files.ts";
import { corruptLog, GONE, SegmentedLog } from "./segmented-log.ts";

const SEGMENT_NAME = /^\d{16}-(\d{6,})\.log$/;

export interface LogRecoveryOptions {
  readonly directory: string;
  /** The log that belongs to the standing snapshot; files of any other are left from an interrupted full sync. */
  readonly generation: number;
  readonly snapshot: { readonly position: LogPosition; readonly history: EpochHistory } | null;
  /** How the last process ended, as far as it bears on the files. */
  readonly lastStop: LastStop;
  readonly segmentBytesMax: number;
  readonly calls: FileCalls;
  /** Where bytes that are cut are kept. */
  readonly rollbackDirectory: string;
}

export interface RecoveredLog {
  readonly log: SegmentedLog;
  readonly position: LogPosition;
  readonly history: EpochHistory;
  readonly repairs: readonly string[];
}

/** True when the directory has a log of any generation. */
export function hasLog(directory: string): boolean {
  return fs.readdirSync(directory).some((name) => SEGMENT_NAME.test(name));
}

/** @throws InterrexError `CORRUPT_LOG` for damage that no crash explains. */
export async function recoverLog(options: LogRecoveryOptions): Promise<RecoveredLog> {
  return new LogRecovery(options).run();
}

class LogRecovery {
  readonly #options: LogRecoveryOptions;
  readonly #repairs: string[] = [];
  readonly #segments: LogSegment[] = [];
  readonly #base: LogPosition;
  #history: EpochHistory;
  /** Epoch of the last record read, those before the snapshot included. */
  #epoch: Epoch = EPOCH_ZERO;

  constructor(options: LogRecoveryOptions) {
    this.#options = options;
    this.#base = options.snapshot?.position ?? EMPTY_POSITION;
    this.#history = options.snapshot?.history ?? [];
  }

  async run(): Promise<RecoveredLog> {
    try {
      const names = this.#ownNames();
      for (const [index, name] of names.entries()) {
        if (!(await this.#open(name, names.slice(index + 1)))) break;
      }
      return await this.#finish();
    } catch (error) {
      for (const segment of this.#segments) segment.file.close();
      throw error;
    }
  }

  #ownNames(): string[] {
    const own: string[] = [];
    for (const name of fs.readdirSync(this.#options.directory).sort()) {
      if (name.endsWith(GONE)) fs.unlinkSync(this.#pathOf(name));
      const match = SEGMENT_NAME.exec(name);
      if (match === null) continue;
      if (Number(match[1]) === this.#options.generation) own.push(name);
      else this.#remove(name, "it is left from a full sync that was interrupted");
    }
    return own;
  }

  /** @returns false when the log was cut here, and what is `later` taken out of it. */
  async #open(name: string, later: readonly string[]): Promise<boolean> {
    const file = this.#pathOf(name);
    const header = await readHeader(file);
    if (header === "damaged" || (header === "neverSynced" && !this.#mayCut(later, true))) {
      throw corruptLog(file, 0, "the file's header is damaged");
    }
    if (header === "neverSynced") {
      await this.#takeOut(later);
      this.#remove(name, "a crash left it without a header");
      return false;
    }
    this.#checkPlace(file, header);
    const segment = new LogSegment(file, header, this.#options.calls);
    this.#segments.push(segment);
    const fileBytes = fs.statSync(file).size;
    if (fileBytes < header.syncedBytes) {
      throw corruptLog(
        file,
        fileBytes,
        `the file ends here, though ${header.syncedBytes} bytes of it were synced`,
      );
    }
    const fault = await scanSegment(segment, fileBytes, this.#epoch, (epoch, firstOffset) => {
      this.#epoch = epoch;
      // What lies before the snapshot is in the snapshot's history.
      if (firstOffset > this.#base.offset) this.#history = extendHistory(this.#history, epoch, firstOffset);
    });
    if (fault === undefined) return true;
    if (fault.position < segment.syncedBytes || !this.#mayCut(later, fault.torn)) {
      throw corruptLog(file, fault.position, fault.reason);
    }
    await this.#takeOut(later);
    await this.#cutAt(segment, fault, fileBytes);
    return false;
  }

  /** Whether the way the last process ended explains damage that no note of its own file speaks against. */
  #mayCut(later: readonly string[], torn: boolean): boolean {
    switch (this.#options.lastStop) {
      case "clean":
        return false;
      case "crash":
        return torn && later.length === 0;
      case "powerCut":
        // Segments are synced in order: a synced one vouches for those before it.
        return later.every((name) => syncedBytesOf(this.#pathOf(name)) === 0);
    }
  }

  #checkPlace(file: string, header: SegmentHeader): void {
    if (path.basename(file) !== segmentName(header.generation, header.firstOffset)) {
      throw corruptLog(file, 0, `it is the log's part from record ${header.firstOffset}, under another name`);
    }
    const previous = this.#segments.at(-1);
    const expected = nextOffset(previous?.lastOffset ?? this.#base.offset);
    // Without a snapshot the first record is what is expected: the state can be rebuilt from there only.
    const fits = previous === undefined ? header.firstOffset <= expected : header.firstOffset === expected;
    if (fits) return;
    throw corruptLog(file, 0, `it begins with record ${header.firstOffset}, and those before it are missing`);
  }

  /**
   * Before the cut, and durably: should this process die midway, the damage that explains the cut is still found. A sound
   * log with a gap would be refused for ever.
   */
  async #takeOut(later: readonly string[]): Promise<void> {
    if (later.length === 0) return;
    const { directory, rollbackDirectory, calls } = this.#options;
    for (const name of later.toReversed()) {
      const kept = await moveToRollback(rollbackDirectory, this.#pathOf(name), calls);
      this.#repairs.push(`took ${name} out of the log, since one before it is cut; ${whereKept(kept)}`);
    }
    await syncDirectory(directory);
  }

  async #cutAt(segment: LogSegment, fault: SegmentFault, fileBytes: number): Promise<void> {
    const length = fileBytes - fault.position;
    const bytes = fault.torn ? null : await segment.file.use((fd) => readFully(fd, fault.position, length));
    const { rollbackDirectory, calls } = this.#options;
    const lastKept = this.#position(segment.lastOffset);
    const keep = (cut: Buffer): string | null => keepRollback(rollbackDirectory, lastKept, cut, calls);
    let file = bytes === null ? null : keep(bytes);
    segment.truncate({ offset: nextOffset(segment.lastOffset), position: fault.position });
    // On a full disk the cut has made room for what it took away.
    if (bytes !== null) file ??= keep(bytes);
    const kept = bytes === null ? "" : `; ${whereKept(file)}`;
    this.#repairs.push(
      `cut ${length} bytes that were not known to be synced from ${segment.path} at byte ${fault.position}, ` +
        `after record ${segment.lastOffset}: ${fault.reason}${kept}`,
    );
  }

  async #finish(): Promise<RecoveredLog> {
    const { directory, generation, segmentBytesMax, calls } = this.#options;
    const end = this.#segments.at(-1)?.lastOffset;
    if (end !== undefined && end < this.#base.offset) {
      // The snapshot was synced and holds what the log has lost; the log goes on behind it.
      this.#repairs.push(
        `the log ends at record ${end}, below the snapshot at ${this.#base.offset}: begun anew`,
      );
      for (const segment of this.#segments.splice(0).reverse()) {
        segment.file.close();
        fs.unlinkSync(segment.path);
      }
    }
    if (this.#segments.length === 0) {
      this.#segments.push(LogSegment.create(directory, generation, nextOffset(this.#base.offset), calls));
    }
    await syncDirectory(directory);
    const log = new SegmentedLog(directory, this.#segments, segmentBytesMax, calls);
    return {
      log,
      position: this.#position(log.lastOffset),
      history: this.#history,
      repairs: this.#repairs,
    };
  }

  #position(lastOffset: Offset): LogPosition {
    return lastOffset <= this.#base.offset ? this.#base : { epoch: this.#epoch, offset: lastOffset };
  }

  #pathOf(name: string): string {
    return path.join(this.#options.directory, name);
  }

  #remove(name: string, reason: string): void {
    fs.unlinkSync(this.#pathOf(name));
    this.#repairs.push(`removed the log file ${name}: ${reason}`);
  }
}

function whereKept(file: string | null): string {
  return file === null ? "lost, the disk is full" : `kept in ${file}`;
}

async function readHeader(file: string): Promise<SegmentHeader | "neverSynced" | "damaged"> {
  const handle = await fs.promises.open(file, "r");
  try {
    const page = await readFully(handle.fd, 0, SEGMENT_HEADER_BYTES);
    const header = decodeSegmentHeader(page);
    if (header !== null) return header;
    const blank = page.length < SEGMENT_HEADER_BYTES || page.every((byte) => byte === 0);
    return blank ? "neverSynced" : "damaged";
  } finally {
    await handle.close();
  }
}

function syncedBytesOf(file: string): number {
  const fd = fs.openSync(file, "r");
  try {
    return decodeSegmentHeader(readFullySync(fd, 0, SEGMENT_HEADER_BYTES))?.syncedBytes ?? 0;
  } finally {
    fs.closeSync(fd);
  }
}
