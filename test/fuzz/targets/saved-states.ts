/** What durable cells hold: a member's promise, a sentinel's votes, a data directory's identity. */
import fs from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { decodeSentinelState } from "../../../sentinel/core/sentinel-state.ts";
import type { SentinelId } from "../../../src/base/ids.ts";
import { decodeMemberState, encodeMemberState, type MemberState } from "../../../src/core/member-state.ts";
import { DurableCell } from "../../../src/io/storage/durable-cell.ts";
import { loadIdentity, saveIdentity } from "../../../src/io/storage/identity-file.ts";
import { groupRecord, leader } from "../../protocol/peer/arbitrary-messages.ts";
import { byteChange, garbageBytes } from "../byte-mutations.ts";
import { jsonChange } from "../json-mutations.ts";
import { same } from "../same.ts";
import { withScratch } from "../scratch.ts";
import { type FuzzTarget, fuzzTarget, type Outcome, refusal } from "../target.ts";

const epoch = fc.nat({ max: 2 ** 48 - 1 });
const text = fc.string({ minLength: 1, maxLength: 20 });

/** Any state as bytes: garbage, or the JSON of a valid one with changes. */
function saved(valid: fc.Arbitrary<unknown>): fc.Arbitrary<Buffer> {
  const changed = fc
    .tuple(valid, jsonChange, byteChange(), fc.boolean())
    .map(([state, json, bytes, damaged]) => {
      const written = Buffer.from(json(state));
      return damaged ? bytes(written) : written;
    });
  return fc.oneof({ weight: 1, arbitrary: garbageBytes }, { weight: 6, arbitrary: changed });
}

/** Decodes, encodes and decodes again. */
function backAndForth<State>(
  bytes: Buffer,
  decode: (bytes: Buffer) => State,
  encode: (state: State) => Buffer,
  ...codes: string[]
): Outcome {
  let state: State;
  try {
    state = decode(bytes);
  } catch (error) {
    return refusal(error, ...codes);
  }
  const again = encode(state);
  same(encode(decode(again)).toString(), again.toString(), "a state reads back as it was saved");
  return "decoded";
}

const memberState = fc.record({
  format: fc.constant(1),
  promise: fc.record({ epoch, leader: fc.option(leader) }),
  groupId: fc.option(text),
  record: fc.option(groupRecord),
});

export const memberStates: FuzzTarget = fuzzTarget("member-state", saved(memberState), (bytes) =>
  backAndForth<MemberState>(bytes, decodeMemberState, encodeMemberState, "BAD_STATE"),
);

const sentinelState = fc.record({
  format: fc.constant(1),
  id: fc.constant("s1"),
  groups: fc.dictionary(
    text,
    fc.record({
      votedEpoch: epoch,
      votedFor: fc.option(leader),
      record: fc.option(groupRecord),
      onlyLearnt: fc.boolean(),
      leaseMs: fc.nat(),
    }),
    { maxKeys: 2 },
  ),
});

export const sentinelStates: FuzzTarget = fuzzTarget("sentinel-state", saved(sentinelState), (bytes) =>
  backAndForth(
    bytes,
    (from) => decodeSentinelState(from, "s1" as SentinelId),
    (state) => Buffer.from(JSON.stringify(state)),
    "BAD_SENTINEL_STATE",
  ),
);

const identity = fc.record({
  format: fc.constant(1),
  incarnation: text,
  doubts: fc.array(fc.string({ minLength: 1 })),
  cleanStop: fc.boolean(),
  bootId: fc.option(text),
  appendfsync: fc.constantFrom("always", "everysec", "no"),
  voidedBy: fc.option(text),
  because: text,
  owner: fc.option(text),
});

export const identities: FuzzTarget = fuzzTarget("identity", saved(identity), (bytes) =>
  withScratch(async (directory) => {
    const file = path.join(directory, "identity");
    const cell = (): DurableCell => new DurableCell(file);
    return backAndForth(
      bytes,
      (state) => {
        fs.rmSync(file, { force: true });
        using(cell(), (empty) => {
          empty.load();
          empty.saveSync(state);
        });
        return using(cell(), loadIdentity);
      },
      (life) => {
        if (life === null) throw new Error("broken: a saved identity is there");
        using(cell(), (old) => {
          old.load();
          saveIdentity(old, life);
        });
        return using(cell(), (written) => written.load() ?? Buffer.alloc(0));
      },
      "CORRUPT_STATE",
      "UNKNOWN_FORMAT",
    );
  }),
);

function using<Result>(cell: DurableCell, run: (cell: DurableCell) => Result): Result {
  try {
    return run(cell);
  } finally {
    cell.abandon();
  }
}
