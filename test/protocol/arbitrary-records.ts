/** Arbitrary records as plain values, and their bytes. */
import fc from "fast-check";
import type { Epoch, Offset } from "../../src/base/ids.ts";
import { RecordCursor, type RecordKind, RecordWriter } from "../../src/protocol/record.ts";

export interface PlainRecord {
  readonly kind: RecordKind;
  readonly epoch: number;
  readonly offset: number;
  readonly db: number;
  readonly payload: string;
}

const plainRecord: fc.Arbitrary<PlainRecord> = fc.record({
  kind: fc.constantFrom<RecordKind>("effects", "epochStart", "probe"),
  epoch: fc.nat({ max: 2 ** 48 - 1 }),
  offset: fc.nat({ max: 2 ** 48 - 1 }),
  db: fc.nat({ max: 0xffff }),
  payload: fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
});
export const plainRecords: fc.Arbitrary<PlainRecord[]> = fc.array(plainRecord, {
  minLength: 1,
  maxLength: 20,
});

export function encode(records: readonly PlainRecord[]): Buffer {
  const writer = new RecordWriter();
  for (const { kind, epoch, offset, db, payload } of records) {
    writer.append(kind, epoch as Epoch, offset as Offset, db, payload);
  }
  return writer.take();
}

export function decode(bytes: Buffer): PlainRecord[] {
  const records: PlainRecord[] = [];
  const cursor = new RecordCursor(bytes);
  while (cursor.next()) {
    const payload = bytes.toString("latin1", cursor.payloadStart, cursor.payloadEnd);
    records.push({ kind: cursor.kind, epoch: cursor.epoch, offset: cursor.offset, db: cursor.db, payload });
  }
  return records;
}
