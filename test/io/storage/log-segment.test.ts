import fs from "node:fs";
import { crc32 } from "node:zlib";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { nodeFileCalls } from "../../../src/io/storage/file-calls.ts";
import {
  decodeSegmentHeader,
  LogSegment,
  SEGMENT_HEADER_BYTES,
} from "../../../src/io/storage/log-segment.ts";
import { batch, errno, offset, temporaryDirectory } from "./storage-kit.ts";

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

describe("a sync note", () => {
  const slots = [NOTE, 2 * NOTE];

  function noted(): { readonly file: string; readonly segment: LogSegment } {
    const segment = LogSegment.create(temporaryDirectory(), 0, offset(1), nodeFileCalls);
    onTestFinished(() => segment.file.close());
    segment.noteSynced(5000);
    segment.noteSynced(6000);
    return { file: segment.path, segment };
  }

  it.each(slots)("that is torn, at %i, leaves the one before it or the one after", (slot) => {
    const { file } = noted();
    const bytes = fs.readFileSync(file);
    bytes.fill(0xff, slot, slot + 16);
    expect([5000, 6000]).toContain(decodeSegmentHeader(bytes)?.syncedBytes);
  });

  it("is not believed without its checksum", () => {
    const bytes = page(7, 5000);
    bytes.writeUInt32LE(99, 2 * NOTE);
    bytes.writeDoubleLE(9_000_000, 2 * NOTE + 8);
    expect(decodeSegmentHeader(bytes)).toMatchObject({ syncedBytes: 5000, noteNumber: 1 });
  });

  it("is durable before the bytes go of which it no longer speaks", () => {
    const { file, segment } = noted();
    segment.append(batch(1, 9), offset(1), offset(9));
    segment.noteSynced(segment.size);
    const { position } = segment.placeOf(offset(5));
    const seen: unknown[] = [];
    const { fdatasyncSync } = nodeFileCalls;
    const sync = vi.spyOn(nodeFileCalls, "fdatasyncSync").mockImplementation((fd) => {
      const header = decodeSegmentHeader(fs.readFileSync(file));
      seen.push({ size: fs.statSync(file).size, synced: header?.syncedBytes });
      fdatasyncSync(fd);
    });
    onTestFinished(() => sync.mockRestore());
    const { size } = segment;
    segment.truncate({ offset: offset(5), position });
    expect(seen).toEqual([{ size, synced: position }]);
    expect(fs.statSync(file).size).toBe(position);
  });
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
