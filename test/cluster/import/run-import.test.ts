/** The order and the patience of an import, on servers that are a few lines each. */
import { describe, expect, it } from "vitest";
import type { Argument, CommandClient } from "../../../cluster/import/commands.ts";
import { type ImportReport, runImport } from "../../../cluster/import/run-import.ts";

class Server implements CommandClient {
  readonly asked: string[] = [];
  readonly #answer: (command: string, args: readonly Argument[]) => unknown;

  constructor(answer: (command: string, args: readonly Argument[]) => unknown) {
    this.#answer = answer;
  }

  async callBuffer(command: string, args: Argument[]): Promise<unknown> {
    this.asked.push([command, ...args].join(" "));
    return this.#answer(command, args);
  }
}

/** A source with these keys and types; their values, or one element, are `v`. */
function sourceOf(types: Readonly<Record<string, string>>, leftMs = -1): Server {
  return new Server((command, [first, from]) => {
    switch (command) {
      case "SCAN":
        return [Buffer.from("0"), Object.keys(types).map((key) => Buffer.from(key))];
      case "TYPE":
        return Buffer.from(types[String(first)] ?? "none");
      case "PTTL":
        return leftMs;
      case "LRANGE":
        return from === 0 ? [Buffer.from("v")] : [];
      default:
        return Buffer.from("v");
    }
  });
}

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: "ReplyError" });
}

const present = (): Server => new Server(() => 1);

async function importing(
  source: Server,
  target: Server,
  signal: AbortSignal = new AbortController().signal,
): Promise<ImportReport> {
  return runImport({
    databases: [0],
    open: () => ({ source, target }),
    onProgress: () => {},
    signal,
    nowMs: () => 1_000_000,
  });
}

