import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Latin1Buffer } from "../../../src/base/latin1.ts";
import { encodeCommand } from "../../../src/protocol/resp/command-encoder.ts";
import { DEFAULT_REDIS_LIMITS } from "../../../src/protocol/resp/limits.ts";
import { type PlainName, PlainRequest } from "../../../src/protocol/resp/plain-request.ts";
import { RequestDecoder } from "../../../src/protocol/resp/request-decoder.ts";
import { changedBytes, splitAt } from "../../fuzz/byte-mutations.ts";
import { command, latin1Text } from "./arbitrary-requests.ts";

function bytesOf(text: string): Latin1Buffer {
  return Buffer.from(text, "latin1") as Latin1Buffer;
}

/** @returns what is found at the beginning of `text`, and where it ends; `undefined` when it is no plain request. */
function found(text: string): { argv: string[]; end: number; name: PlainName } | undefined {
  const request = new PlainRequest();
  const bytes = bytesOf(text);
  if (!request.find(bytes, 0, bytes.length)) return undefined;
  return { argv: request.argv, end: request.end, name: request.name };
}

/** All commands of a stream, plain requests found first where there are any. */
function decode(
  chunks: readonly Buffer[],
  looksForPlain: boolean,
): { commands: string[][]; plain: number; error: unknown } {
  const decoder = new RequestDecoder(DEFAULT_REDIS_LIMITS);
  const request = new PlainRequest();
  const commands: string[][] = [];
  let plain = 0;
  for (const chunk of chunks) {
    decoder.feed(chunk);
    for (;;) {
      if (looksForPlain && decoder.findPlain(request)) {
        plain += 1;
        commands.push(request.argv);
        decoder.skip(request);
        continue;
      }
      const argv = decoder.next();
      if (argv === undefined) break;
      commands.push(argv);
    }
  }
  return { commands, plain, error: decoder.error?.message };
}

const plainCommand = fc.oneof(
  fc.tuple(fc.constantFrom("GET", "get", "gEt", "INCR", "lpop", "RPop", "zpopmin"), latin1Text),
  fc.tuple(fc.constantFrom("SET", "set", "Set", "LPUSH", "rpush", "sadd"), latin1Text, latin1Text),
  fc.tuple(fc.constantFrom("LRANGE", "hset", "ZADD"), latin1Text, latin1Text, latin1Text),
);

