import { describe, expect, it } from "vitest";
import { wordsFor, writeWords } from "../../../src/base/words.ts";
import { hashWords } from "../../../src/core/keyspace/half-sip-hash.ts";

/** The Linux kernel's test vectors for HalfSipHash-1-3: of the bytes 0 to n-1 under the key 0, 1, ... 7, for n from 0. */
const VECTORS = [
  0x5814c896, 0xe7e864ca, 0xbc4b0e30, 0x01539939, 0x7e059ea6, 0x88e3d89b, 0xa0080b65, 0x9d38d9d6, 0x577999b1,
  0xc839caed, 0xe4fa32cf, 0x959246ee, 0x6b28096c, 0x66dd9cd6, 0x16658a7c, 0xd0257b04,
];

function text(length: number): string {
  return String.fromCharCode(...Array.from({ length }, (_, at) => at));
}

function hashOf(text: string, key0: number, key1: number): number {
  const words = new Int32Array(wordsFor(text.length));
  writeWords(text, words);
  return hashWords(words, text.length, key0, key1);
}

describe("the keyed hash of a text", () => {
  it("is HalfSipHash-1-3", () => {
    const hashes = VECTORS.map((_, length) => hashOf(text(length), 0x03020100, 0x07060504) >>> 0);
    expect(hashes).toEqual(VECTORS);
  });

  it("differs for texts that differ in bytes of the upper half only", () => {
    expect(hashOf("\x7f\xff", 0, 0)).not.toBe(hashOf("\x7f\x80", 0, 0));
  });
});
