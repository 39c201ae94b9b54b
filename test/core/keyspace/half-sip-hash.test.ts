import { describe, expect, it } from "vitest";
import { writeHashed } from "../../../src/core/keyspace/half-sip-hash.ts";

/** The Linux kernel's test vectors for HalfSipHash-1-3: of the bytes 0 to n-1 under the key 0, 1, ... 7, for n from 0. */
const VECTORS = [
  0x5814c896, 0xe7e864ca, 0xbc4b0e30, 0x01539939, 0x7e059ea6, 0x88e3d89b, 0xa0080b65, 0x9d38d9d6, 0x577999b1,
  0xc839caed, 0xe4fa32cf, 0x959246ee, 0x6b28096c, 0x66dd9cd6, 0x16658a7c, 0xd0257b04,
];

function text(length: number): string {
  return String.fromCharCode(...Array.from({ length }, (_, at) => at));
}

describe("the keyed hash of a text", () => {
  it("is HalfSipHash-1-3", () => {
    const words = new Int32Array(8);
    const hashes = VECTORS.map((_, length) => writeHashed(text(length), words, 0x03020100, 0x07060504) >>> 0);
    expect(hashes).toEqual(VECTORS);
  });

  it("leaves the text behind in words, the last one filled up with zeros and nothing behind it touched", () => {
    for (let length = 0; length <= 12; length += 1) {
      const words = new Int32Array(4).fill(-1);
      writeHashed(text(length), words, 1, 2);
      const bytes = Buffer.from(words.buffer).toString("latin1");
      const filled = Math.ceil(length / 4) * 4;
      expect(bytes).toBe(text(length) + "\0".repeat(filled - length) + "\xff".repeat(16 - filled));
    }
  });

  it("differs for texts that differ in bytes of the upper half only", () => {
    const words = new Int32Array(2);
    expect(writeHashed("\x7f\xff", words, 0, 0)).not.toBe(writeHashed("\x7f\x80", words, 0, 0));
  });
});
