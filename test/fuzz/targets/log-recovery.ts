/** A log's files, damaged, and opened again as after each kind of stop. */
import fs from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import type { Epoch, Offset } from "../../../src/base/ids.ts";
import { nodeFileCalls } from "../../../src/io/storage/file-calls.ts";
import { type LogRecoveryOptions, recoverLog } from "../../../src/io/storage/log-recovery.ts";
import { LogSegment, SEGMENT_HEADER_BYTES } from "../../../src/io/storage/log-segment.ts";
import { RecordWriter } from "../../../src/protocol/record.ts";
import { decode, type PlainRecord } from "../../protocol/arbitrary-records.ts";
import { withinBytes } from "../allocations.ts";
import { type ByteChange, byteChange, garbageBytes } from "../byte-mutations.ts";
import { same } from "../same.ts";
import { withScratch } from "../scratch.ts";
import { type FuzzTarget, fuzzTarget, type Outcome, refusal, require } from "../target.ts";

interface Input {
  /** Payload lengths of the records of each segment, one at least. */
  readonly segments: readonly (readonly number[])[];
  /** So many of the records are noted as synced. */
  readonly synced: number;
  readonly lastStop: LogRecoveryOptions["lastStop"];
  readonly damages: readonly Damage[];
}

interface Damage {
  /** Which file, modulo their number. */
  readonly file: number;
  readonly what:
    | { readonly type: "records"; readonly change: ByteChange }
    | { readonly type: "header"; readonly change: ByteChange }
    | { readonly type: "remove" }
    /** Gets the content of the file after it. */
    | { readonly type: "swap" };
}

const typed = <Type extends string>(type: Type) => fc.record({ type: fc.constant(type) });
const changing = <Type extends string>(type: Type) =>
  fc.record({
    type: fc.constant(type),
    change: fc.oneof(
      { weight: 5, arbitrary: byteChange() },
      {
        weight: 1,
        arbitrary: garbageBytes.map(
          (bytes): ByteChange =>
            () =>
              bytes,
        ),
      },
    ),
  });

const inputs: fc.Arbitrary<Input> = fc.record({
  segments: fc.array(fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 3,
  }),
  synced: fc.nat({ max: 12 }),
  lastStop: fc.constantFrom("clean", "crash", "powerCut"),
  damages: fc.array(
    fc.record({
      file: fc.nat({ max: 2 }),
      what: fc.oneof(
        { weight: 8, arbitrary: changing("records") },
        { weight: 4, arbitrary: changing("header") },
        { weight: 1, arbitrary: typed("remove") },
        { weight: 1, arbitrary: typed("swap") },
      ),
    }),
    { maxLength: 2 },
  ),
});

interface Written {
  readonly records: readonly PlainRecord[];
  readonly synced: number;
}

async function check(input: Input): Promise<Outcome> {
  return withScratch(async (root) => {
    const directory = path.join(root, "log");
    const rollbackDirectory = path.join(root, "rollback");
    fs.mkdirSync(directory);
    fs.mkdirSync(rollbackDirectory);
    const written = write(directory, input);
    for (const damage of input.damages) inflict(directory, damage);
    const bytes = fs.readdirSync(directory).reduce((sum, name) => sum + sizeOf(directory, name), 0);
    const open = (lastStop: Input["lastStop"]) =>
      readAll({
        directory,
        rollbackDirectory,
        lastStop,
        generation: 0,
        snapshot: null,
        segmentBytesMax: 1024,
        calls: nodeFileCalls,
      });
    let found: readonly PlainRecord[];
    try {
      found = await withinBytes(64 * bytes + 64 * 1024, () => open(input.lastStop));
    } catch (error) {
      return refusal(error, "CORRUPT_LOG");
    }
    same(
      found,
      written.records.slice(0, found.length),
      "what is recovered is a beginning of what was written",
    );
    const notesStand = input.damages.every(({ what }) => what.type === "records");
    if (notesStand)
      require(found.length >= written.synced, "what was synced is there, or the start is refused");
    if (input.damages.length === 0) same(found.length, written.records.length, "an undamaged log is whole");
    same(await open("clean"), found, "a log that was recovered is sound");
    return "decoded";
  });
}

/** Epochs rise by one with each segment; payloads tell the records apart. */
function write(directory: string, { segments, synced }: Input): Written {
  const records: PlainRecord[] = [];
  let left = synced;
  for (const [index, lengths] of segments.entries()) {
    const writer = new RecordWriter();
    const firstOffset = (records.length + 1) as Offset;
    const segment = LogSegment.create(directory, 0, firstOffset, nodeFileCalls);
    const syncedHere = Math.min(left, lengths.length);
    left -= syncedHere;
    let syncedBytes = 0;
    for (const [at, length] of lengths.entries()) {
      const offset = (records.length + 1) as Offset;
      const payload = `${offset}:`.padEnd(length, ".");
      writer.append("effects", (index + 1) as Epoch, offset, 0, payload);
      records.push({ kind: "effects", epoch: index + 1, offset, db: 0, payload });
      if (at + 1 === syncedHere) syncedBytes = SEGMENT_HEADER_BYTES + writer.bytes;
    }
    segment.append(writer.take(), firstOffset, records.length as Offset);
    if (syncedBytes > 0) segment.noteSynced(syncedBytes);
    segment.file.close();
  }
  return { records, synced: synced - left };
}

function inflict(directory: string, { file, what }: Damage): void {
  const names = fs.readdirSync(directory).sort();
  const name = names[file % names.length];
  if (name === undefined) return;
  const victim = path.join(directory, name);
  const bytes = fs.readFileSync(victim);
  const header = bytes.subarray(0, SEGMENT_HEADER_BYTES);
  const body = bytes.subarray(SEGMENT_HEADER_BYTES);
  switch (what.type) {
    case "records":
      fs.writeFileSync(victim, Buffer.concat([header, what.change(body)]));
      return;
    case "header":
      fs.writeFileSync(victim, Buffer.concat([what.change(header), body]));
      return;
    case "remove":
      fs.unlinkSync(victim);
      return;
    case "swap":
      fs.copyFileSync(path.join(directory, names[(file + 1) % names.length] ?? name), victim);
  }
}

async function readAll(options: LogRecoveryOptions): Promise<readonly PlainRecord[]> {
  const { log, position, history } = await recoverLog(options);
  try {
    const found: PlainRecord[] = [];
    for await (const bytes of log.recordsAfter(0 as Offset)) found.push(...decode(bytes));
    const last = found.at(-1);
    same(
      position,
      { epoch: last?.epoch ?? 0, offset: last?.offset ?? 0 },
      "the position is the last record's",
    );
    const starts = found.filter(({ epoch }, index) => found[index - 1]?.epoch !== epoch);
    require(isDeepStrictEqual(
      history,
      starts.map(({ epoch, offset }) => ({ epoch, firstOffset: offset })),
    ), "the history tells where epochs begin");
    return found;
  } finally {
    log.close();
  }
}

function sizeOf(directory: string, name: string): number {
  return fs.statSync(path.join(directory, name)).size;
}

export const logRecovery: FuzzTarget = fuzzTarget("log-recovery", inputs, check);
