import { crc32 as zlibCrc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Epoch, Offset } from "../../src/base/ids.ts";
import { crc32 } from "../../src/protocol/crc32.ts";
import {
  findCorruption,
  RECORD_HEADER_BYTES,
  RecordCursor,
  RecordWriter,
} from "../../src/protocol/record.ts";
import { decode, encode, plainRecords } from "./arbitrary-records.ts";

describe("a record", () => {
  it("reads back as it was written, whatever its fields and bytes", () => {
    fc.assert(
      fc.property(plainRecords, (records) => {
        const bytes = encode(records);
        expect(findCorruption(bytes)).toBeUndefined();
        expect(decode(bytes)).toEqual(records);
      }),
    );
  });

  it("never hides a changed byte", () => {
    fc.assert(
      fc.property(plainRecords, fc.nat(), fc.integer({ min: 1, max: 255 }), (records, place, change) => {
        const bytes = Buffer.from(encode(records));
        const at = place % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ change;
        const corruption = findCorruption(bytes);
        expect(corruption).toBeDefined();
        expect(corruption?.torn).toBe(false);
        expect(corruption?.at).toBeLessThanOrEqual(at);
      }),
    );
  });

  it("is torn, not damaged, wherever its bytes end too early", () => {
    const whole = encode([
      { kind: "effects", epoch: 1, offset: 1, db: 0, payload: "first" },
      { kind: "effects", epoch: 1, offset: 2, db: 0, payload: "second" },
    ]);
    const second = RECORD_HEADER_BYTES + "first".length;
    for (let end = second + 1; end < whole.length; end++) {
      expect(findCorruption(whole.subarray(0, end))).toMatchObject({ at: second, torn: true });
    }
  });

  it("is not to be found in zeros, which a power cut leaves behind", () => {
    expect(findCorruption(Buffer.alloc(200))).toMatchObject({ at: 0, torn: false });
  });

  it("of an unknown version or kind is refused although its checksums are right", () => {
    for (const [at, value, reason] of [
      [27, 2, /version/],
      [26, 9, /kind/],
    ] as const) {
      const bytes = Buffer.from(encode([{ kind: "probe", epoch: 1, offset: 1, db: 0, payload: "" }]));
      bytes[at] = value;
      bytes.writeUInt32LE(zlibCrc32(bytes.subarray(4, RECORD_HEADER_BYTES)), 0);
      expect(findCorruption(bytes)?.reason).toMatch(reason);
    }
  });
});

describe("a record writer", () => {
  it("no longer touches what it has handed over", () => {
    const writer = new RecordWriter();
    writer.append("effects", 1 as Epoch, 1 as Offset, 0, "a");
    const first = writer.take();
    const copy = Buffer.from(first);
    for (let next = 2; next < 5000; next++)
      writer.append("effects", 1 as Epoch, next as Offset, 0, "b".repeat(40));
    expect(first).toEqual(copy);
    expect(decode(writer.take())).toHaveLength(4998);
  });

  it("counts records and bytes since the last take, and starts at nothing after it", () => {
    const writer = new RecordWriter();
    expect(writer.take()).toHaveLength(0);
    writer.append("effects", 1 as Epoch, 1 as Offset, 0, "abc");
    writer.append("probe", 1 as Epoch, 2 as Offset, 0, "");
    expect([writer.count, writer.bytes]).toEqual([2, 2 * RECORD_HEADER_BYTES + 3]);
    writer.take();
    expect([writer.count, writer.bytes]).toEqual([0, 0]);
  });

  it("keeps what is pending when a record larger than its chunk comes", () => {
    const writer = new RecordWriter();
    writer.append("effects", 1 as Epoch, 1 as Offset, 0, "small");
    writer.append("effects", 1 as Epoch, 2 as Offset, 0, "x".repeat(300_000));
    expect(decode(writer.take()).map((record) => record.payload.length)).toEqual([5, 300_000]);
  });

  it("makes one record of what extends its last one, wherever its chunk ends", () => {
    const writer = new RecordWriter();
    const pieces = Array.from({ length: 3000 }, (_, at) => String(at).repeat(at % 20));
    writer.append("effects", 7 as Epoch, 1 as Offset, 3, "first");
    writer.append("effects", 7 as Epoch, 2 as Offset, 4, "second");
    for (const piece of pieces) writer.extend(piece);
    expect(writer.lastPayloadBytes).toBe("second".length + pieces.join("").length);
    const bytes = writer.take();
    expect(findCorruption(bytes)).toBeUndefined();
    expect(decode(bytes)).toMatchObject([
      { offset: 1, db: 3, payload: "first" },
      { offset: 2, db: 4, payload: `second${pieces.join("")}` },
    ]);
    expect(writer.lastPayloadBytes).toBe(0);
    expect(() => writer.extend("x")).toThrow(/handed over/);
  });

  it("refuses a db that the header has no room for", () => {
    expect(() => new RecordWriter().append("effects", 1 as Epoch, 1 as Offset, 65_536, "")).toThrow(
      /16 bits/,
    );
  });
});

describe("a record cursor", () => {
  it("stays on the last whole record when the next one is cut off", () => {
    const bytes = encode([
      { kind: "effects", epoch: 3, offset: 7, db: 2, payload: "one" },
      { kind: "effects", epoch: 3, offset: 8, db: 2, payload: "two" },
    ]);
    const cursor = new RecordCursor(bytes.subarray(0, bytes.length - 1));
    expect(cursor.next()).toBe(true);
    expect(cursor.next()).toBe(false);
    expect([cursor.offset, cursor.start, cursor.end]).toEqual([7, 0, RECORD_HEADER_BYTES + 3]);
  });
});

describe("crc32", () => {
  it("is zlib's, on short ranges and long ones, wherever they begin", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat({ max: 20 }), (array, skip) => {
        const bytes = Buffer.from(array);
        const start = Math.min(skip, bytes.length);
        expect(crc32(bytes, start, bytes.length)).toBe(zlibCrc32(bytes.subarray(start)));
      }),
    );
  });
});
