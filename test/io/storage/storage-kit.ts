/** What the storage tests share: a directory of their own, records to append, events to await, calls that fail. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { onTestFinished, vi } from "vitest";
import type { Epoch, Offset } from "../../../src/base/ids.ts";
import { DiskStorage, type DiskStorageOptions } from "../../../src/io/storage/disk-storage.ts";
import { type FileCalls, nodeFileCalls } from "../../../src/io/storage/file-calls.ts";
import type {
  DroppedLog,
  MemberStorage,
  Recovered,
  SnapshotWriter,
  StorageEvents,
  StoredSnapshot,
} from "../../../src/io/storage/member-storage.ts";
import { RecordCursor, RecordWriter } from "../../../src/protocol/record.ts";

/** Removed when the test ends. */
export function temporaryDirectory(): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "interrex-storage-"));
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export const offset = (value: number): Offset => value as Offset;
const epoch = (value: number): Epoch => value as Epoch;
export const at = (inEpoch: number, upTo: number): { epoch: Epoch; offset: Offset } => ({
  epoch: epoch(inEpoch),
  offset: offset(upTo),
});

/** Records `first` to `last` of one epoch; the payload names epoch and offset, padded to `payloadBytes`. */
export function batch(first: number, last: number, inEpoch = 1, payloadBytes = 0): Buffer {
  const writer = new RecordWriter();
  for (let next = first; next <= last; next++) {
    writer.append("effects", epoch(inEpoch), offset(next), 0, `${inEpoch}:${next}`.padEnd(payloadBytes, "."));
  }
  return writer.take();
}

export function append(
  storage: MemberStorage,
  first: number,
  last: number,
  inEpoch = 1,
  payloadBytes = 0,
): void {
  storage.append(batch(first, last, inEpoch, payloadBytes), offset(first), offset(last));
}

/** `EPOCH:OFFSET` of each record, as the payloads say. */
export function namesIn(bytes: Buffer): string[] {
  const names: string[] = [];
  const cursor = new RecordCursor(bytes);
  while (cursor.next()) {
    names.push(bytes.toString("latin1", cursor.payloadStart, cursor.payloadEnd).replaceAll(".", ""));
  }
  return names;
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

export async function contentOf(snapshot: StoredSnapshot | null): Promise<string | null> {
  return snapshot === null ? null : (await collect(snapshot.chunks())).toString("latin1");
}

export async function replayed(recovered: Recovered): Promise<string[]> {
  return namesIn(await collect(recovered.records()));
}

export function names(first: number, last: number, inEpoch = 1): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => `${inEpoch}:${first + index}`);
}

/** Writes down events, and lets a test wait for one. */
export class EventLog implements StorageEvents {
  readonly persistedOffsets: number[] = [];
  readonly seen: string[] = [];
  readonly dropped: DroppedLog[] = [];
  error: Error | null = null;
  #waiters: { readonly done: () => boolean; readonly resolve: () => void }[] = [];

  persisted(lastOffset: Offset): void {
    this.persistedOffsets.push(lastOffset);
    this.#changed();
  }

  diskFull(): void {
    this.seen.push("diskFull");
    this.#changed();
  }

  diskOk(): void {
    this.seen.push("diskOk");
    this.#changed();
  }

  logDropped(dropped: DroppedLog): void {
    this.seen.push("logDropped");
    this.dropped.push(dropped);
    this.#changed();
  }

  failed(error: Error): void {
    this.seen.push("failed");
    this.error = error;
    this.#changed();
  }

  until(done: () => boolean): Promise<void> {
    if (done()) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ done, resolve }));
  }

  persistedUpTo(last: number): Promise<void> {
    return this.until(() => this.persistedOffsets.some((reported) => reported >= last));
  }

  #changed(): void {
    const waiting = this.#waiters;
    this.#waiters = waiting.filter((waiter) => !waiter.done());
    for (const waiter of waiting) if (waiter.done()) waiter.resolve();
  }
}

export interface Disk {
  readonly storage: DiskStorage;
  readonly events: EventLog;
  readonly recovered: Recovered;
}

/** Opens a storage that crashes, if it still runs, when the test ends. */
export async function openDisk(directory: string, options: Partial<DiskStorageOptions> = {}): Promise<Disk> {
  const storage = newDisk(directory, options);
  const events = new EventLog();
  const recovered = await storage.open(events);
  onTestFinished(() => storage.crash());
  return { storage, events, recovered };
}

