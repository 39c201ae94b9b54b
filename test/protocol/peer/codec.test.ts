import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InterrexError, InvariantError } from "../../../src/base/errors.ts";
import type { Epoch, Offset } from "../../../src/base/ids.ts";
import {
  decodePeerMessage,
  encodePeerMessage,
  type PeerFrameLimits,
  type PeerMessage,
} from "../../../src/protocol/peer/codec.ts";
import type { Records } from "../../../src/protocol/peer/node-messages.ts";
import { nodeMessageSchemas } from "../../../src/protocol/peer/schema.ts";
import { sentinelMessageSchemas } from "../../../src/protocol/peer/sentinel-schema.ts";
import { arbitraryMessage, messageTypes } from "./arbitrary-messages.ts";

const limits: PeerFrameLimits = { controlBytesMax: 1024 * 1024, binaryBytesMax: 4 * 1024 * 1024 };

/** One WebSocket message, as it arrives. */
function wire(message: PeerMessage): { data: Buffer; isBinary: boolean } {
  const encoded = encodePeerMessage(message);
  if (typeof encoded === "string") return { data: Buffer.from(encoded), isBinary: false };
  return { data: Buffer.isBuffer(encoded) ? encoded : Buffer.concat(encoded), isBinary: true };
}

function roundTrip(message: PeerMessage): PeerMessage {
  const { data, isBinary } = wire(message);
  return decodePeerMessage(data, isBinary, limits);
}

function records(bytes: Buffer): Records {
  return {
    type: "records",
    epoch: 3 as Epoch,
    frame: 7,
    previous: { epoch: 2 as Epoch, offset: 41 as Offset },
    commit: 40 as Offset,
    wantsAck: true,
    bytes,
  };
}

function refusal(data: string | Buffer, isBinary = false): InterrexError {
  try {
    decodePeerMessage(Buffer.from(data as string), isBinary, limits);
  } catch (error) {
    expect(error).toBeInstanceOf(InterrexError);
    expect((error as InterrexError).code).toBe("BAD_PEER_MESSAGE");
    return error as InterrexError;
  }
  throw new Error("it was accepted");
}