describe("an import", () => {
  it("copies values with the time at which they expire", async () => {
    const target = present();
    expect(await importing(sourceOf({ a: "string" }, 500), target)).toMatchObject({ copied: 1, failed: 0 });
    expect(target.asked).toEqual(["SET a v PXAT 1000500"]);
  });

  it("begins a key anew when the connection, or the master, was lost in between", async () => {
    for (const error of [new Error("Connection is closed."), reply("UNCERTAIN no copies in time")]) {
      let pushes = 0;
      const target = new Server((command) => {
        if (command === "RPUSH" && pushes++ === 0) throw error;
        return 1;
      });
      expect(await importing(sourceOf({ list: "list" }), target)).toMatchObject({ copied: 1, failed: 0 });
      expect(target.asked).toEqual([
        "UNLINK list",
        "RPUSH list v",
        "UNLINK list",
        "RPUSH list v",
        "EXISTS list",
      ]);
    }
  });

  it("copies a key once that SCAN names twice at a time: two lanes would each add to the list", async () => {
    const twice = new Server((command, [, from]) => {
      if (command === "SCAN") return [Buffer.from("0"), [Buffer.from("list"), Buffer.from("list")]];
      if (command === "LRANGE") return from === 0 ? [Buffer.from("v")] : [];
      return command === "TYPE" ? Buffer.from("list") : -1;
    });
    const target = present();
    expect(await importing(twice, target)).toMatchObject({ copied: 1, failed: 0 });
    expect(target.asked).toEqual(["UNLINK list", "RPUSH list v", "EXISTS list"]);
  });

  it("copies a stream that grows meanwhile, and goes on behind the last id of a millisecond", async () => {
    const greatest = 2n ** 64n - 1n;
    const pages: Record<string, string> = { "-": `5-${greatest}`, "6-0": `${greatest}-${greatest}` };
    let lastId = "1-1";
    const source = new Server((command, [first, from]) => {
      if (command === "SCAN") return [Buffer.from("0"), [Buffer.from("s")]];
      if (command === "TYPE") return Buffer.from("stream");
      if (command === "XINFO") return first === "STREAM" ? ["last-generated-id", Buffer.from(lastId)] : [];
      if (command !== "XRANGE") return -1;
      const id = pages[String(from)];
      if (id === undefined) return [];
      lastId = id;
      return [[Buffer.from(lastId), [Buffer.from("f"), Buffer.from("v")]]];
    });
    const target = present();
    expect(await importing(source, target)).toMatchObject({ copied: 1, failed: 0 });
    expect(target.asked.filter((command) => command.startsWith("X"))).toEqual([
      "XGROUP CREATE s interrex:import 0 MKSTREAM",
      "XGROUP DESTROY s interrex:import",
      `XADD s 5-${greatest} f v`,
      `XADD s ${greatest}-${greatest} f v`,
      `XSETID s ${greatest}-${greatest}`,
    ]);
  });

  it("counts a stream as gone that was deleted or has expired meanwhile, and leaves nothing of it", async () => {
    const source = new Server((command) => {
      if (command === "SCAN") return [Buffer.from("0"), [Buffer.from("s")]];
      if (command === "XINFO") throw reply("ERR no such key");
      return command === "TYPE" ? Buffer.from("stream") : [];
    });
    const target = present();
    expect(await importing(source, target)).toMatchObject({ copied: 0, gone: 1, failed: 0 });
    expect(target.asked.at(-1)).toBe("UNLINK s");
  });

  it("tells which keys it could not copy, and goes on", async () => {
    const target = new Server((command, [key]) => {
      if (command === "SET" && String(key) === "bad") throw reply("OOM command not allowed");
      return 1;
    });
    const report = await importing(sourceOf({ bad: "string", json: "ReJSON-RL", good: "string" }), target);
    expect(report).toMatchObject({ copied: 1, gone: 0, failed: 2 });
    expect([...report.failures].sort((a, b) => a.key.localeCompare(b.key))).toEqual([
      { database: 0, key: "bad", reason: "OOM command not allowed" },
      { database: 0, key: "json", reason: "keys of type ReJSON-RL can't be copied" },
    ]);
  });

  it("sends no value that the target would close the connection for", async () => {
    const large = Buffer.alloc(128 * 1024 * 1024 + 1);
    const source = new Server((command) => {
      if (command === "SCAN") return [Buffer.from("0"), [Buffer.from("large")]];
      return { TYPE: Buffer.from("string"), PTTL: -1, GET: large }[command];
    });
    const target = present();
    const report = await importing(source, target);
    expect(report.failures).toMatchObject([{ key: "large", reason: expect.stringContaining("limit") }]);
    expect(target.asked).toEqual([]);
  });

  it("has no more large values on their way at once than fit into memory", async () => {
    const names = Array.from({ length: 20 }, (_, index) => Buffer.from(`k${index}`));
    let underway = 0;
    let most = 0;
    const source = new Server((command) => {
      if (command === "SCAN") return [Buffer.from("0"), names];
      if (command === "MEMORY") return 20 * 1024 * 1024;
      if (command === "GET") most = Math.max(most, ++underway);
      return command === "PTTL" ? -1 : Buffer.from(command === "TYPE" ? "string" : "v");
    });
    const target = new Server(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      underway -= 1;
      return "OK";
    });
    expect(await importing(source, target)).toMatchObject({ copied: 20, failed: 0 });
    expect(most).toBe(3);
  });

  it("takes fewer elements at once where they are large", async () => {
    const source = new Server((command, [, from]) => {
      if (command === "SCAN") return [Buffer.from("0"), [Buffer.from("list")]];
      if (command === "MEMORY") return 100 * 4 * 1024 * 1024;
      if (command === "LRANGE") return Number(from) < 4 ? [Buffer.from("v"), Buffer.from("v")] : [];
      return { TYPE: Buffer.from("list"), PTTL: -1, LLEN: 100 }[command];
    });
    expect(await importing(source, present())).toMatchObject({ copied: 1, failed: 0 });
    const ranges = source.asked.filter((command) => command.startsWith("LRANGE"));
    expect(ranges).toEqual(["LRANGE list 0 1", "LRANGE list 2 3", "LRANGE list 4 5"]);
  });

  it("counts keys that are gone by the time they are read", async () => {
    const vanished = new Server((command) => {
      if (command === "SCAN") return [Buffer.from("0"), [Buffer.from("a"), Buffer.from("b")]];
      if (command === "TYPE") return Buffer.from("string");
      return command === "GET" ? null : -1;
    });
    expect(await importing(vanished, present())).toMatchObject({ copied: 0, gone: 2, failed: 0 });
    expect(await importing(sourceOf({ a: "none" }), present())).toMatchObject({ copied: 0, gone: 1 });
  });

  it("ends with the reason of its signal", async () => {
    const stopped = new AbortController();
    const target = new Server(() => {
      stopped.abort(new Error("enough"));
      return 1;
    });
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${index}`, "string"]));
    await expect(importing(sourceOf(many), target, stopped.signal)).rejects.toThrow("enough");
    expect(target.asked.length).toBeLessThan(500);
  });
});