/** Not opened yet. The boot id is `boot-1` unless told. */
export function newDisk(directory: string, options: Partial<DiskStorageOptions> = {}): DiskStorage {
  return new DiskStorage({
    directory,
    owner: "n1",
    appendfsync: "everysec",
    ballastBytes: 4096,
    bootId: async () => "boot-1",
    ...options,
  });
}

export async function putSnapshot(
  storage: MemberStorage,
  position: ReturnType<typeof at>,
  chunks: readonly string[],
  keepLog: boolean,
): Promise<void> {
  const writer: SnapshotWriter = await storage.writeSnapshot(position, [
    { epoch: position.epoch, firstOffset: offset(1) },
  ]);
  for (const chunk of chunks) await writer.write(Buffer.from(chunk));
  await writer.commit({ keepLog });
}

/** Log files, oldest first. */
export function logFiles(directory: string): string[] {
  return filesIn(path.join(directory, "log"));
}

export function filesIn(directory: string): string[] {
  return fs
    .readdirSync(directory)
    .sort()
    .map((name) => path.join(directory, name));
}

/** Changes one byte of a file. */
export function damage(file: string, position: number): void {
  const fd = fs.openSync(file, "r+");
  try {
    const byte = Buffer.alloc(1);
    fs.readSync(fd, byte, 0, 1, position);
    fs.writeSync(fd, Buffer.from([(byte[0] ?? 0) ^ 0x40]), 0, 1, position);
  } finally {
    fs.closeSync(fd);
  }
}

/** File calls that can be broken from outside, and syncs that can be held. */
export class BreakableCalls implements FileCalls {
  /** What the file system says; as it does itself while `undefined`. */
  free: number | undefined;
  /** Bytes that still fit; `null` for no limit. A write that doesn't fit is short, then ENOSPC. */
  roomBytes: number | null = null;
  /** Thrown by the next sync. */
  syncError: NodeJS.ErrnoException | null = null;
  /** No write takes more than this. */
  writeBytesMax: number = Number.POSITIVE_INFINITY;
  /** While set, asynchronous syncs wait for it. */
  gate: Promise<void> | null = null;
  syncs = 0;
  #ballast: { readonly file: string; readonly bytes: number } | null = null;

  /** From here on only `roomBytes` fit, and `ballastBytes` more once `ballastFile` is gone. */
  fill(roomBytes: number, ballastFile: string, ballastBytes: number): void {
    this.roomBytes = roomBytes;
    this.#ballast = { file: ballastFile, bytes: ballastBytes };
  }

  writeSync(fd: number, bytes: Buffer, start: number, length: number, position: number): number {
    return nodeFileCalls.writeSync(fd, bytes, start, this.#allow(length), position);
  }

  async write(fd: number, bytes: Buffer, start: number, length: number, position: number): Promise<number> {
    return nodeFileCalls.write(fd, bytes, start, this.#allow(length), position);
  }

  fdatasyncSync(fd: number): void {
    if (this.syncError !== null) throw this.syncError;
    nodeFileCalls.fdatasyncSync(fd);
  }

  async fdatasync(fd: number): Promise<void> {
    await this.gate;
    if (this.syncError !== null) throw this.syncError;
    this.syncs++;
    await nodeFileCalls.fdatasync(fd);
  }

  async freeBytes(directory: string): Promise<number | null> {
    return this.free ?? (await nodeFileCalls.freeBytes(directory));
  }

  #allow(length: number): number {
    const wanted = Math.min(length, this.writeBytesMax);
    if (this.roomBytes === null) return wanted;
    if (this.roomBytes === 0 && this.#ballast !== null && !fs.existsSync(this.#ballast.file)) {
      this.roomBytes = this.#ballast.bytes;
      this.#ballast = null;
    }
    if (this.roomBytes === 0) throw errno("ENOSPC");
    const allowed = Math.min(wanted, this.roomBytes);
    this.roomBytes -= allowed;
    return allowed;
  }
}

/** Makes a directory's names durable no sooner than it is let; `asked` resolves when somebody wants to. */
export function holdNames(directory: string): { readonly asked: Promise<void>; readonly let: () => void } {
  const asked = deferred();
  const gate = deferred();
  const { open } = fs.promises;
  const held = vi.spyOn(fs.promises, "open").mockImplementation(async (file, ...how) => {
    if (file === directory) {
      asked.resolve();
      await gate.promise;
    }
    return open(file, ...how);
  });
  onTestFinished(() => held.mockRestore());
  return { asked: asked.promise, let: gate.resolve };
}

export interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

export function deferred(): Deferred {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

export function errno(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: injected`), { code });
}
