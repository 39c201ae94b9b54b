import path from "node:path";
import { describe, expect, it } from "vitest";
import type { IncarnationId } from "../../../src/base/ids.ts";
import { DurableCell } from "../../../src/io/storage/durable-cell.ts";
import { type Identity, loadIdentity, saveIdentity } from "../../../src/io/storage/identity-file.ts";
import { temporaryDirectory } from "./storage-kit.ts";

const LIFE: Identity = {
  incarnation: "i1" as IncarnationId,
  doubts: [],
  cleanStop: true,
  bootId: null,
  appendfsync: "everysec",
  voidedBy: null,
  because: "a test",
  owner: "n1",
};

/** Loads what `save` has put into a cell of its own. */
function loaded(save: (cell: DurableCell) => void): Identity | null {
  const file = path.join(temporaryDirectory(), "identity");
  const written = new DurableCell(file);
  written.load();
  save(written);
  written.abandon();
  const cell = new DurableCell(file);
  try {
    return loadIdentity(cell);
  } finally {
    cell.abandon();
  }
}

const holding = (text: string) => loaded((cell) => cell.saveSync(Buffer.from(text)));

describe("the identity of a data directory", () => {
  it("reads back as it was saved", () => {
    expect(loaded((cell) => saveIdentity(cell, LIFE))).toEqual(LIFE);
  });

  it("of an early version, which names no owner, is read all the same", () => {
    const { owner: _, ...early } = LIFE;
    expect(holding(JSON.stringify({ format: 1, ...early }))).toEqual({ ...LIFE, owner: null });
  });

  it.each([
    "null",
    "not JSON",
    "{}",
    '{"format":"2"}',
    JSON.stringify({ format: 1, ...LIFE, cleanStop: "no" }),
  ])("is corrupt as %s", (text) => {
    expect(() => holding(text)).toThrow(
      expect.objectContaining({
        code: "CORRUPT_STATE",
        message: expect.stringContaining("keep the directory: it may be all there is"),
      }),
    );
  });

  it("of a later version is refused as that", () => {
    expect(() => holding('{"format":2}')).toThrow(
      expect.objectContaining({
        code: "UNKNOWN_FORMAT",
        message: expect.stringContaining("its format is 2"),
      }),
    );
  });
});
