/** Bounds on what one Redis client may ask of a process, and how many may ask. Values only; the decoder and the server enforce them. */

/** What the request decoder checks while it reads. */
export interface RequestLimits {
  /** Longest single argument, in bytes (Redis: `proto-max-bulk-len`). Longer than a V8 string can be counts as that. */
  readonly bulkBytesMax: number;
  /** Most arguments of one command, its name included. */
  readonly argumentsMax: number;
  /** Longest inline command, and longest line with a length in it, in bytes (Redis: `PROTO_INLINE_MAX_SIZE`). */
  readonly inlineBytesMax: number;
}

/** Of replies, or messages, that a client has not taken yet (Redis: `client-output-buffer-limit`). */
export interface OutputLimit {
  /** More than that costs the connection at once; 0 for no bound. */
  hardBytes: number;
  /** More than that for `softSec` on end; 0 for no bound. */
  softBytes: number;
  softSec: number;
}

/** By class of client; values may change while the server runs. */
export interface OutputLimits {
  readonly normal: OutputLimit;
  /** Who is subscribed to anything. */
  readonly pubsub: OutputLimit;
}

export interface RedisLimits extends RequestLimits {
  /** Most bytes of one client that wait to be run; above it the client is reset (Redis: `client-query-buffer-limit`). */
  readonly queryBufferBytesMax: number;
  /**
   * Most bytes of replies that one client has not taken yet; above it the client is reset.
   * Keep it above `bulkBytesMax`, or the largest value can't be read back.
   */
  readonly outputBufferBytesMax: number;
  /** Bounds below that one, for each class of clients. */
  readonly outputLimits?: OutputLimits;
  /** Most clients at once; one more gets an error and is closed (Redis: `maxclients`). */
  readonly clientsMax: number;
}

const MEBIBYTE = 1024 * 1024;

/** Redis's defaults, except `outputBufferBytesMax`, which Redis leaves unbounded for normal clients, and `argumentsMax`: 2^31 - 1 there. */
export const DEFAULT_REDIS_LIMITS: RedisLimits = {
  bulkBytesMax: 512 * MEBIBYTE,
  // Bounded by the bytes as well, and there each argument counts with what it costs in memory.
  argumentsMax: 8 * MEBIBYTE,
  inlineBytesMax: 64 * 1024,
  queryBufferBytesMax: 1024 * MEBIBYTE,
  outputBufferBytesMax: 1024 * MEBIBYTE,
  clientsMax: 10_000,
};
