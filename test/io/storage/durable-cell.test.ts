import fs from "node:fs";
import path from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DurableCell } from "../../../src/io/storage/durable-cell.ts";
import { BreakableCalls, damage, deferred, errno, filesIn, temporaryDirectory } from "./storage-kit.ts";

const SLOT_HEADER_BYTES = 24;

const cellFile = (): string => path.join(temporaryDirectory(), "cell");

async function saveAll(file: string, states: readonly string[], slotBytes = 64): Promise<void> {
  const cell = new DurableCell(file, { slotBytes });
  cell.load();
  for (const state of states) await cell.save(Buffer.from(state));
  await cell.close();
}

function load(file: string): string | null {
  // As it is: the least room is what any file has.
  const cell = new DurableCell(file, { slotBytes: 1 });
  try {
    return cell.load()?.toString() ?? null;
  } finally {
    cell.abandon();
  }
}

/** Offset of the slot that holds `state`. */
function slotOf(file: string, state: string): number {
  const found = fs.readFileSync(file).indexOf(state);
  expect(found).toBeGreaterThan(0);
  return found;
}

/** Has room for what lies where bytes were before, and for nothing else. */
class FullDisk extends BreakableCalls {
  isFull = true;

  override writeSync(fd: number, bytes: Buffer, start: number, length: number, position: number): number {
    this.#check(fd, position + length);
    return super.writeSync(fd, bytes, start, length, position);
  }

  override async write(fd: number, bytes: Buffer, start: number, length: number, position: number) {
    this.#check(fd, position + length);
    return await super.write(fd, bytes, start, length, position);
  }

  #check(fd: number, end: number): void {
    if (this.isFull && end > fs.fstatSync(fd).size) throw errno("ENOSPC");
  }
}

