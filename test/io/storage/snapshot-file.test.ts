import fs from "node:fs";
import path from "node:path";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type FileCalls, nodeFileCalls } from "../../../src/io/storage/file-calls.ts";
import { SnapshotFile, SnapshotFileWriter } from "../../../src/io/storage/snapshot-file.ts";
import { withinBytes } from "../../fuzz/allocations.ts";
import { at, deferred, temporaryDirectory } from "./storage-kit.ts";

const HEADER_FRAME = 8;
const META = 16;
const FRAME_BYTES = 8;
const FOOTER_BYTES = 20;

async function written(chunks: readonly string[]): Promise<{ file: string; bytes: Buffer; body: number }> {
  const file = path.join(temporaryDirectory(), "one.snap");
  const writer = await SnapshotFileWriter.create(file, at(1, 3), [], nodeFileCalls);
  for (const chunk of chunks) await writer.writeChunk(Buffer.from(chunk));
  await writer.finish(1, 0);
  const bytes = fs.readFileSync(file);
  return { file, bytes, body: META + bytes.readUInt32LE(HEADER_FRAME) };
}

async function chunksOf(file: string): Promise<string[]> {
  const chunks: string[] = [];
  for await (const chunk of (await SnapshotFile.open(file)).chunks()) chunks.push(chunk.toString());
  return chunks;
}

const corrupt = (reason: string) => ({ code: "CORRUPT_SNAPSHOT", message: expect.stringContaining(reason) });

describe("a snapshot file", () => {
  it("gives back the chunks that were written", async () => {
    const { file } = await written(["one", "two"]);
    expect(await chunksOf(file)).toEqual(["one", "two"]);
  });

  it("that holds a chunk twice is refused, though each has its checksum", async () => {
    const { file, bytes, body } = await written(["one", "two"]);
    const first = bytes.subarray(body, body + FRAME_BYTES + "one".length);
    fs.writeFileSync(file, Buffer.concat([bytes.subarray(0, body), first, bytes.subarray(body)]));
    await expect(chunksOf(file)).rejects.toMatchObject(corrupt("more chunks than the footer counts"));
  });

  it("whose chunk claims a gigabyte is refused before that is made room for", async () => {
    const { file, bytes, body } = await written(["one", "two"]);
    bytes.writeUInt32LE(1024 * 1024 * 1024, body);
    fs.writeFileSync(file, bytes);
    await expect(withinBytes(64 * 1024, () => chunksOf(file))).rejects.toMatchObject(
      corrupt("a chunk's length is wrong"),
    );
  });

  it("that is let go of keeps its number while a write to it is under way", async () => {
    const file = path.join(temporaryDirectory(), "one.snap");
    const writing = deferred();
    const gate = deferred();
    let held = -1;
    const calls: FileCalls = {
      ...nodeFileCalls,
      write: async (fd, bytes, start, length, position) => {
        if (bytes.toString() === "chunk") {
          held = fd;
          writing.resolve();
          await gate.promise;
        }
        return nodeFileCalls.write(fd, bytes, start, length, position);
      },
    };
    const writer = await SnapshotFileWriter.create(file, at(1, 3), [], calls);
    const { ino } = fs.statSync(file);
    const write = writer.writeChunk(Buffer.from("chunk"));
    await writing.promise;
    await writer.discard();
    // Another file that got the number would get the chunk.
    expect(fs.fstatSync(held).ino).toBe(ino);
    gate.resolve();
    await write;
    expect(() => fs.fstatSync(held)).toThrow("EBADF");
  });

  it.each([
    ["no JSON", "{{{"],
    ["another shape", "[]"],
    ["a history that falls", JSON.stringify({ epoch: 1, offset: 3, history: falling() })],
  ])("whose header is sound and yet %s is refused", async (_name, text) => {
    const { file, bytes, body } = await written(["one"]);
    const meta = Buffer.from(text);
    const frame = Buffer.alloc(FRAME_BYTES);
    frame.writeUInt32LE(meta.length, 0);
    frame.writeUInt32LE(crc32(meta), 4);
    fs.writeFileSync(
      file,
      Buffer.concat([bytes.subarray(0, HEADER_FRAME), frame, meta, bytes.subarray(body)]),
    );
    await expect(SnapshotFile.open(file)).rejects.toMatchObject(corrupt("the header makes no sense"));
  });

  it("that ends within its header is refused, whatever its last bytes are", async () => {
    const { file, bytes, body } = await written([]);
    const footer = bytes.subarray(bytes.length - FOOTER_BYTES);
    fs.writeFileSync(file, Buffer.concat([bytes.subarray(0, body - 5), footer]));
    await expect(SnapshotFile.open(file)).rejects.toMatchObject({ code: "CORRUPT_SNAPSHOT" });
  });
});

function falling(): object[] {
  return [
    { epoch: 2, firstOffset: 1 },
    { epoch: 1, firstOffset: 2 },
  ];
}
