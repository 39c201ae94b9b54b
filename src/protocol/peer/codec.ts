/**
 * Peer messages to WebSocket frames and back: control messages as JSON text, the three of the replication stream as
 * binary. Decides the bytes and what is too large; knows nothing of links, and trusts no byte that it reads.
 *
 * Binary frames: one byte of type, then whole numbers of 48 bits, little-endian, then the body. docs/protocol.md.
 */
import type { z } from "zod";
import { InterrexError, invariant } from "../../base/errors.ts";
import type { Epoch, Offset } from "../../base/ids.ts";
import { KnownPongs } from "./known-pongs.ts";
import type { Ack, NodeMessage, Records, SnapshotChunk } from "./node-messages.ts";
import { nodeMessageSchemas, WHOLE_MAX } from "./schema.ts";
import type { SentinelMessage } from "./sentinel-messages.ts";
import { sentinelMessageSchemas } from "./sentinel-schema.ts";

/** Everything that travels on a peer link. */
export type PeerMessage = NodeMessage | SentinelMessage;

export interface PeerFrameLimits {
  /** Longest text frame that is parsed, in bytes. */
  readonly controlBytesMax: number;
  /** Longest binary frame, header included, in bytes. */
  readonly binaryBytesMax: number;
}

const RECORDS = 1;
const ACK = 2;
const SNAPSHOT_CHUNK = 3;

const RECORDS_HEADER_BYTES = 32;
const RECORDS_WANT_ACK = 1;
const ACK_BYTES = 25;
const SNAPSHOT_HEADER_BYTES = 8;
const SNAPSHOT_LAST = 1;

/**
 * Up to here header and body become one fragment: the copy is made once for all links, while two fragments would be
 * joined by every receiver. Above, the body is sent from where it lies.
 */
const JOINED_BYTES_MAX = 1024 * 1024;

/**
 * zod would write a function for each schema when its first message comes. That takes milliseconds, and the messages of a
 * failover are nearly all first ones. It pays for those that go on coming: heartbeats, reports, publications.
 */
const PARSED_WITHOUT_FUNCTION = 64;

interface ControlType {
  readonly schema: z.ZodType;
  parsed: number;
}

const controlTypes: ReadonlyMap<string, ControlType> = new Map(
  [...Object.entries(nodeMessageSchemas), ...Object.entries(sentinelMessageSchemas)].map(
    ([type, schema]): [string, ControlType] => [type, { schema, parsed: 0 }],
  ),
);

const knownPongs = new KnownPongs();

/**
 * Text for a text frame, one buffer for a binary frame, or buffers that are the fragments of one binary frame.
 * Whoever sends it leaves it unchanged.
 */
export type EncodedMessage = string | Buffer | readonly Buffer[];

/** A large body is not copied: its owner must leave it unchanged until it is sent. */
export function encodePeerMessage(message: PeerMessage): EncodedMessage {
  switch (message.type) {
    case "records":
      return encodeRecords(message);
    case "ack":
      return encodeAck(message);
    case "snapshotChunk":
      return encodeSnapshotChunk(message);
    default:
      return JSON.stringify(message);
  }
}

/**
 * @param data one whole WebSocket message. `bytes` of the result are a view of it, not a copy.
 * @param isBinary as the WebSocket frame said.
 * @throws InterrexError BAD_PEER_MESSAGE, and nothing else, whatever the bytes are.
 */
export function decodePeerMessage(data: Buffer, isBinary: boolean, limits: PeerFrameLimits): PeerMessage {
  const bytesMax = isBinary ? limits.binaryBytesMax : limits.controlBytesMax;
  if (data.length > bytesMax) {
    throw badMessage(`${isBinary ? "binary" : "control"} frame of ${data.length} bytes, at most ${bytesMax}`);
  }
  return isBinary ? decodeBinary(data) : decodeControl(data);
}

function decodeControl(data: Buffer): PeerMessage {
  const text = data.toString("utf8");
  const pong = knownPongs.find(text);
  if (pong !== undefined) return pong;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw badMessage("not JSON", cause);
  }
  const type = typeof value === "object" && value !== null && "type" in value ? value.type : undefined;
  const known = typeof type === "string" ? controlTypes.get(type) : undefined;
  if (known === undefined) throw badMessage(`unknown type ${shown(type)}`);
  const result = known.schema.safeParse(value, { jitless: known.parsed < PARSED_WITHOUT_FUNCTION });
  known.parsed++;
  // The table names each schema by its type; zod has no word for that.
  if (result.success) return knownPongs.noting(text, result.data as PeerMessage);
  // The first issue alone: zod's own error lists them all, and goes into the log.
  const issue = result.error.issues[0];
  throw badMessage(`${shown(type)}: ${issue?.message} at ${issue?.path.join(".")}`);
}

