/** The first page of a log file, its checksums made right again: what it says must make sense, or not be believed. */
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { decodeSegmentHeader, SEGMENT_HEADER_BYTES } from "../../../src/io/storage/log-segment.ts";
import { withinBytes } from "../allocations.ts";
import { byteChange, garbageBytes } from "../byte-mutations.ts";
import { type FuzzTarget, fuzzTarget, type Outcome, require } from "../target.ts";

const NOTES: readonly number[] = [512, 1024];

const number = fc.oneof(
  fc.nat(),
  fc.double(),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 0.5, 2 ** 53),
);
const page = fc
  .record({
    generation: fc.nat(),
    firstOffset: number,
    notes: fc.tuple(fc.nat(), number, fc.nat(), number),
    change: byteChange(),
    sealed: fc.boolean(),
  })
  .map(({ generation, firstOffset, notes, change, sealed }) => {
    const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
    bytes.write("IRXLOG1\n", "latin1");
    bytes.writeUInt32LE(generation, 8);
    bytes.writeDoubleLE(firstOffset, 16);
    for (const [index, at] of NOTES.entries()) {
      bytes.writeUInt32LE(notes[index * 2] ?? 0, at);
      bytes.writeDoubleLE(notes[index * 2 + 1] ?? 0, at + 8);
    }
    seal(bytes);
    const changed = Buffer.from(change(bytes));
    if (sealed && changed.length === bytes.length) seal(changed);
    return changed;
  });
const inputs = fc.oneof({ weight: 1, arbitrary: garbageBytes }, { weight: 9, arbitrary: page });

function seal(bytes: Buffer): void {
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 24)), 24);
  for (const at of NOTES) bytes.writeUInt32LE(crc32(bytes.subarray(at, at + 16)), at + 16);
}

async function check(bytes: Buffer): Promise<Outcome> {
  const header = await withinBytes(0, () => decodeSegmentHeader(bytes));
  if (header === null) return "refused";
  const { firstOffset, syncedBytes, noteNumber, generation } = header;
  require(Number.isSafeInteger(firstOffset) && firstOffset >= 1, "a log file begins with a record");
  require(Number.isSafeInteger(syncedBytes) && syncedBytes >= 0, "what is synced is a number of bytes");
  require(Number.isSafeInteger(noteNumber) && Number.isSafeInteger(generation), "counts are whole numbers");
  return "decoded";
}

export const segmentHeader: FuzzTarget = fuzzTarget("segment-header", inputs, check);
