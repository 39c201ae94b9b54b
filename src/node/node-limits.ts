/** Bounds on what clients may ask of a data node, as it starts; CONFIG SET may lower or raise them while it runs. */
import { DEFAULT_REDIS_LIMITS, type OutputLimits, type RedisLimits } from "../protocol/resp/limits.ts";

const MEBIBYTE = 1024 * 1024;
/** One key, value or element. */
export const VALUE_BYTES_MAX: number = 128 * MEBIBYTE;
/** Kept from clients for the log's segments, the snapshots and the peers; of a small limit, half. */
const OWN_FILES = 256;

export type NodeLimits = { -readonly [Name in keyof RedisLimits]: RedisLimits[Name] } & {
  readonly outputLimits: OutputLimits;
  /** CONFIG SET raises `clientsMax` no further. */
  readonly clientsCeiling: number;
};

/** As Redis's own. */
const CLIENTS_CEILING = 2 ** 32 - 1;

/** A value, and all values of one command, must fit a record and a V8 string together with their headers. */
export function nodeLimits(clientsMax: number, openFilesMax: number | null): NodeLimits {
  const clientsCeiling = openFilesMax === null ? CLIENTS_CEILING : clientsWithin(openFilesMax);
  return {
    ...DEFAULT_REDIS_LIMITS,
    bulkBytesMax: VALUE_BYTES_MAX,
    queryBufferBytesMax: 256 * MEBIBYTE,
    clientsMax: Math.min(clientsMax, clientsCeiling),
    clientsCeiling,
    outputLimits: {
      normal: { hardBytes: DEFAULT_REDIS_LIMITS.outputBufferBytesMax, softBytes: 0, softSec: 0 },
      pubsub: { hardBytes: 32 * MEBIBYTE, softBytes: 8 * MEBIBYTE, softSec: 60 },
    },
  };
}

/** A node that can open no file for its log stops, so it keeps some for itself. */
function clientsWithin(openFilesMax: number): number {
  return Math.max(1, openFilesMax - Math.min(OWN_FILES, Math.ceil(openFilesMax / 2)));
}