describe("a plain request", () => {
  it.each([
    [["GET", "a"], "get"],
    [["get", ""], "get"],
    [["SET", "a\r\n", "\r\n$1"], "set"],
    [["sEt", "k".repeat(999), ""], "set"],
    [["INCR", "a"], "incr"],
    [["LPOP", "a"], "lpop"],
    [["rPop", "a"], "rpop"],
    [["LPUSH", "a", "b"], "lpush"],
    [["rpush", "", ""], "rpush"],
    [["LRange", "a", "0", "-1"], "lrange"],
    [["SADD", "a", "b"], "sadd"],
    [["srem", "a", "b"], "srem"],
    [["SPOP", "a"], "spop"],
    [["HSET", "a", "b", "c"], "hset"],
    [["zADD", "a", "1", "c"], "zadd"],
    [["ZPOPMIN", "a"], "zpopmin"],
  ])("is found: %j", (argv, name) => {
    const text = encodeCommand(argv);
    expect(found(`${text}*1\r\n`)).toEqual({ argv, end: text.length, name });
  });

  it.each([
    [["GET"]],
    [["GET", "a", "b"]],
    [["SET", "a"]],
    [["SET", "a", "b", "NX"]],
    [["DEL", "a"]],
    [["GETS", "a"]],
    [["GEX", "a"]],
    [["SIT", "a", "b"]],
    [["INCX", "a"]],
    [["MPOP", "a"]],
    [["DECR", "a"]],
    [["SPUSH", "a", "b"]],
    [["LPUSHX", "a", "b"]],
    [["LPUSH", "a"]],
    [["LPUSH", "a", "b", "c"]],
    [["LPOP", "a", "1"]],
    [["LXXPUSH", "a", "b"]],
    [["LPUSHX", "a"]],
    [["LXANGE", "a", "0", "1"]],
    [["SSET", "a", "b", "c"]],
    [["HADD", "a", "b"]],
    [["ZADD", "a", "b"]],
    [["ZREM", "a", "b"]],
    [["SPOP", "a", "1"]],
    [["HSET", "a", "b", "c", "d", "e"]],
    [["ZXOPMIN", "a"]],
    [["ZPXPMIN", "a"]],
    [["ZPOPMAX", "a"]],
    [["XPOPMIN", "a"]],
    [["GET", "k".repeat(1000)]],
  ])("is none of %j", (argv) => {
    expect(found(encodeCommand(argv))).toBeUndefined();
  });

  it.each([
    "*2\r\n$3\r\nGET\r\n$01\r\na\r\n",
    "*2\r\n$3\r\nGET\r\n$+1\r\na\r\n",
    "*2\r\n$3\r\nGET\r\n$\r\na\r\n",
    "*2\r\n$3\r\nGET\r\n$-1\r\n",
    "*2\r\n$3\r\nGET\r\n$1\r\naXX",
    "*2\r\n$3\r\nGET\r\n$1XXa\r\n",
    "*2\r\n$3\r\nGETXX$1\r\na\r\n",
    "*2XX$3\r\nGET\r\n$1\r\na\r\n",
    "*2\r\n$3XXGET\r\n$1\r\na\r\n",
    "+2\r\n$3\r\nGET\r\n$1\r\na\r\n",
    "*2\r\n+3\r\nGET\r\n$1\r\na\r\n",
    "*2\r\n$3\r\nGET\r\n+1\r\na\r\n",
    "*3\r\n$3\r\nSET\r\n$1\r\na\r\n+1\r\nb\r\n",
    "*2\r\n$4\r\nLPOPXX$1\r\na\r\n",
    "*2\r\n$5\r\nLPOP\r\n$1\r\na\r\n",
    "*2\r\n$14\r\nLPOP\r\n$1\r\na\r\n",
  ])("is as it would be encoded, not %j", (text) => {
    expect(found(text)).toBeUndefined();
  });

  it("lies whole", () => {
    for (const argv of [
      ["GET", "key"],
      ["SET", "key", "value"],
      ["LPUSH", "key", "value"],
      ["RPOP", "key"],
    ]) {
      const text = encodeCommand(argv);
      for (let length = 0; length < text.length; length += 1)
        expect(found(text.slice(0, length))).toBeUndefined();
    }
  });

  it("ends where it is told to, whatever follows", () => {
    const request = new PlainRequest();
    const bytes = bytesOf(`xx${encodeCommand(["SET", "k", "v"])}`);
    expect(request.find(bytes, 2, bytes.length - 1)).toBe(false);
    expect(request.find(bytes, 2, bytes.length)).toBe(true);
    expect(request.argv).toEqual(["SET", "k", "v"]);
  });
});

describe("a decoder that looks for plain requests", () => {
  it("gives the commands that it gives without, from any split of the bytes", () => {
    let plain = 0;
    fc.assert(
      fc.property(
        fc.array(fc.oneof(plainCommand, command), { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (commands, places) => {
          const chunks = splitAt(Buffer.from(commands.map(encodeCommand).join(""), "latin1"), places);
          const decoded = decode(chunks, true);
          plain += decoded.plain;
          expect({ ...decoded, plain: 0 }).toEqual({ commands, plain: 0, error: undefined });
        },
      ),
    );
    expect(plain).toBeGreaterThan(0);
  });

  it("makes of damaged bytes the same commands and the same error as without", () => {
    const valid = fc
      .array(fc.oneof(plainCommand, command), { maxLength: 5 })
      .map((commands) => Buffer.from(commands.map(encodeCommand).join(""), "latin1"));
    const tokens = ["\r\n", "*3\r\n", "$3\r\n", "$5\r\n", "SET", "GET", "LPUSH", "0", "-1"];
    return fc.assert(
      fc.property(changedBytes(valid, tokens), (bytes) => {
        const plain = decode([bytes], true);
        expect({ ...plain, plain: 0 }).toEqual(decode([bytes], false));
      }),
      { numRuns: 2000 },
    );
  });

  it("finds none while the client must authenticate, nor where the longest argument may be shorter", () => {
    const bytes = bytesOf(encodeCommand(["GET", "a"]));
    const request = new PlainRequest();
    const decoder = new RequestDecoder(DEFAULT_REDIS_LIMITS);
    decoder.feed(bytes);
    decoder.unauthenticated = true;
    expect(decoder.findPlain(request)).toBe(false);
    decoder.unauthenticated = false;
    expect(decoder.findPlain(request)).toBe(true);
    const strict = new RequestDecoder({ ...DEFAULT_REDIS_LIMITS, bulkBytesMax: 500 });
    strict.feed(bytes);
    expect(strict.findPlain(request)).toBe(false);
  });
});