describe("a durable cell", () => {
  it("holds nothing before the first save, and makes no file for that", () => {
    const file = cellFile();
    expect(load(file)).toBeNull();
    expect(fs.existsSync(file)).toBe(false);
  });

  it("gives back the last state saved, also an empty one, also across reopening", async () => {
    const file = cellFile();
    for (const states of [["one"], ["two", "three"], ["four", "five", ""]]) {
      await saveAll(file, states);
      expect(load(file)).toBe(states.at(-1));
    }
  });

  it("falls back to the state before when the newest slot is torn", async () => {
    const file = cellFile();
    await saveAll(file, ["one", "two", "three"]);
    damage(file, slotOf(file, "three"));
    expect(load(file)).toBe("two");
  });

  it("writes the save after a torn one into the torn slot, never over the only good one", async () => {
    const file = cellFile();
    await saveAll(file, ["one", "two", "three"]);
    damage(file, slotOf(file, "three"));
    await saveAll(file, ["four"]);
    damage(file, slotOf(file, "four"));
    expect(load(file)).toBe("two");
  });

  it("with both slots bad is an error that names the file", async () => {
    const file = cellFile();
    await saveAll(file, ["one", "two"]);
    damage(file, slotOf(file, "one"));
    damage(file, slotOf(file, "two"));
    expect(() => load(file)).toThrow(expect.objectContaining({ code: "CORRUPT_STATE" }));
    expect(() => load(file)).toThrow(file);
    expect(() => load(file)).toThrow(/move the data directory away .* keep the directory: it may be all/);
  });

  it("believes no slot whose version cannot be counted on from, whatever its checksum says", async () => {
    const file = cellFile();
    await saveAll(file, ["one", "two"]);
    const bytes = fs.readFileSync(file);
    const slot = slotOf(file, "two") - SLOT_HEADER_BYTES;
    bytes.writeBigUInt64LE(2n ** 64n - 1n, slot + 8);
    bytes.writeUInt32LE(crc32(bytes.subarray(slot + 8, slot + SLOT_HEADER_BYTES + 3)), slot + 4);
    fs.writeFileSync(file, bytes);
    expect(load(file)).toBe("one");
    await saveAll(file, ["three"]);
    expect(load(file)).toBe("three");
  });

  it("that was cut short or emptied is an error, not an empty state", async () => {
    const file = cellFile();
    await saveAll(file, ["one"]);
    for (const bytes of [0, 1, 100]) {
      fs.truncateSync(file, bytes);
      expect(() => load(file)).toThrow(expect.objectContaining({ code: "CORRUPT_STATE" }));
    }
  });

  it("grows when a state needs more room, and keeps its size below", async () => {
    const file = cellFile();
    await saveAll(file, ["small"]);
    const before = fs.statSync(file).size;
    await saveAll(file, ["x".repeat(500)]);
    const grown = fs.statSync(file).size;
    expect(grown).toBeGreaterThan(before);
    expect(load(file)).toBe("x".repeat(500));
    await saveAll(file, ["small again", "y".repeat(500)]);
    expect(fs.statSync(file).size).toBe(grown);
    expect(load(file)).toBe("y".repeat(500));
  });

  it("of smaller slots is given room when it is loaded, and then saves states of that size on a full disk", async () => {
    const file = cellFile();
    await saveAll(file, ["small"]);
    const calls = new FullDisk();
    calls.isFull = false;
    const cell = new DurableCell(file, { calls, slotBytes: 4096 });
    expect(cell.load()?.toString()).toBe("small");
    expect(cell.slotBytes).toBe(4096);
    calls.isFull = true;
    for (const letter of ["x", "y"]) await cell.save(Buffer.from(letter.repeat(4000)));
    await cell.close();
    expect(load(file)).toBe("y".repeat(4000));
  });

  it("is loaded as it is where a full disk has no room for larger slots", async () => {
    const file = cellFile();
    await saveAll(file, ["one", "two"]);
    const cell = new DurableCell(file, { calls: new FullDisk(), slotBytes: 4096 });
    expect(cell.load()?.toString()).toBe("two");
    expect(cell.slotBytes).toBe(64);
    expect(filesIn(path.dirname(file))).toEqual([file]);
    await cell.save(Buffer.from("three"));
    await cell.close();
    expect(load(file)).toBe("three");
  });

  it("that could not grow goes on in the slots that it has", async () => {
    const file = cellFile();
    const calls = new FullDisk();
    const cell = new DurableCell(file, { calls, slotBytes: 64 });
    cell.load();
    calls.isFull = false;
    await cell.save(Buffer.from("one"));
    calls.isFull = true;
    await expect(cell.save(Buffer.from("x".repeat(500)))).rejects.toMatchObject({ code: "ENOSPC" });
    expect(filesIn(path.dirname(file))).toEqual([file]);
    calls.isFull = false;
    for (const state of ["two", "three"]) {
      await cell.save(Buffer.from(state));
      expect(load(file)).toBe(state);
    }
    await cell.close();
  });

  it("never loads anything but the newest state or the one before, whichever byte is damaged", async () => {
    const file = cellFile();
    await saveAll(file, ["one", "two"]);
    const good = fs.readFileSync(file);
    fc.assert(
      fc.property(fc.nat({ max: good.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = Buffer.from(good);
        bytes[at] = (bytes[at] ?? 0) ^ change;
        fs.writeFileSync(file, bytes);
        expect(["one", "two"]).toContain(load(file));
      }),
    );
  });

  it("resolves a save only when its sync has ended, and one write serves all that waited", async () => {
    const file = cellFile();
    const calls = new BreakableCalls();
    const cell = new DurableCell(file, { calls });
    cell.load();
    await cell.save(Buffer.from("first"));
    const gate = deferred();
    calls.gate = gate.promise;
    calls.syncs = 0;
    const order: string[] = [];
    const saves = ["a", "b", "c"].map(async (state) => {
      await cell.save(Buffer.from(state));
      order.push(state);
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual([]);
    calls.gate = null;
    gate.resolve();
    await Promise.all(saves);
    expect(order).toEqual(["a", "b", "c"]);
    expect(calls.syncs).toBe(2);
    await cell.close();
    expect(load(file)).toBe("c");
  });

  it("has made a state durable when it was saved on the event loop", () => {
    const calls = new BreakableCalls();
    const cell = new DurableCell(cellFile(), { calls });
    cell.load();
    cell.saveSync(Buffer.from("first"));
    calls.syncError = errno("EIO");
    expect(() => cell.saveSync(Buffer.from("second"))).toThrow("EIO");
    cell.abandon();
  });

  it("is closed only when the save that is under way has ended", async () => {
    const file = cellFile();
    const calls = new BreakableCalls();
    const cell = new DurableCell(file, { calls });
    cell.load();
    await cell.save(Buffer.from("first"));
    const gate = deferred();
    calls.gate = gate.promise;
    const ended: string[] = [];
    const saved = cell.save(Buffer.from("second")).then(() => ended.push("save"));
    const closed = cell.close().then(() => ended.push("close"));
    for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
    gate.resolve();
    await Promise.all([saved, closed]);
    expect(ended).toEqual(["save", "close"]);
  });

  it("copies what it is given, so that the caller may write on in its buffer", async () => {
    const file = cellFile();
    const cell = new DurableCell(file);
    cell.load();
    await cell.save(Buffer.from("first"));
    const state = Buffer.from("right");
    const first = cell.save(Buffer.from("other"));
    const second = cell.save(state);
    state.fill("x");
    await Promise.all([first, second]);
    await cell.close();
    expect(load(file)).toBe("right");
  });

  it("rejects the save that failed, keeps the state before, and goes on", async () => {
    const file = cellFile();
    const calls = new BreakableCalls();
    const cell = new DurableCell(file, { calls });
    cell.load();
    await cell.save(Buffer.from("good"));
    calls.syncError = errno("EIO");
    await expect(cell.save(Buffer.from("bad"))).rejects.toMatchObject({ code: "EIO" });
    calls.syncError = null;
    await cell.save(Buffer.from("good again"));
    await cell.close();
    expect(load(file)).toBe("good again");
  });
});
