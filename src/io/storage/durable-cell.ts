/**
 * A small state in a file of its own, replaced as a whole, durable when `save` resolves: the member's promise, a
 * sentinel's votes. Stands alone, so that no bulk sync of a log delays it.
 *
 * The file is preallocated and holds two slots of equal size, written alternately; the one with the greater version
 * counts. A save that a crash tore leaves its slot bad and the older one standing, which is right, since that save
 * was never acknowledged. Inherent in two slots, and admitted: damage to the newest slot *after* its save was
 * acknowledged looks just the same, and then the older state is loaded. Both bad is an error, never an empty state.
 *
 * A state that fits its slot is saved on a full disk too: its blocks have been written before. Limit: not where a file
 * system never writes a block in its place (btrfs, ZFS).
 *
 * ```text
 * slot:  0 u32 magic   4 u32 CRC-32 of bytes 8..24+length   8 u64 version   16 u32 length   20 u32 zero   24 bytes
 * ```
 */
import fs from "node:fs";
import path from "node:path";
import { InterrexError, invariant } from "../../base/errors.ts";
import { crc32 } from "../../protocol/crc32.ts";
import {
  type FileCalls,
  isDiskFull,
  isErrno,
  nodeFileCalls,
  replaceFileSync,
  SharedFd,
  syncDirectorySync,
  writeFully,
  writeFullySync,
} from "./file-calls.ts";

const MAGIC = 0x314c4543; // "CEL1"
const SLOT_HEADER_BYTES = 24;
const SLOT_BYTES_DEFAULT = 4096;
/** No process saves so often: a slot that claims more is damaged, and nothing could be counted on from there. */
const VERSION_MAX = 2n ** 63n - 1n;

/** Right for a node and for a sentinel, whose cell it may be: an empty node is filled by the master, an empty sentinel waits for all others. */
export const WAY_OUT_OF_DAMAGE: string =
  "Restore the file. Or, if all others of its group are well, move the data directory away and start this process " +
  "empty; if they are not, keep the directory: it may be all there is";

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

export class DurableCell {
  readonly path: string;
  readonly #calls: FileCalls;
  readonly #slotBytesMin: number;
  #file: SharedFd | null = null;
  #slotBytes: number;
  #version = 0n;
  /** The newest state that waits to be written, and those who wait for it: a newer state stands for an older one. */
  #pending: { bytes: Buffer; waiters: Waiter[] } | null = null;
  #writing: Promise<void> | null = null;
  #loaded = false;
  #closed = false;

  /**
   * Touches nothing yet. `slotBytes`: room for one state at first, to which a smaller file grows when it is loaded, unless
   * the disk is full. It grows further when a state needs more.
   */
  constructor(path: string, options: { readonly calls?: FileCalls; readonly slotBytes?: number } = {}) {
    this.path = path;
    this.#calls = options.calls ?? nodeFileCalls;
    this.#slotBytesMin = options.slotBytes ?? SLOT_BYTES_DEFAULT;
    this.#slotBytes = this.#slotBytesMin;
  }

  /** Room for one state in the file as it is, or as it will be made by the first save. */
  get slotBytes(): number {
    return this.#slotBytes;
  }

