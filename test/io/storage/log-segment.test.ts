import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { decodeSegmentHeader, SEGMENT_HEADER_BYTES } from "../../../src/io/storage/log-segment.ts";

const NOTE = 512;

/** A header page with sound checksums, whatever it says. */
function page(firstOffset: number, syncedBytes: number): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  bytes.write("IRXLOG1\n", "latin1");
  bytes.writeDoubleLE(firstOffset, 16);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 24)), 24);
  bytes.writeUInt32LE(1, NOTE);
  bytes.writeDoubleLE(syncedBytes, NOTE + 8);
  bytes.writeUInt32LE(crc32(bytes.subarray(NOTE, NOTE + 16)), NOTE + 16);
  return bytes;
}

describe("the header page of a log file", () => {
  it("tells the first record, and how much is synced", () => {
    expect(decodeSegmentHeader(page(7, 5000))).toMatchObject({
      firstOffset: 7,
      syncedBytes: 5000,
      noteNumber: 1,
    });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 0, -1, 1.5, 2 ** 60])(
    "is none when the first record is %d",
    (firstOffset) => {
      expect(decodeSegmentHeader(page(firstOffset, 5000))).toBeNull();
    },
  );

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 1.5])(
    "counts a sync note of %d bytes as none",
    (syncedBytes) => {
      expect(decodeSegmentHeader(page(7, syncedBytes))).toMatchObject({ syncedBytes: 0, noteNumber: 0 });
    },
  );
});
