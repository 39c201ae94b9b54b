import { describe, expect, it } from "vitest";
import { SeededRandomness } from "../../../src/base/randomness.ts";
import { MemberTable } from "../../../src/core/keyspace/member-table.ts";
import { seedMemberHashes } from "../../../src/core/keyspace/position-index.ts";

function all(table: MemberTable): string[] {
  return Array.from({ length: table.size }, (_, at) => table.at(at));
}

describe("a member table", () => {
  it.each([
    ["a few members, without an index", 12, 400],
    ["members around the index's coming and going", 40, 3000],
    ["many members, in shards", 60_000, 200_000],
  ])("knows where each of %s stands, whatever was added and removed", (_name, range, steps) => {
    const random = new SeededRandomness(range);
    const table = new MemberTable();
    const model = new Set<string>();
    for (let step = 0; step < steps; step += 1) {
      // Mostly grows, then mostly shrinks, then grows again.
      const shrinks = Math.floor((step * 3) / steps) === 1;
      const member = `member ${random.below(range)}`;
      if (random.below(10) < (shrinks ? 9 : 2)) {
        const last = table.at(table.size - 1);
        const place = table.find(member);
        expect(table.remove(member)).toBe(place);
        expect(model.delete(member)).toBe(place !== -1);
        if (place !== -1 && place < table.size) expect(table.at(place)).toBe(last);
      } else {
        expect(table.add(member)).toBe(!model.has(member));
        model.add(member);
      }
    }
    expect(all(table).sort()).toEqual([...model].sort());
    for (let at = 0; at < table.size; at += 1) expect(table.find(table.at(at))).toBe(at);
    for (let at = 0; at < range; at += 1) expect(table.has(`member ${at}`)).toBe(model.has(`member ${at}`));
  });

  it("gives the same order for the same commands", () => {
    const tables = [new MemberTable(), new MemberTable()];
    for (const table of tables) {
      for (let at = 0; at < 100; at += 1) table.add(`m${at}`);
      for (let at = 0; at < 100; at += 3) table.remove(`m${at}`);
    }
    expect(all(tables[0] as MemberTable)).toEqual(all(tables[1] as MemberTable));
  });

  it("keeps members that are alike but for one byte apart", () => {
    const table = new MemberTable();
    const members = Array.from({ length: 256 }, (_, code) => `a${String.fromCharCode(code)}b`);
    for (const member of members) expect(table.add(member)).toBe(true);
    expect(members.map((member) => table.find(member))).toEqual([...members.keys()]);
    expect(table.has("ab")).toBe(false);
  });
});

describe("the seed of the hashes", () => {
  const members = Array.from({ length: 1000 }, (_, at) => `member ${at}`);
  const filled = (): MemberTable => {
    const table = new MemberTable();
    for (const member of members) table.add(member);
    for (const member of members.slice(0, 300)) table.remove(member);
    return table;
  };

  it("shows in no order, and leaves tables alone that are there already", () => {
    const table = filled();
    seedMemberHashes(0x9e3779b9, 0);
    try {
      for (const member of members.slice(300)) expect(table.at(table.find(member))).toBe(member);
      expect(table.remove("member 400")).not.toBe(-1);
      expect(table.has("member 400")).toBe(false);
      table.add("member 400");
      const other = filled();
      other.remove("member 400");
      other.add("member 400");
      expect(all(other)).toEqual(all(table));
    } finally {
      seedMemberHashes(0, 0);
    }
  });
});
