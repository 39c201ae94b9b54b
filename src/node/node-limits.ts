/** Bounds on what clients may ask of a data node, as it starts; CONFIG SET may lower or raise them while it runs. */
import { DEFAULT_REDIS_LIMITS, type OutputLimits, type RedisLimits } from "../protocol/resp/limits.ts";

const MEBIBYTE = 1024 * 1024;

export type NodeLimits = { -readonly [Name in keyof RedisLimits]: RedisLimits[Name] } & {
  readonly outputLimits: OutputLimits;
};

/** A value, and all values of one command, must fit a record and a V8 string together with their headers. */
export function nodeLimits(clientsMax: number): NodeLimits {
  return {
    ...DEFAULT_REDIS_LIMITS,
    bulkBytesMax: 128 * MEBIBYTE,
    queryBufferBytesMax: 256 * MEBIBYTE,
    clientsMax,
    outputLimits: {
      normal: { hardBytes: DEFAULT_REDIS_LIMITS.outputBufferBytesMax, softBytes: 0, softSec: 0 },
      pubsub: { hardBytes: 32 * MEBIBYTE, softBytes: 8 * MEBIBYTE, softSec: 60 },
    },
  };
}
