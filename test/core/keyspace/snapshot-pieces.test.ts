import { describe, expect, it } from "vitest";
import type { Offset } from "../../../src/base/ids.ts";
import { KeyTable } from "../../../src/core/keyspace/key-table.ts";
import { SnapshotPieces } from "../../../src/core/keyspace/snapshot-pieces.ts";
import { encodeCommand } from "../../../src/protocol/resp/command-encoder.ts";

const OFFSET = 1 as Offset;

function takeAll(pieces: SnapshotPieces): string[] {
  const all: string[] = [];
  while (pieces.bytes > 0) all.push(pieces.take().toString("latin1"));
  return all;
}

describe("pieces of a snapshot", () => {
  it("hold commands whole and in order, as many as make the size that is asked for", () => {
    const pieces = new SnapshotPieces();
    pieces.pieceBytes = 20;
    for (const text of ["a".repeat(15), "b".repeat(15), "c", "d".repeat(1025), "e"]) pieces.add(text);
    expect(pieces.bytes).toBe(15 + 15 + 1 + 1025 + 1);
    expect(takeAll(pieces)).toEqual(["a".repeat(15) + "b".repeat(15), `c${"d".repeat(1025)}`, "e"]);
    expect(pieces.take()).toHaveLength(0);
  });

  it("are as large as is asked for where each command is longer than a short one", () => {
    const pieces = new SnapshotPieces();
    const texts = Array.from({ length: 200 }, (_, at) =>
      String.fromCharCode(at).repeat(at % 4 === 0 ? 500 : 1100),
    );
    for (const text of texts) pieces.add(text);
    const taken = takeAll(pieces);
    expect(taken.join("")).toBe(texts.join(""));
    for (const piece of taken.slice(0, -1)) expect(piece.length).toBeGreaterThanOrEqual(64 * 1024);
  });

  it("encode keys with strings of every length that a block may hold", () => {
    const table = new KeyTable();
    const pieces = new SnapshotPieces();
    let expected = "";
    for (let length = 0; length <= 460; length += 1) {
      const key = `${length}${"k".repeat(length % 11)}`;
      const value = String.fromCharCode(length % 256).repeat(length);
      const at = table.add(key, value, OFFSET, 0, 0);
      expect(table.isShortString(at)).toBe(true);
      pieces.addSet(table, at);
      expected += encodeCommand(["SET", key, value]);
    }
    expect(takeAll(pieces).join("")).toBe(expected);
  });

  it("make room for few bytes where many are asked for", () => {
    const pieces = new SnapshotPieces();
    pieces.pieceBytes = 2 ** 40;
    pieces.add("x");
    expect(takeAll(pieces)).toEqual(["x"]);
  });

  it("are gone once they are cleared", () => {
    const pieces = new SnapshotPieces();
    pieces.add("a");
    pieces.add("b".repeat(2000));
    pieces.add("c");
    pieces.clear();
    expect([pieces.bytes, pieces.take().length]).toEqual([0, 0]);
  });
});