  /**
   * The newest state that was saved; `null` when none ever was. Durable on return, whatever became of its save: that of a
   * killed process may have been written and never synced, and what is read here is about to be spoken of. To be
   * called once, before any save.
   *
   * @throws InterrexError `CORRUPT_STATE` when the file is there and holds no sound state.
   */
  load(): Buffer | null {
    invariant(!this.#loaded, "a cell is loaded once");
    this.#loaded = true;
    const bytes = readIfThere(this.path);
    if (bytes === null) return null;
    const slotBytes = bytes.length / 2;
    const slots = [readSlot(bytes, 0, slotBytes), readSlot(bytes, slotBytes, slotBytes)];
    const newest = newestOf(slots);
    if (newest === undefined) {
      throw new InterrexError(
        "CORRUPT_STATE",
        `Cannot load ${this.path}: neither of its two slots holds a sound state. ${WAY_OUT_OF_DAMAGE}`,
      );
    }
    this.#slotBytes = slotBytes;
    this.#version = newest.version;
    this.#file = new SharedFd(fs.openSync(this.path, "r+"));
    const isLargeEnough = slotBytes >= this.#slotBytesMin;
    if (!isLargeEnough && this.#enlarge(newest)) return newest.bytes;
    this.#settle(newest, slots.indexOf(newest) * slotBytes);
    return newest.bytes;
  }

  /**
   * Replaces the state; durable when it resolves. Saves take effect in call order; of several that wait, only the
   * newest is written and resolves them all. `bytes` are copied.
   */
  save(bytes: Buffer): Promise<void> {
    invariant(this.#loaded && !this.#closed, "a cell is saved between load and close");
    return new Promise((resolve, reject) => {
      const waiters = this.#pending?.waiters ?? [];
      waiters.push({ resolve, reject });
      this.#pending = { bytes: Buffer.from(bytes), waiters };
      this.#writing ??= this.#writePending();
    });
  }

  /** As `save`, on the event loop; only while no `save` is under way. */
  saveSync(bytes: Buffer): void {
    invariant(this.#loaded && !this.#closed, "a cell is saved between load and close");
    invariant(this.#writing === null, "no save is under way");
    const { slot, position } = this.#nextSlot(bytes);
    if (this.#file === null || position === null) {
      this.#replaceFile(slot);
    } else {
      writeFullySync(this.#calls, this.#file.fd, slot, position);
      this.#calls.fdatasyncSync(this.#file.fd);
    }
    this.#version++;
  }

  /** Waits for the saves under way, then lets go of the file. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
    this.#file?.close();
  }

  /** Lets go of the file at once, as a killed process would; saves under way may or may not take effect. */
  abandon(): void {
    this.#closed = true;
    this.#pending = null;
    this.#file?.close();
  }

  /**
   * Written once more, since after a sync that failed the system takes what it holds for written back, and a sync alone
   * does nothing. In its own place: should a power cut tear it, the slot of the last acknowledged save still stands.
   */
  #settle({ version, bytes }: Slot, position: number): void {
    const { fd } = this.#file as SharedFd;
    writeFullySync(this.#calls, fd, encodeSlot(version, bytes), position);
    this.#calls.fdatasyncSync(fd);
    syncDirectorySync(path.dirname(this.path));
  }

  /** @returns false when the disk is full; the file is as it was. */
  #enlarge({ version, bytes }: Slot): boolean {
    try {
      this.#replaceFile(encodeSlot(version + 1n, bytes));
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      return false;
    }
    this.#version++;
    return true;
  }

  async #writePending(): Promise<void> {
    for (let next = this.#pending; next !== null; next = this.#pending) {
      this.#pending = null;
      try {
        await this.#write(next.bytes);
        for (const waiter of next.waiters) waiter.resolve();
      } catch (error) {
        for (const waiter of next.waiters) waiter.reject(error);
      }
    }
    this.#writing = null;
  }

  async #write(bytes: Buffer): Promise<void> {
    const { slot, position } = this.#nextSlot(bytes);
    const file = this.#file;
    if (file === null || position === null) {
      this.#replaceFile(slot);
    } else {
      await file.use(async (fd) => {
        await writeFully(this.#calls, fd, slot, position);
        await this.#calls.fdatasync(fd);
      });
    }
    this.#version++;
  }

  /** The next slot's bytes and where they go; no place when the file must first be made, or made larger. */
  #nextSlot(bytes: Buffer): { slot: Buffer; position: number | null } {
    const version = this.#version + 1n;
    const slot = encodeSlot(version, bytes);
    const fits = slot.length <= this.#slotBytes;
    return { slot, position: fits ? Number(version % 2n) * this.#slotBytes : null };
  }

  /** A whole new file, so that a crash leaves the old or the new one. Rare and small: it may hold up the loop. */
  #replaceFile(slot: Buffer): void {
    let slotBytes = Math.max(this.#slotBytes, this.#slotBytesMin);
    while (slotBytes < slot.length) slotBytes *= 2;
    const bytes = Buffer.alloc(slotBytes * 2);
    slot.copy(bytes, Number((this.#version + 1n) % 2n) * slotBytes);
    replaceFileSync(this.#calls, this.path, bytes);
    this.#slotBytes = slotBytes;
    this.#file?.close();
    this.#file = new SharedFd(fs.openSync(this.path, "r+"));
    if (this.#closed) this.#file.close();
  }
}

interface Slot {
  readonly version: bigint;
  readonly bytes: Buffer;
}

function newestOf(slots: readonly (Slot | undefined)[]): Slot | undefined {
  let newest: Slot | undefined;
  for (const slot of slots) {
    if (slot !== undefined && (newest === undefined || slot.version > newest.version)) newest = slot;
  }
  return newest;
}

function encodeSlot(version: bigint, bytes: Buffer): Buffer {
  const slot = Buffer.alloc(SLOT_HEADER_BYTES + bytes.length);
  slot.writeUInt32LE(MAGIC, 0);
  slot.writeBigUInt64LE(version, 8);
  slot.writeUInt32LE(bytes.length, 16);
  bytes.copy(slot, SLOT_HEADER_BYTES);
  slot.writeUInt32LE(crc32(slot, 8, slot.length), 4);
  return slot;
}

function readSlot(file: Buffer, at: number, slotBytes: number): Slot | undefined {
  if (!Number.isInteger(slotBytes) || slotBytes < SLOT_HEADER_BYTES) return undefined;
  const slot = file.subarray(at, at + slotBytes);
  if (slot.readUInt32LE(0) !== MAGIC) return undefined;
  const end = SLOT_HEADER_BYTES + slot.readUInt32LE(16);
  if (end > slot.length || crc32(slot, 8, end) !== slot.readUInt32LE(4)) return undefined;
  const version = slot.readBigUInt64LE(8);
  if (version > VERSION_MAX) return undefined;
  return { version, bytes: Buffer.from(slot.subarray(SLOT_HEADER_BYTES, end)) };
}

function readIfThere(file: string): Buffer | null {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}
