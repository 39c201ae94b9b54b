/**
 * Valid bytes made wrong in small ways: flipped bits, cuts, splices, duplicated pieces, other numbers where a length
 * may stand. Finds far more than garbage, which fails at the first byte. Places are any numbers, taken modulo the length.
 */
import fc from "fast-check";

type Mutation =
  | { readonly type: "flip"; readonly at: number; readonly bit: number }
  | { readonly type: "remove"; readonly at: number; readonly length: number }
  | { readonly type: "end"; readonly at: number }
  | { readonly type: "insert"; readonly at: number; readonly bytes: Uint8Array | string }
  | { readonly type: "zero"; readonly at: number; readonly length: number }
  /** A piece again, somewhere else. */
  | { readonly type: "repeat"; readonly from: number; readonly length: number; readonly at: number }
  /** A piece over another one. */
  | { readonly type: "overwrite"; readonly from: number; readonly length: number; readonly at: number }
  /** A binary number of 1, 2, 4 or 8 bytes. */
  | { readonly type: "number"; readonly at: number; readonly bytes: 1 | 2 | 4 | 8; readonly value: bigint }
  /** A decimal number in place of the `nth` run of digits. */
  | { readonly type: "digits"; readonly nth: number; readonly text: string };

const NUMBERS = [0n, 1n, 2n, 3n, 0x7fn, 0x80n, 0xffn, 0x100n, 0xffffn, 0x7fff_ffffn, 0x8000_0000n].concat([
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 40n,
  2n ** 48n - 1n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
]);
const DIGITS = [...NUMBERS.map(String), "-1", "00", "01", "+1", "1.5", "1e9", "1e999", "9".repeat(30), ""];

const place = fc.nat({ max: 0xffff_ffff });
const length = fc.nat({ max: 64 });

function mutation(tokens: readonly string[]): fc.Arbitrary<Mutation> {
  const inserted: fc.Arbitrary<Uint8Array | string>[] = [fc.uint8Array({ minLength: 1, maxLength: 12 })];
  if (tokens.length > 0) inserted.push(fc.constantFrom(...tokens));
  const record = <Type extends Mutation["type"]>(
    type: Type,
    fields: { [Key in keyof Omit<Extract<Mutation, { type: Type }>, "type">]: fc.Arbitrary<unknown> },
  ) => fc.record({ type: fc.constant(type), ...fields }) as unknown as fc.Arbitrary<Mutation>;
  return fc.oneof(
    record("flip", { at: place, bit: fc.nat({ max: 7 }) }),
    record("remove", { at: place, length }),
    record("end", { at: place }),
    record("insert", { at: place, bytes: fc.oneof(...inserted) }),
    record("zero", { at: place, length }),
    record("repeat", { from: place, length, at: place }),
    record("overwrite", { from: place, length, at: place }),
    record("number", { at: place, bytes: fc.constantFrom(1, 2, 4, 8), value: fc.constantFrom(...NUMBERS) }),
    record("digits", { nth: fc.nat({ max: 200 }), text: fc.constantFrom(...DIGITS) }),
  );
}

function apply(bytes: Buffer, mutation: Mutation): Buffer {
  const size = bytes.length;
  const piece = (from: number, count: number): Buffer => bytes.subarray(from % (size + 1)).subarray(0, count);
  const inserted = (at: number, piece: Uint8Array | string): Buffer => {
    const cut = at % (size + 1);
    return Buffer.concat([bytes.subarray(0, cut), Buffer.from(piece as Uint8Array), bytes.subarray(cut)]);
  };
  const written = (at: number, piece: Uint8Array): Buffer => {
    const changed = Buffer.from(bytes);
    const start = at % (size + 1);
    changed.set(piece.subarray(0, size - start), start);
    return changed;
  };
  switch (mutation.type) {
    case "flip": {
      const at = mutation.at % (size + 1);
      return written(at, Buffer.from([(bytes[at] ?? 0) ^ (1 << mutation.bit)]));
    }
    case "remove": {
      const at = mutation.at % (size + 1);
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + mutation.length)]);
    }
    case "end":
      return bytes.subarray(0, mutation.at % (size + 1));
    case "insert":
      return inserted(mutation.at, mutation.bytes);
    case "zero":
      return written(mutation.at, Buffer.alloc(mutation.length));
    case "repeat":
      return inserted(mutation.at, piece(mutation.from, mutation.length));
    case "overwrite":
      return written(mutation.at, piece(mutation.from, mutation.length));
    case "number": {
      const number = Buffer.alloc(8);
      number.writeBigUInt64LE(mutation.value);
      return written(mutation.at, number.subarray(0, mutation.bytes));
    }
    case "digits": {
      const text = bytes.toString("latin1");
      const runs = [...text.matchAll(/\d+/g)];
      const run = runs[mutation.nth % Math.max(1, runs.length)];
      if (run === undefined) return bytes;
      return Buffer.from(
        text.slice(0, run.index) + mutation.text + text.slice(run.index + run[0].length),
        "latin1",
      );
    }
  }
}

/** A list of changes, applied one after the other; none leaves the bytes as they are. */
export type ByteChange = (bytes: Buffer) => Buffer;

/** @param tokens pieces of the format that are inserted as they are, latin1. */
export function byteChange(tokens: readonly string[] = []): fc.Arbitrary<ByteChange> {
  return fc.array(mutation(tokens), { maxLength: 5 }).map((mutations) => {
    const change: ByteChange = (bytes) => mutations.reduce(apply, bytes);
    // A failure prints the mutations instead of the function.
    return Object.assign(change, { [fc.toStringMethod]: () => fc.stringify(mutations) });
  });
}

/** Valid bytes, changed. */
export function changedBytes(
  valid: fc.Arbitrary<Buffer>,
  tokens: readonly string[] = [],
): fc.Arbitrary<Buffer> {
  return fc.tuple(valid, byteChange(tokens)).map(([bytes, change]) => change(bytes));
}

export const garbageBytes: fc.Arbitrary<Buffer> = fc
  .uint8Array({ maxLength: 200 })
  .map((bytes) => Buffer.from(bytes));

/** Cuts `bytes` at any places. */
export function splitAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length));
}
