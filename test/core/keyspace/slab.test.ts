import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byteAt, Slab, UNIT_BYTES, wordAt } from "../../../src/core/keyspace/slab.ts";
import { heapUsed } from "../../heap-used.ts";

interface Block {
  readonly units: number;
  readonly mark: number;
}

function fill(slab: Slab, address: number, { units, mark }: Block): void {
  slab.wordsOf(address).fill(mark, wordAt(address), wordAt(address) + units * 4);
}

function contentOf(slab: Slab, address: number, units: number): Buffer {
  return Buffer.from(slab.bytesOf(address).subarray(byteAt(address), byteAt(address) + units * UNIT_BYTES));
}

/** Frees the block, as its owner would. */
function free(slab: Slab, blocks: Map<number, Block>, address: number): void {
  const { units } = blocks.get(address) as Block;
  blocks.delete(address);
  const moved = slab.free(address, units);
  const block = blocks.get(moved);
  if (moved === address || block === undefined) return;
  blocks.delete(moved);
  blocks.set(address, block);
}

function expectContents(slab: Slab, blocks: ReadonlyMap<number, Block>): void {
  for (const [address, { units, mark }] of blocks) {
    const expected = Buffer.from(new Int32Array(units * 4).fill(mark).buffer);
    expect(contentOf(slab, address, units).equals(expected)).toBe(true);
  }
}

function allocatedBytes(): number {
  heapUsed();
  // V8 gives memory back on another thread, and the next collection waits for that.
  heapUsed();
  return process.memoryUsage().arrayBuffers;
}

describe("a slab", () => {
  it("keeps what is in each block, whatever comes and goes", () => {
    const changes = fc.array(
      fc.oneof(
        { weight: 3, arbitrary: fc.record({ units: fc.constantFrom(1, 2, 3, 31, 32) }) },
        { weight: 2, arbitrary: fc.record({ freed: fc.nat() }) },
      ),
      { maxLength: 400, size: "max" },
    );
    fc.assert(
      fc.property(changes, (all) => {
        const slab = new Slab();
        const blocks = new Map<number, Block>();
        for (const [at, change] of all.entries()) {
          if ("units" in change) {
            const block = { units: change.units, mark: at };
            const address = slab.allocate(block.units);
            expect(blocks.has(address)).toBe(false);
            fill(slab, address, block);
            blocks.set(address, block);
          } else if (blocks.size > 0) {
            free(slab, blocks, [...blocks.keys()][change.freed % blocks.size] as number);
          }
        }
        expectContents(slab, blocks);
      }),
      { numRuns: 200 },
    );
  });

  it("takes many pages for many blocks, and gives them back for blocks of other sizes", () => {
    const slab = new Slab();
    const blocks = new Map<number, Block>();
    const add = (units: number, count: number): void => {
      for (let mark = 0; mark < count; mark += 1) {
        const address = slab.allocate(units);
        fill(slab, address, { units, mark });
        blocks.set(address, { units, mark });
      }
    };
    // 6 pages of 1 MB, of which 1 stays: that of the block that is left.
    add(32, 12_000);
    const pageOf = (address: number): number => Math.floor(address / 2 ** 16);
    const pages = new Set([...blocks.keys()].map(pageOf));
    expect(pages.size).toBe(6);
    while (blocks.size > 1) free(slab, blocks, blocks.keys().next().value as number);
    expectContents(slab, blocks);
    // 5 pages.
    add(3, 109_000);
    for (const address of blocks.keys()) expect(pages).toContain(pageOf(address));
    expectContents(slab, blocks);
  });

  it("is small again when blocks of all sizes have gone", () => {
    const slab = new Slab();
    const before = allocatedBytes();
    for (let units = 2; units <= 32; units += 1) {
      const addresses = Array.from({ length: 2 * Math.floor(2 ** 16 / units) + 1 }, () =>
        slab.allocate(units),
      );
      for (const address of addresses.reverse()) slab.free(address, units);
    }
    expect(allocatedBytes() - before).toBeLessThan(6e6);
    expect(slab.allocate(2)).toBeGreaterThanOrEqual(0);
  });

  it("is small again when one block of each size is left, with what is in it", () => {
    const slab = new Slab();
    const blocks = new Map<number, Block>();
    const before = allocatedBytes();
    for (let units = 2; units <= 32; units += 10) {
      const addresses = Array.from({ length: 6 * Math.floor(2 ** 16 / units) }, () => slab.allocate(units));
      const [first, ...others] = addresses as [number, ...number[]];
      blocks.set(first, { units, mark: units });
      fill(slab, first, { units, mark: units });
      for (const address of others.reverse()) slab.free(address, units);
    }
    expect(allocatedBytes() - before).toBeLessThan(200_000);
    expectContents(slab, blocks);
  });

  it("and its clone keep their own blocks, whichever gives pages back or takes some, and copy a page once", () => {
    const slab = new Slab();
    const blocks = new Map<number, Block>();
    const add = (to: Slab, its: Map<number, Block>, count: number, mark: number): void => {
      for (let at = 0; at < count; at += 1) {
        const address = to.allocate(32);
        fill(to, address, { units: 32, mark: mark + at });
        its.set(address, { units: 32, mark: mark + at });
      }
    };
    // 6 pages of 1 MB, and as many that are spare or free.
    add(slab, blocks, 24_000, 0);
    for (const address of [...blocks.keys()].reverse().slice(0, 12_000)) free(slab, blocks, address);
    const clone = slab.clone();
    const itsBlocks = new Map(blocks);
    while (blocks.size > 3000) free(slab, blocks, blocks.keys().next().value as number);
    expectContents(clone, itsBlocks);
    add(clone, itsBlocks, 9000, 100_000);
    expectContents(slab, blocks);
    add(slab, blocks, 9000, 200_000);
    expectContents(clone, itsBlocks);
    expectContents(slab, blocks);
    const address = itsBlocks.keys().next().value as number;
    clone.own(address);
    const page = clone.bytesOf(address);
    clone.own(address);
    expect(clone.bytesOf(address)).toBe(page);
  });

  it("makes no page for a number of blocks that goes up and down around what a page has room for", () => {
    const slab = new Slab();
    const perPage = 2 ** 11;
    const addresses = Array.from({ length: perPage + 1 }, () => slab.allocate(32));
    const last = addresses.at(-1) as number;
    const page = slab.bytesOf(last);
    for (let round = 0; round < 3; round += 1) {
      expect(slab.free(last, 32)).toBe(last);
      expect(slab.allocate(32)).toBe(last);
      expect(slab.bytesOf(last)).toBe(page);
    }
  });
});
