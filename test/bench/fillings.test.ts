/** What large servers are filled with: as many elements as asked for, each once, and how their memory is shared out. */
import { describe, expect, it } from "vitest";
import { FILLINGS, packetsOf, STRINGS } from "../../bench/fillings.ts";
import { infoNumber } from "../../bench/info-number.ts";
import { shareOf } from "../../bench/memory.ts";

const ELEMENTS = 1000;

describe.each(FILLINGS)("a filling of the kind $element", (filling) => {
  it("writes each element once", () => {
    const commands = Array.from({ length: ELEMENTS / filling.perCommand }, (_, at) => filling.command(at));
    const elements = commands.flatMap(([name, key, ...rest]) => {
      if (name === "SET") return [`${key}`];
      if (name === "RPUSH") return rest;
      // HSET is followed by field and value, ZADD by score and member.
      return rest.filter((_, at) => at % 2 === (name === "HSET" ? 0 : 1));
    });
    expect(new Set(elements).size).toBe(ELEMENTS);
    expect(elements).toHaveLength(ELEMENTS);
  });

  it("is of one width, so that both sides store the same", () => {
    const first = filling.command(0).length;
    expect(filling.command(99).length).toBe(first);
    const names = [0, 99].map((at) => filling.command(at).filter((word) => word.includes(":")));
    expect(names[0]?.join("").length).toBe(names[1]?.join("").length);
  });
});

describe("packets", () => {
  it("hold all commands, the last packet what is left", () => {
    const packets = [...packetsOf(STRINGS, 25, 10)];
    expect(packets.map(({ commands }) => commands)).toEqual([10, 10, 5]);
    expect(packets.map(({ bytes }) => bytes).join("")).toContain(
      "*3\r\n$3\r\nSET\r\n$14\r\nstring:0000024\r\n$13\r\nvalue:0000024\r\n",
    );
  });
});

describe("memory", () => {
  it("of one element is what has grown, shared among all", () => {
    const before = { resident: 1000, allocated: 500, told: 100 };
    const share = shareOf(before, { resident: 101_000, allocated: 90_500, told: 80_100 }, 1000);
    expect(share).toEqual({ resident: 100, allocated: 90, told: 80 });
  });

  it("is read from INFO by the whole name of the field", () => {
    const info = "# Memory\r\nused_memory_rss:2048\r\nused_memory:1024\r\nused_memory_human:1K\r\n";
    expect([infoNumber(info, "used_memory"), infoNumber(info, "used_memory_rss")]).toEqual([1024, 2048]);
    expect(() => infoNumber(info, "used_memory_human")).toThrow(/used_memory_human/);
    expect(() => infoNumber(info, "loading")).toThrow(/no number for loading/);
  });
});
