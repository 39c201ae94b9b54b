/** Which snapshot stands: one at most, replaced by a rename. Knows of the log only its generation's number. */
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { syncDirectory, syncDirectorySync } from "./file-calls.ts";
import { SnapshotFile } from "./snapshot-file.ts";

export class SnapshotStore {
  readonly #directory: string;
  #standing: SnapshotFile | null = null;

  constructor(directory: string) {
    this.#directory = directory;
  }

  get standing(): SnapshotFile | null {
    return this.#standing;
  }

  /** The log's generation that goes with the standing snapshot. */
  get logGeneration(): number {
    return this.#standing?.footer.logGeneration ?? 0;
  }

  get nextSerial(): number {
    return (this.#standing?.footer.serial ?? 0) + 1;
  }

  /** Finds the newest finished snapshot and removes what crashes left. @returns what was removed, in words. */
  async open(): Promise<string[]> {
    const removed: string[] = [];
    const names = fs.readdirSync(this.#directory);
    const finished: SnapshotFile[] = [];
    for (const name of names.filter((candidate) => candidate.endsWith(".snap"))) {
      finished.push(await SnapshotFile.open(path.join(this.#directory, name)));
    }
    finished.sort((a, b) => b.footer.serial - a.footer.serial);
    this.#standing = finished[0] ?? null;
    for (const older of finished.slice(1)) {
      fs.unlinkSync(older.path);
      removed.push(`removed the snapshot ${older.path}: a newer one stands`);
    }
    for (const name of names.filter((candidate) => candidate.endsWith(".tmp"))) {
      fs.unlinkSync(path.join(this.#directory, name));
      removed.push(`removed the snapshot ${path.join(this.#directory, name)}: it was never finished`);
    }
    return removed;
  }

  /** A name that nothing else uses, for a snapshot under way. */
  temporaryPath(): string {
    return path.join(this.#directory, `${randomUUID()}.tmp`);
  }

  /** Makes a finished file the standing snapshot; not durable before `settle`. @returns the one that stood. */
  install(finished: SnapshotFile): SnapshotFile | null {
    const { position, footer } = finished;
    const file = path.join(this.#directory, `${position.epoch}-${position.offset}-${footer.serial}.snap`);
    fs.renameSync(finished.path, file);
    const old = this.#standing;
    this.#standing = new SnapshotFile(file, finished, footer, finished.body);
    return old;
  }

  /** Makes the standing snapshot's name durable, and only then removes the `old` one. */
  async settle(old: SnapshotFile | null): Promise<void> {
    await syncDirectory(this.#directory);
    if (old !== null) await fs.promises.rm(old.path, { force: true });
  }

  /** No snapshot stands any more; durable on return. */
  drop(): void {
    if (this.#standing === null) return;
    fs.unlinkSync(this.#standing.path);
    syncDirectorySync(this.#directory);
    this.#standing = null;
  }
}
