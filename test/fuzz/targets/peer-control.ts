/** Peer messages in text frames. */
import fc from "fast-check";
import { decodePeerMessage, encodePeerMessage } from "../../../src/protocol/peer/codec.ts";
import { arbitraryMessage, messageTypes } from "../../protocol/peer/arbitrary-messages.ts";
import { byteChange, garbageBytes } from "../byte-mutations.ts";
import { jsonChange } from "../json-mutations.ts";
import { same } from "../same.ts";
import { type FuzzTarget, fuzzTarget, type Outcome, refusal, require } from "../target.ts";

const LIMITS = { controlBytesMax: 64 * 1024, binaryBytesMax: 64 * 1024 };
/** Longer than any field's name, shorter than a field. */
const ERROR_CHARS_MAX = 1000;

const message = fc.constantFrom(...messageTypes).chain((type) => arbitraryMessage(type));
const text = fc
  .tuple(message, jsonChange, byteChange(["{", "}", '"', ",", "\\u0000", "null"]), fc.boolean())
  .map(([value, json, bytes, damaged]) => {
    const frame = Buffer.from(json(value));
    return damaged ? bytes(frame) : frame;
  });
const inputs = fc.oneof(
  { weight: 1, arbitrary: garbageBytes },
  { weight: 1, arbitrary: fc.json().map((json) => Buffer.from(json)) },
  { weight: 8, arbitrary: text },
);

function check(frame: Buffer): Outcome {
  let first: string;
  try {
    first = encodedText(frame);
  } catch (error) {
    // It is logged, its cause too.
    const words = error instanceof Error ? `${error.message}${error.cause ?? ""}` : "";
    require(words.length <= ERROR_CHARS_MAX, "an error is short");
    return refusal(error, "BAD_PEER_MESSAGE");
  }
  same(encodedText(Buffer.from(first)), first, "what was decoded encodes and decodes to the same");
  return "decoded";
}

function encodedText(frame: Buffer): string {
  const encoded = encodePeerMessage(decodePeerMessage(frame, false, LIMITS));
  // A text frame that says it were one of the binary messages must be refused.
  require(typeof encoded === "string", "a text frame holds a control message");
  return encoded;
}

export const peerControl: FuzzTarget = fuzzTarget("peer-control", inputs, check);
