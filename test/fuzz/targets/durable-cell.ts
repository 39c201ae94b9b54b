/** The file that holds a promise or a vote, in two slots. */
import fs from "node:fs";
import path from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { DurableCell } from "../../../src/io/storage/durable-cell.ts";
import { withinBytes } from "../allocations.ts";
import { type ByteChange, byteChange, garbageBytes } from "../byte-mutations.ts";
import { same } from "../same.ts";
import { withScratch } from "../scratch.ts";
import { type FuzzTarget, fuzzTarget, type Outcome, refusal, require } from "../target.ts";

interface Input {
  readonly states: readonly string[];
  readonly slotBytes: number;
  readonly change: ByteChange;
  /** The slots' checksums are made right again after the change: any state may then be found. */
  readonly sealed: boolean;
}

const HEADER_BYTES = 24;

const inputs: fc.Arbitrary<Input> = fc.record({
  states: fc.array(fc.string({ maxLength: 80 }), { minLength: 1, maxLength: 3 }),
  slotBytes: fc.constantFrom(32, 64, 128),
  change: fc.oneof(
    { weight: 6, arbitrary: byteChange() },
    {
      weight: 1,
      arbitrary: garbageBytes.map(
        (bytes): ByteChange =>
          () =>
            bytes,
      ),
    },
  ),
  sealed: fc.boolean(),
});

function seal(file: Buffer): void {
  for (const at of [0, file.length / 2]) {
    if (!Number.isInteger(at) || at + HEADER_BYTES > file.length) continue;
    const end = at + HEADER_BYTES + file.readUInt32LE(at + 16);
    file.writeUInt32LE(crc32(file.subarray(at + 8, end)), at + 4);
  }
}

async function check({ states, slotBytes, change, sealed }: Input): Promise<Outcome> {
  return withScratch(async (directory) => {
    const file = path.join(directory, "cell");
    save(file, states, slotBytes);
    const bytes = Buffer.from(change(fs.readFileSync(file)));
    if (sealed) seal(bytes);
    fs.writeFileSync(file, bytes);
    let found: Buffer | null;
    try {
      found = await withinBytes(4 * bytes.length + 64 * 1024, () => load(file));
    } catch (error) {
      return refusal(error, "CORRUPT_STATE");
    }
    require(found !== null, "a file that is there holds a state or is corrupt");
    if (!sealed) require(states.slice(-2).includes(found.toString()), "the newest state or the one before");
    save(file, ["next", "and the one after"], slotBytes);
    same(load(file)?.toString(), "and the one after", "what is saved after a repair is found");
    return "decoded";
  });
}

function save(file: string, states: readonly string[], slotBytes: number): void {
  const cell = new DurableCell(file, { slotBytes });
  cell.load();
  for (const state of states) cell.saveSync(Buffer.from(state));
  cell.abandon();
}

function load(file: string): Buffer | null {
  const cell = new DurableCell(file);
  try {
    return cell.load();
  } finally {
    cell.abandon();
  }
}

export const durableCell: FuzzTarget = fuzzTarget("durable-cell", inputs, check);
