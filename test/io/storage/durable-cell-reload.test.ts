import fs from "node:fs";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { DurableCell } from "../../../src/io/storage/durable-cell.ts";
import { type FileCalls, nodeFileCalls } from "../../../src/io/storage/file-calls.ts";
import { BreakableCalls, errno, temporaryDirectory } from "./storage-kit.ts";

/** What a power cut would leave of a file: writes count once they are synced, and a failed sync forgets them. */
class PowerCutCalls implements FileCalls {
  durable: Buffer;
  #dirty: { readonly position: number; readonly bytes: Buffer }[] = [];
  syncsFail = false;
  /** Of each write only so much gets through. */
  tearsAfterBytes = Number.POSITIVE_INFINITY;

  constructor(file: string) {
    this.durable = fs.readFileSync(file);
  }

  writeSync(fd: number, bytes: Buffer, start: number, length: number, position: number): number {
    this.#dirty.push({ position, bytes: Buffer.from(bytes.subarray(start, start + length)) });
    return nodeFileCalls.writeSync(fd, bytes, start, length, position);
  }

  async write(fd: number, bytes: Buffer, start: number, length: number, position: number): Promise<number> {
    return this.writeSync(fd, bytes, start, length, position);
  }

  fdatasyncSync(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    if (this.syncsFail) throw errno("EIO");
    for (const { position, bytes } of dirty) {
      bytes.subarray(0, this.tearsAfterBytes).copy(this.durable, position);
    }
  }

  async fdatasync(): Promise<void> {
    this.fdatasyncSync();
  }

  freeBytes(directory: string): Promise<number | null> {
    return nodeFileCalls.freeBytes(directory);
  }
}

/** A cell in whose file `written` stands, and of which only `saved` was ever synced. */
async function halfSaved(saved: string, written: string): Promise<{ file: string; calls: PowerCutCalls }> {
  const file = path.join(temporaryDirectory(), "cell");
  const before = new DurableCell(file);
  before.load();
  await before.save(Buffer.from(saved));
  await before.close();
  const calls = new PowerCutCalls(file);
  const killed = new DurableCell(file, { calls });
  killed.load();
  calls.syncsFail = true;
  await expect(killed.save(Buffer.from(written))).rejects.toMatchObject({ code: "EIO" });
  killed.abandon();
  calls.syncsFail = false;
  return { file, calls };
}

function loadFrom(file: string, calls: FileCalls): string | undefined {
  const cell = new DurableCell(file, { calls });
  onTestFinished(() => cell.abandon());
  return cell.load()?.toString();
}

it("a state that a killed process wrote and never synced is durable before the next one speaks of it", async () => {
  const { file, calls } = await halfSaved("promise 6", "promise 7");
  expect(loadFrom(file, calls)).toBe("promise 7");
  fs.writeFileSync(file, calls.durable);
  expect(loadFrom(file, nodeFileCalls)).toBe("promise 7");
});

it("a power cut while it is made durable leaves the state that was acknowledged", async () => {
  const { file, calls } = await halfSaved("promise 6", "promise 7");
  calls.tearsAfterBytes = 10;
  expect(loadFrom(file, calls)).toBe("promise 7");
  fs.writeFileSync(file, calls.durable);
  expect(loadFrom(file, nodeFileCalls)).toBe("promise 6");
});

it("a state that can't be made durable is not given out", async () => {
  const { file } = await halfSaved("promise 6", "promise 7");
  const calls = new BreakableCalls();
  calls.syncError = errno("EIO");
  expect(() => loadFrom(file, calls)).toThrow("EIO");
});