function decodeBinary(data: Buffer): PeerMessage {
  switch (data[0]) {
    case RECORDS:
      requireBytes(
        data,
        "records",
        data.length >= RECORDS_HEADER_BYTES && Number(data[1]) <= RECORDS_WANT_ACK,
      );
      return {
        type: "records",
        wantsAck: data[1] === RECORDS_WANT_ACK,
        epoch: data.readUIntLE(2, 6) as Epoch,
        frame: data.readUIntLE(8, 6),
        previous: { epoch: data.readUIntLE(14, 6) as Epoch, offset: data.readUIntLE(20, 6) as Offset },
        commit: data.readUIntLE(26, 6) as Offset,
        bytes: data.subarray(RECORDS_HEADER_BYTES),
      };
    case ACK:
      requireBytes(data, "ack", data.length === ACK_BYTES);
      return {
        type: "ack",
        epoch: data.readUIntLE(1, 6) as Epoch,
        frame: data.readUIntLE(7, 6),
        received: data.readUIntLE(13, 6) as Offset,
        applied: data.readUIntLE(19, 6) as Offset,
      };
    case SNAPSHOT_CHUNK:
      requireBytes(
        data,
        "snapshotChunk",
        data.length >= SNAPSHOT_HEADER_BYTES && Number(data[1]) <= SNAPSHOT_LAST,
      );
      return {
        type: "snapshotChunk",
        epoch: data.readUIntLE(2, 6) as Epoch,
        last: data[1] === SNAPSHOT_LAST,
        bytes: data.subarray(SNAPSHOT_HEADER_BYTES),
      };
    default:
      throw badMessage(`unknown binary type ${data[0]}`);
  }
}

function encodeRecords(message: Records): Buffer | Buffer[] {
  const joined = message.bytes.length <= JOINED_BYTES_MAX;
  const header = Buffer.allocUnsafe(RECORDS_HEADER_BYTES + (joined ? message.bytes.length : 0));
  header[0] = RECORDS;
  header[1] = message.wantsAck ? RECORDS_WANT_ACK : 0;
  writeWhole(header, 2, message.epoch);
  writeWhole(header, 8, message.frame);
  writeWhole(header, 14, message.previous.epoch);
  writeWhole(header, 20, message.previous.offset);
  writeWhole(header, 26, message.commit);
  return withBody(header, RECORDS_HEADER_BYTES, message.bytes, joined);
}

function encodeAck(message: Ack): Buffer {
  const frame = Buffer.allocUnsafe(ACK_BYTES);
  frame[0] = ACK;
  writeWhole(frame, 1, message.epoch);
  writeWhole(frame, 7, message.frame);
  writeWhole(frame, 13, message.received);
  writeWhole(frame, 19, message.applied);
  return frame;
}

function encodeSnapshotChunk(message: SnapshotChunk): Buffer | Buffer[] {
  const joined = message.bytes.length <= JOINED_BYTES_MAX;
  const header = Buffer.allocUnsafe(SNAPSHOT_HEADER_BYTES + (joined ? message.bytes.length : 0));
  header[0] = SNAPSHOT_CHUNK;
  header[1] = message.last ? SNAPSHOT_LAST : 0;
  writeWhole(header, 2, message.epoch);
  return withBody(header, SNAPSHOT_HEADER_BYTES, message.bytes, joined);
}

function withBody(header: Buffer, headerBytes: number, body: Buffer, joined: boolean): Buffer | Buffer[] {
  if (!joined) return [header, body];
  header.set(body, headerBytes);
  return header;
}

function writeWhole(frame: Buffer, at: number, value: number): void {
  invariant(
    Number.isInteger(value) && value >= 0 && value <= WHOLE_MAX,
    `${value} does not fit into a peer frame`,
  );
  frame.writeUIntLE(value, at, 6);
}

function requireBytes(data: Buffer, type: string, fits: boolean): void {
  if (!fits) throw badMessage(`${type} frame of ${data.length} bytes`);
}

/** A value of the peer's, short enough for a log line. */
function shown(value: unknown): string {
  const text = typeof value === "string" ? value : typeof value;
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}...` : text);
}

function badMessage(what: string, cause?: unknown): InterrexError {
  return new InterrexError(
    "BAD_PEER_MESSAGE",
    `Cannot read peer message: ${what}`,
    cause === undefined ? {} : { cause },
  );
}
