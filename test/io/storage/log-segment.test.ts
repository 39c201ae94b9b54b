import fs from "node:fs";
import { crc32 } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import { nodeFileCalls } from "../../../src/io/storage/file-calls.ts";
import {
  decodeSegmentHeader,
  LogSegment,
  SEGMENT_HEADER_BYTES,
} from "../../../src/io/storage/log-segment.ts";
import { errno, offset, temporaryDirectory } from "./storage-kit.ts";

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

describe("a log file", () => {
  it("that can't be opened again after its header was written is removed", () => {
    const directory = temporaryDirectory();
    const { openSync } = fs;
    const open = vi.spyOn(fs, "openSync").mockImplementation((file, flags, mode) => {
      if (flags === "r+") throw errno("EMFILE");
      return openSync(file, flags, mode);
    });
    try {
      expect(() => LogSegment.create(directory, 0, offset(1), nodeFileCalls)).toThrow("EMFILE");
    } finally {
      open.mockRestore();
    }
    expect(fs.readdirSync(directory)).toEqual([]);
  });
});
