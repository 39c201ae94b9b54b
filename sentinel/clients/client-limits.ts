/** What one client of a sentinel may ask. Its questions are short, so it may buffer little. */
import { DEFAULT_REDIS_LIMITS, type RedisLimits } from "../../src/protocol/resp/limits.ts";

const MEBIBYTE = 1024 * 1024;

export const SENTINEL_CLIENT_LIMITS: RedisLimits = {
  ...DEFAULT_REDIS_LIMITS,
  bulkBytesMax: 64 * 1024,
  argumentsMax: 4096,
  queryBufferBytesMax: 128 * 1024,
  outputBufferBytesMax: 32 * MEBIBYTE,
};
