import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeCommand } from "../../../src/protocol/resp/command-encoder.ts";
import { DEFAULT_REDIS_LIMITS, type RequestLimits } from "../../../src/protocol/resp/limits.ts";
import { RequestDecoder } from "../../../src/protocol/resp/request-decoder.ts";
import { splitAt } from "../../fuzz/byte-mutations.ts";
import { command, latin1Text } from "./arbitrary-requests.ts";

interface Decoded {
  readonly commands: string[][];
  readonly error: string | undefined;
}

function decode(chunks: readonly Buffer[], limits: Partial<RequestLimits> = {}): Decoded {
  const decoder = new RequestDecoder({ ...DEFAULT_REDIS_LIMITS, ...limits });
  const commands: string[][] = [];
  for (const chunk of chunks) {
    decoder.feed(chunk);
    for (let argv = decoder.next(); argv !== undefined; argv = decoder.next()) commands.push(argv);
  }
  return { commands, error: decoder.error?.message };
}

function decodeText(text: string, limits: Partial<RequestLimits> = {}): Decoded {
  return decode([Buffer.from(text, "latin1")], limits);
}

const cuts = fc.array(fc.nat(), { maxLength: 20 });

describe("request decoder", () => {
  it("reads back any commands from any split of their bytes", () =>
    fc.assert(
      fc.property(fc.array(command, { maxLength: 8 }), cuts, (commands, places) => {
        const bytes = Buffer.from(commands.map(encodeCommand).join(""), "latin1");
        expect(decode(splitAt(bytes, places))).toEqual({ commands, error: undefined });
      }),
    ));

  it("holds on to no chunk once it is told to keep what is unread", () => {
    const shared = Buffer.alloc(4096);
    return fc.assert(
      fc.property(fc.array(command, { maxLength: 8 }), cuts, (commands, places) => {
        const decoder = new RequestDecoder(DEFAULT_REDIS_LIMITS);
        const read: string[][] = [];
        for (const piece of splitAt(Buffer.from(commands.map(encodeCommand).join(""), "latin1"), places)) {
          for (let from = 0; from < piece.length; from += shared.length) {
            const length = piece.copy(shared, 0, from);
            decoder.feed(shared.subarray(0, length));
            for (let argv = decoder.next(); argv !== undefined; argv = decoder.next()) read.push(argv);
            decoder.keep();
            expect(decoder.lastRequest).toBeNull();
            shared.fill(0);
          }
        }
        expect(read).toEqual(commands);
      }),
    );
  });

  it("gives the bytes of a command where they are those of its encoding", () => {
    const decoder = new RequestDecoder(DEFAULT_REDIS_LIMITS);
    const requestOf = (...chunks: string[]): string | undefined => {
      for (const chunk of chunks.slice(0, -1)) {
        decoder.feed(Buffer.from(chunk, "latin1"));
        expect(decoder.next()).toBeUndefined();
      }
      decoder.feed(Buffer.from(chunks.at(-1) ?? "", "latin1"));
      expect(decoder.next()).toBeDefined();
      const request = decoder.lastRequest;
      return request?.bytes.toString("latin1", request.start, request.end);
    };
    const text = encodeCommand(["INCR", "k"]);
    expect(requestOf(text)).toBe(text);
    expect(requestOf(`*0\r\n${text}`)).toBe(text);
    for (const other of [
      "INCR k\r\n",
      text.replace("\r\n$1", "xx$1"),
      text.replace("k\r\n", "kxx"),
      "*1\rx$1\r\nk\r\n",
    ]) {
      expect(requestOf(other)).toBeUndefined();
    }
    for (const at of [5, 9, text.length - 1])
      expect(requestOf(text.slice(0, at), text.slice(at))).toBeUndefined();
    expect(requestOf(text)).toBe(text);
  });

  it("gives the bytes of any commands, or none", () =>
    fc.assert(
      fc.property(fc.array(command, { maxLength: 8 }), cuts, (commands, places) => {
        const decoder = new RequestDecoder(DEFAULT_REDIS_LIMITS);
        for (const chunk of splitAt(Buffer.from(commands.map(encodeCommand).join(""), "latin1"), places)) {
          decoder.feed(chunk);
          for (let argv = decoder.next(); argv !== undefined; argv = decoder.next()) {
            const request = decoder.lastRequest;
            if (request === null) continue;
            expect(request.bytes.toString("latin1", request.start, request.end)).toBe(encodeCommand(argv));
          }
        }
      }),
    ));

  it("reads the same from one byte at a time, multibulk and inline mixed", () => {
    const text = `PING\r\n${encodeCommand(["SET", "k", "a\r\nb"])}\r\n  get "k x"\n*0\r\n*-1\r\n${encodeCommand(["", ""])}`;
    const bytes = Buffer.from(text, "latin1");
    const single = [...bytes].map((byte) => Buffer.from([byte]));
    const expected = [["PING"], ["SET", "k", "a\r\nb"], ["get", "k x"], ["", ""]];
    expect(decode(single).commands).toEqual(expected);
    expect(decode([bytes])).toEqual({ commands: expected, error: undefined });
  });

  it("makes of garbage the same commands and the same error, however it is split, and never throws", () => {
    const token = fc.constantFrom(
      ..."*0 *1 *2 *-1 *3x $0 $1 $3 $-1 $03 $+1 $99 \r\n \r \n a 'b \"c \" ' \\x41 \0 \x80 PING 1234567890123456789".split(
        " ",
      ),
      " ",
      "\r\n",
      "*2\r\n$1\r\n",
      "*1\r\n$4\r\nPING\r\n",
    );
    const garbage = fc.array(fc.oneof({ weight: 4, arbitrary: token }, latin1Text), { maxLength: 30 });
    const limits = { inlineBytesMax: 40, bulkBytesMax: 90, argumentsMax: 8 };
    return fc.assert(
      fc.property(garbage, cuts, (tokens, places) => {
        const bytes = Buffer.from(tokens.join(""), "latin1");
        expect(decode(splitAt(bytes, places), limits)).toEqual(decode([bytes], limits));
      }),
      { numRuns: 1000 },
    );
  });

  it("reads the same whether commands are pulled at once or only after all is fed", () =>
    fc.assert(
      fc.property(fc.array(command, { maxLength: 20 }), cuts, (commands, places) => {
        const decoder = new RequestDecoder(DEFAULT_REDIS_LIMITS);
        const bytes = Buffer.from(commands.map(encodeCommand).join(""), "latin1");
        for (const chunk of splitAt(bytes, places)) decoder.feed(chunk);
        expect(decoder.bufferedBytes).toBe(bytes.length);
        for (const argv of commands) expect(decoder.next()).toEqual(argv);
        expect(decoder.next()).toBeUndefined();
        expect(decoder.bufferedBytes).toBe(0);
      }),
    ));

  it("skips empty commands and blank lines", () => {
    expect(decodeText("*0\r\n\r\n*-1\r\n   \r\n\n*-9223372036854775808\r\nPING\r\n")).toEqual({
      commands: [["PING"]],
      error: undefined,
    });
  });

  it("keeps the commands before an error, and reads nothing after it", () => {
    const decoder = new RequestDecoder(DEFAULT_REDIS_LIMITS);
    decoder.feed(Buffer.from("PING\r\n*x\r\nPING\r\n"));
    expect(decoder.next()).toEqual(["PING"]);
    expect(decoder.error).toBeUndefined();
    expect(decoder.next()).toBeUndefined();
    expect(decoder.error?.code).toBe("PROTOCOL_ERROR");
    decoder.feed(Buffer.from("PING\r\n"));
    expect(decoder.next()).toBeUndefined();
    expect(decoder.bufferedBytes).toBe(0);
  });

  it.each([
    ["*abc\r\n", "invalid multibulk length"],
    ["*\r\n", "invalid multibulk length"],
    ["*01\r\n", "invalid multibulk length"],
    ["*+1\r\n", "invalid multibulk length"],
    ["*-\r\n", "invalid multibulk length"],
    ["*1 \r\n", "invalid multibulk length"],
    ["*9\r\n", "invalid multibulk length"],
    ["*99999999999999999999999\r\n", "invalid multibulk length"],
    ["*1\r\n$-1\r\n", "invalid bulk length"],
    ["*1\r\n$x\r\n", "invalid bulk length"],
    ["*1\r\n$\r\n", "invalid bulk length"],
    ["*1\r\n$101\r\n", "invalid bulk length"],
    ["*1\r\n$00\r\n", "invalid bulk length"],
    ["*1\r\nPING\r\n", "expected '$', got 'P'"],
    ["*2\r\n$1\r\na\r\n:1\r\n", "expected '$', got ':'"],
    [`*${"1".repeat(64)}`, "too big mbulk count string"],
    [`*1\r\n$${"1".repeat(64)}`, "too big bulk count string"],
    ["x".repeat(65), "too big inline request"],
    ["get 'a\r\n", "unbalanced quotes in request"],
    ["POST / HTTP/1.1\r\n", "this port speaks RESP, not HTTP"],
    ["host: localhost\r\n", "this port speaks RESP, not HTTP"],
  ])("refuses %j with: %s", (text, reason) => {
    const limits = { argumentsMax: 8, bulkBytesMax: 100, inlineBytesMax: 64 };
    expect(decodeText(text, limits)).toEqual({ commands: [], error: `Protocol error: ${reason}` });
  });

  it("writes its error as one line, also when the wrong byte is a line end", () => {
    const decoder = new RequestDecoder(DEFAULT_REDIS_LIMITS);
    decoder.feed(Buffer.from("*1\r\n\r\n\r\n"));
    decoder.next();
    expect(decoder.error?.reply).toBe("-ERR Protocol error: expected '$', got ' '\r\n");
  });

  it("takes lengths up to their limits", () => {
    const limits = { argumentsMax: 3, bulkBytesMax: 5, inlineBytesMax: 64 };
    expect(decodeText(encodeCommand(["a", "b", "12345"]), limits).commands).toEqual([["a", "b", "12345"]]);
    const line = "x".repeat(64);
    expect(decodeText(`${line}\n`, limits).commands).toEqual([[line]]);
  });

  it("refuses an argument that V8 has no string for, although Redis would take it", () => {
    expect(decodeText(`*1\r\n$${512 * 1024 * 1024}\r\n`).error).toBe("Protocol error: invalid bulk length");
  });

  it("allows little before authentication, and all from the command after it", () => {
    const decoder = new RequestDecoder(DEFAULT_REDIS_LIMITS);
    decoder.unauthenticated = true;
    const many = Array.from({ length: 11 }, () => "x");
    decoder.feed(
      Buffer.from(
        encodeCommand(["AUTH", "secret"]) + encodeCommand(many) + encodeCommand(["x".repeat(16_385)]),
      ),
    );
    expect(decoder.next()).toEqual(["AUTH", "secret"]);
    decoder.unauthenticated = false;
    expect(decoder.next()).toEqual(many);
    expect(decoder.next()?.[0]).toHaveLength(16_385);
  });

  it.each([
    [encodeCommand(Array.from({ length: 11 }, () => "x")), "unauthenticated multibulk length"],
    [encodeCommand(["x".repeat(16_385)]), "unauthenticated bulk length"],
  ])("before authentication refuses a large command", (text, reason) => {
    const decoder = new RequestDecoder(DEFAULT_REDIS_LIMITS);
    decoder.unauthenticated = true;
    decoder.feed(Buffer.from(text));
    expect(decoder.next()).toBeUndefined();
    expect(decoder.error?.message).toBe(`Protocol error: ${reason}`);
  });

  it("counts what an incomplete command holds", () => {
    const decoder = new RequestDecoder(DEFAULT_REDIS_LIMITS);
    decoder.feed(Buffer.from("*3\r\n$3\r\nabc\r\n$5\r\nde"));
    expect(decoder.next()).toBeUndefined();
    expect(decoder.bufferedBytes).toBe("abc".length + 24 + "de".length);
  });

  it("counts what arguments cost by themselves, so that many empty ones are bounded too", () => {
    const decoder = new RequestDecoder(DEFAULT_REDIS_LIMITS);
    decoder.feed(Buffer.from(`*2000000\r\n${"$0\r\n\r\n".repeat(1_500_000)}`));
    expect(decoder.next()).toBeUndefined();
    expect(decoder.error).toBeUndefined();
    expect(decoder.bufferedBytes).toBe(1_500_000 * 24);
  });

  it("moves the bytes of a large argument a constant number of times", () => {
    const size = 32 * 1024 * 1024;
    const value = Buffer.alloc(size, "0123456789abcdef\r\n");
    const bytes = Buffer.concat([
      Buffer.from(`*2\r\n$3\r\nGET\r\n$${size}\r\n`),
      value,
      Buffer.from("\r\nPING\r\nPI"),
    ]);
    const decoder = new RequestDecoder(DEFAULT_REDIS_LIMITS);
    const commands: string[][] = [];
    const moved = countMovedBytes(() => {
      for (let at = 0; at < bytes.length; at += 65_536) {
        decoder.feed(bytes.subarray(at, at + 65_536));
        for (let argv = decoder.next(); argv !== undefined; argv = decoder.next()) commands.push(argv);
      }
    });
    expect(commands.map((argv) => argv[0])).toEqual(["GET", "PING"]);
    expect(commands[0]?.[1] === value.toString("latin1")).toBe(true);
    expect(moved).toBeGreaterThan(size / 2);
    expect(moved).toBeLessThan(4 * size);
  });

  it("moves the bytes of a command that drips in byte by byte a constant number of times", () => {
    const bytes = Buffer.from(encodeCommand(["SET", "k", "v".repeat(100_000)]));
    const decoder = new RequestDecoder(DEFAULT_REDIS_LIMITS);
    let argv: string[] | undefined;
    const moved = countMovedBytes(() => {
      for (let at = 0; at < bytes.length; at++) {
        decoder.feed(bytes.subarray(at, at + 1));
        argv = decoder.next();
      }
    });
    expect(argv?.[2]).toHaveLength(100_000);
    expect(moved).toBeLessThan(5 * bytes.length);
  });

  it("does not hold on to the bytes of its last command once all is read", () => {
    const decoder = new RequestDecoder(DEFAULT_REDIS_LIMITS);
    const large = encodeCommand(["SET", "k", "v".repeat(1_000_000)]);
    decoder.feed(Buffer.from(large.slice(0, 1000)));
    decoder.next();
    decoder.feed(Buffer.from(large.slice(1000) + encodeCommand(["INCR", "n"])));
    decoder.next();
    decoder.next();
    const request = decoder.lastRequest;
    expect(request?.bytes.length).toBeGreaterThan(1_000_000);
    expect(decoder.next()).toBeUndefined();
    expect(request?.bytes).toHaveLength(0);
  });

  it("takes no memory for an argument that was only announced", () => {
    const announced = 256 * 1024 * 1024;
    const decoder = new RequestDecoder(DEFAULT_REDIS_LIMITS);
    const before = process.memoryUsage().arrayBuffers;
    decoder.feed(Buffer.from(`*1\r\n$${announced}\r\nabc`));
    decoder.next();
    decoder.feed(Buffer.from("def"));
    expect(decoder.next()).toBeUndefined();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(announced / 4);
  });
});

/** Bytes that Buffers were asked to copy into others meanwhile. */
function countMovedBytes(run: () => void): number {
  const { set, copyWithin } = Uint8Array.prototype;
  let moved = 0;
  Uint8Array.prototype.set = function (source: ArrayLike<number>, offset?: number): void {
    moved += source.length;
    set.call(this, source, offset);
  };
  Uint8Array.prototype.copyWithin = function (target: number, start: number, end?: number) {
    moved += (end ?? this.length) - start;
    return copyWithin.call(this, target, start, end);
  };
  try {
    run();
  } finally {
    Object.assign(Uint8Array.prototype, { set, copyWithin });
  }
  return moved;
}
