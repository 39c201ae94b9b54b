/** Peer messages in binary frames: records, acks, pieces of a snapshot. */
import fc from "fast-check";
import { decodePeerMessage, encodePeerMessage, type PeerMessage } from "../../../src/protocol/peer/codec.ts";
import { arbitraryMessage } from "../../protocol/peer/arbitrary-messages.ts";
import { withinBytes } from "../allocations.ts";
import { changedBytes, garbageBytes } from "../byte-mutations.ts";
import { same } from "../same.ts";
import { type FuzzTarget, fuzzTarget, type Outcome, refusal } from "../target.ts";

const LIMITS = { controlBytesMax: 400, binaryBytesMax: 400 };

const frame = fc
  .constantFrom<PeerMessage["type"]>("records", "ack", "snapshotChunk")
  .chain((type) => arbitraryMessage(type))
  .map(encoded);
const inputs = fc.oneof(
  { weight: 1, arbitrary: garbageBytes },
  { weight: 5, arbitrary: changedBytes(frame) },
);

function encoded(message: PeerMessage): Buffer {
  const parts = encodePeerMessage(message);
  if (typeof parts === "string") throw new Error(`${message.type} is no binary message`);
  return Buffer.isBuffer(parts) ? parts : Buffer.concat(parts);
}

async function check(bytes: Buffer): Promise<Outcome> {
  try {
    const message = await withinBytes(0, () => decodePeerMessage(bytes, true, LIMITS));
    same(encoded(message), bytes, "a frame is the one encoding of what it says");
    return "decoded";
  } catch (error) {
    return refusal(error, "BAD_PEER_MESSAGE");
  }
}

export const peerBinary: FuzzTarget = fuzzTarget("peer-binary", inputs, check);
