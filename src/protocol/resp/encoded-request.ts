/** A command as it came, from `start` to `end`: byte for byte what `encodeCommand` makes of its arguments. */
export interface EncodedRequest {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}
