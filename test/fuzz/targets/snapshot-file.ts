/** Snapshot files. */
import fs from "node:fs";
import path from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { nodeFileCalls } from "../../../src/io/storage/file-calls.ts";
import { SnapshotFile, SnapshotFileWriter } from "../../../src/io/storage/snapshot-file.ts";
import type { EpochHistory } from "../../../src/rules/epoch-history.ts";
import type { LogPosition } from "../../../src/rules/log-position.ts";
import { history, position } from "../../protocol/peer/arbitrary-messages.ts";
import { withinBytes } from "../allocations.ts";
import { type ByteChange, byteChange, garbageBytes } from "../byte-mutations.ts";
import { jsonChange } from "../json-mutations.ts";
import { same } from "../same.ts";
import { withScratch } from "../scratch.ts";
import { type FuzzTarget, fuzzTarget, type Outcome, refusal } from "../target.ts";

interface Content {
  readonly position: LogPosition;
  readonly history: EpochHistory;
  readonly chunks: readonly Buffer[];
}

interface Input extends Content {
  /** `resealed`: its checksums are made right again, so that only meaning can be wrong. */
  readonly damage:
    | { readonly type: "bytes"; readonly change: ByteChange }
    | { readonly type: "resealed"; readonly change: ByteChange }
    | { readonly type: "header"; readonly change: (meta: unknown) => string };
}

const MAGIC_BYTES = 8;
const FRAME_BYTES = 8;
const FOOTER_BYTES = 20;

const inputs: fc.Arbitrary<Input> = fc.record({
  position,
  history,
  chunks: fc.array(
    fc.uint8Array({ minLength: 1, maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    { maxLength: 5 },
  ),
  damage: fc.oneof(
    { weight: 4, arbitrary: fc.record({ type: fc.constant("bytes" as const), change: byteChange() }) },
    { weight: 4, arbitrary: fc.record({ type: fc.constant("resealed" as const), change: byteChange() }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("header" as const), change: jsonChange }) },
    {
      weight: 1,
      arbitrary: garbageBytes.map((bytes) => ({ type: "bytes" as const, change: (): Buffer => bytes })),
    },
  ),
});

async function check(input: Input): Promise<Outcome> {
  return withScratch(async (directory) => {
    const file = path.join(directory, "one.snap");
    const writer = await SnapshotFileWriter.create(file, input.position, input.history, nodeFileCalls);
    for (const chunk of input.chunks) await writer.writeChunk(chunk);
    await writer.finish(3, 7);
    const damaged = damage(fs.readFileSync(file), input.damage);
    fs.writeFileSync(file, damaged);
    let found: Content;
    try {
      found = await withinBytes(8 * damaged.length + 4096, () => read(file));
    } catch (error) {
      return refusal(error, "CORRUPT_SNAPSHOT");
    }
    if (input.damage.type === "bytes") {
      const { position, history, chunks } = input;
      same(found, { position, history, chunks }, "what no checksum speaks against is what was written");
    }
    return "decoded";
  });
}

async function read(file: string): Promise<Content> {
  const { position, history, chunks } = await open(file);
  const read: Buffer[] = [];
  for await (const chunk of chunks) read.push(chunk);
  return { position, history, chunks: read };
}

async function open(
  file: string,
): Promise<Omit<Content, "chunks"> & { readonly chunks: AsyncIterable<Buffer> }> {
  const snapshot = await SnapshotFile.open(file);
  // A follower with another idea of a history would break further on.
  const rises = snapshot.history.every(({ epoch, firstOffset }, index) => {
    const before = snapshot.history[index - 1];
    return before === undefined || (before.epoch < epoch && before.firstOffset < firstOffset);
  });
  const { epoch, offset } = snapshot.position;
  if (!rises || !Number.isSafeInteger(epoch) || !Number.isSafeInteger(offset)) {
    throw new Error("broken: a position is whole numbers, a history rises");
  }
  return { position: snapshot.position, history: snapshot.history, chunks: snapshot.chunks() };
}

function damage(bytes: Buffer, { type, change }: Input["damage"]): Buffer {
  if (type === "bytes") return Buffer.from(change(bytes));
  if (type === "resealed") return seal(Buffer.from(change(bytes)));
  const metaAt = MAGIC_BYTES + FRAME_BYTES;
  const metaEnd = metaAt + bytes.readUInt32LE(MAGIC_BYTES);
  const meta = Buffer.from(change(JSON.parse(bytes.toString("utf8", metaAt, metaEnd))));
  const head = Buffer.alloc(FRAME_BYTES);
  head.writeUInt32LE(meta.length, 0);
  return seal(Buffer.concat([bytes.subarray(0, MAGIC_BYTES), head, meta, bytes.subarray(metaEnd)]));
}

/** Header, chunks and footer each get the checksum that fits what they now hold. */
function seal(bytes: Buffer): Buffer {
  let at = MAGIC_BYTES;
  while (at + FRAME_BYTES <= bytes.length - FOOTER_BYTES) {
    const end = at + FRAME_BYTES + bytes.readUInt32LE(at);
    bytes.writeUInt32LE(crc32(bytes.subarray(at + FRAME_BYTES, end)), at + 4);
    at = end;
  }
  const footer = bytes.length - FOOTER_BYTES;
  if (footer >= 0) bytes.writeUInt32LE(crc32(bytes.subarray(footer + 8)), footer + 4);
  return bytes;
}

export const snapshotFile: FuzzTarget = fuzzTarget("snapshot-file", inputs, check);
