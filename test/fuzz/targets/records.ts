/** Encoded records, as they come from a log file or a master. */
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { findCorruption, RECORD_HEADER_BYTES, RecordCursor } from "../../../src/protocol/record.ts";
import { decode, encode, plainRecords } from "../../protocol/arbitrary-records.ts";
import { withinBytes } from "../allocations.ts";
import { byteChange, garbageBytes } from "../byte-mutations.ts";
import { same } from "../same.ts";
import { type FuzzTarget, fuzzTarget, type Outcome, require } from "../target.ts";

/** A mutated record whose checksums were made right again: what only a checksum would have told. */
const changed = fc.tuple(plainRecords, byteChange(), fc.boolean()).map(([records, change, sealed]) => {
  const bytes = Buffer.from(change(encode(records)));
  if (sealed) seal(bytes);
  return bytes;
});
const inputs = fc.oneof({ weight: 1, arbitrary: garbageBytes }, { weight: 6, arbitrary: changed });

function seal(bytes: Buffer): void {
  let at = 0;
  while (at + RECORD_HEADER_BYTES <= bytes.length) {
    const end = at + RECORD_HEADER_BYTES + bytes.readUInt32LE(at + 8);
    bytes.writeUInt32LE(crc32(bytes.subarray(at + RECORD_HEADER_BYTES, end)), at + 4);
    bytes.writeUInt32LE(crc32(bytes.subarray(at + 4, at + RECORD_HEADER_BYTES)), at);
    at = end;
  }
}

async function check(bytes: Buffer): Promise<Outcome> {
  const { fault, steps } = await withinBytes(0, () => ({ fault: findCorruption(bytes), steps: walk(bytes) }));
  require(steps <= bytes.length / RECORD_HEADER_BYTES, "each step passes a header");
  const sound = bytes.subarray(0, fault?.at ?? bytes.length);
  require(findCorruption(sound) === undefined, "what is before the first fault is sound");
  same(encode(decode(sound)), sound, "sound records are the one encoding of what they say");
  if (fault === undefined) return "decoded";
  require(fault.at >= 0 && fault.at <= bytes.length && fault.reason !== "", "a fault is within the bytes");
  return "refused";
}

function walk(bytes: Buffer): number {
  const cursor = new RecordCursor(bytes);
  let steps = 0;
  for (let before = 0; cursor.next(); before = cursor.end) {
    steps++;
    require(cursor.start === before && cursor.end <= bytes.length, "records lie back to back");
  }
  return steps;
}

export const records: FuzzTarget = fuzzTarget("records", inputs, check);