describe("peer codec", () => {
  it.each(messageTypes)("%s comes back as it was sent", (type) => {
    fc.assert(
      fc.property(arbitraryMessage(type), (message) => {
        expect(roundTrip(message)).toEqual(message);
      }),
      { numRuns: 40 },
    );
  });

  it("has one schema for each type, nodes' and sentinels' types apart", () => {
    const types = [...Object.keys(nodeMessageSchemas), ...Object.keys(sentinelMessageSchemas)];
    expect([...types, "records", "ack", "snapshotChunk"].sort()).toEqual([...messageTypes].sort());
  });

  it("sends a large body from where it lies and reads it without copying", () => {
    const body = Buffer.alloc(2_000_000, 7);
    const encoded = encodePeerMessage(records(body));
    expect(Array.isArray(encoded) && encoded[1] === body).toBe(true);
    const { data } = wire(records(body));
    const decoded = decodePeerMessage(data, true, limits) as Records;
    expect(decoded.bytes.equals(body)).toBe(true);
    expect(decoded.bytes.buffer).toBe(data.buffer);
  });

  it("sends a small body joined to its header", () => {
    expect(Buffer.isBuffer(encodePeerMessage(records(Buffer.alloc(100))))).toBe(true);
  });

  it("carries offsets of 48 bits and stops the process above them", () => {
    const largest = { ...records(Buffer.alloc(0)), commit: (2 ** 48 - 1) as Offset };
    expect(roundTrip(largest)).toEqual(largest);
    expect(() => encodePeerMessage({ ...largest, commit: (2 ** 48) as Offset })).toThrow(InvariantError);
    expect(() => encodePeerMessage({ ...largest, commit: -1 as Offset })).toThrow(InvariantError);
  });

  it("refuses any garbage with BAD_PEER_MESSAGE and nothing else", () => {
    const garbage = fc.oneof(
      fc.uint8Array({ maxLength: 80 }).map((array) => Buffer.from(array)),
      fc.json().map((json) => Buffer.from(json)),
      fc
        .tuple(fc.constantFrom(...messageTypes, "__proto__", "constructor"), fc.object())
        .map(([type, rest]) => Buffer.from(JSON.stringify({ ...rest, type }))),
    );
    fc.assert(
      fc.property(garbage, fc.boolean(), (data, isBinary) => {
        try {
          decodePeerMessage(data, isBinary, limits);
        } catch (error) {
          expect((error as InterrexError).code).toBe("BAD_PEER_MESSAGE");
        }
      }),
      { numRuns: 500 },
    );
  });

  it("refuses a message with any one field broken", () => {
    const control = messageTypes.filter((type) => !["records", "ack", "snapshotChunk"].includes(type));
    fc.assert(
      fc.property(
        fc.constantFrom(...control).chain((type) => arbitraryMessage(type)),
        fc.nat(),
        (message, pick) => {
          const keys = Object.keys(message);
          const key = keys[pick % keys.length] as string;
          refusal(JSON.stringify({ ...message, [key]: { unexpected: true } }));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("refuses a truncated binary frame", () => {
    const { data } = wire({
      type: "ack",
      epoch: 1 as Epoch,
      frame: 1,
      received: 1 as Offset,
      applied: 1 as Offset,
    });
    for (let length = 0; length < data.length; length++) refusal(data.subarray(0, length), true);
    refusal(Buffer.concat([data, Buffer.from([0])]), true);
    refusal(wire(records(Buffer.alloc(0))).data.subarray(0, 31), true);
  });

  it("refuses frames above the limits before it parses them", () => {
    const small = { controlBytesMax: 10, binaryBytesMax: 30 };
    expect(() => decodePeerMessage(Buffer.from('{"type":"beat","epoch":1}'), false, small)).toThrow(
      "control frame of 25 bytes, at most 10",
    );
    expect(() => decodePeerMessage(wire(records(Buffer.alloc(0))).data, true, small)).toThrow(
      "binary frame of 32 bytes, at most 30",
    );
  });

  it("says which field is wrong", () => {
    expect(refusal('{"type":"syncPartial","epoch":1,"from":{"epoch":1,"offset":-1}}').message).toContain(
      "from.offset",
    );
    expect(refusal('{"type":"nonsense"}').message).toContain('unknown type "nonsense"');
    expect(refusal("{").message).toContain("not JSON");
  });

  it("refuses a list that is too long at once, without an issue for each of its wrong items", () => {
    const message = { type: "report", finds: Array.from({ length: 100_000 }, () => 0) };
    const issues = sentinelMessageSchemas.report.safeParse(message).error?.issues ?? [];
    expect(issues.length).toBeLessThan(20);
    expect(issues.find(({ path }) => path[0] === "finds")?.message).toContain("Too big");
  });

  it("says one thing that is wrong and no more, as it goes into the log, causes and all", () => {
    const error = refusal(JSON.stringify({ type: "pong", seq: 1, status: { sees: [1, 2, 3] } }));
    expect(error.message.length).toBeLessThan(200);
    expect(error.cause).toBeUndefined();
  });

  it.each([
    0,
    null,
    {},
    { epoch: 1 },
    { epoch: 1, firstOffset: "1" },
    { epoch: -1, firstOffset: 1 },
    { epoch: 1.5, firstOffset: 1 },
    { epoch: 1, firstOffset: 2 ** 48 },
  ])("refuses an epoch history with %j in it", (reign) => {
    const history = [reign, { epoch: 5, firstOffset: 9 }];
    const message = { type: "syncFull", epoch: 5, position: { epoch: 5, offset: 9 }, history };
    expect(refusal(JSON.stringify(message)).message).toContain("reign 1 of an epoch history");
  });

  it("refuses an epoch history that does not rise", () => {
    const history = [
      { epoch: 2, firstOffset: 5 },
      { epoch: 2, firstOffset: 9 },
    ];
    const message = { type: "syncFull", epoch: 2, position: { epoch: 2, offset: 9 }, history };
    expect(refusal(JSON.stringify(message)).message).toContain("rises strictly");
  });
});
