/** IDs of stream entries: two unsigned 64-bit numbers, in order of the first and then of the second. It parses nothing. */
import { difference, type ExactInteger, sum } from "./exact-integer.ts";

export interface StreamId {
  readonly ms: ExactInteger;
  readonly seq: ExactInteger;
}

export const UINT64_MAX: bigint = 2n ** 64n - 1n;
export const ID_ZERO: StreamId = { ms: 0, seq: 0 };
export const ID_MAX: StreamId = { ms: UINT64_MAX, seq: UINT64_MAX };

/** Below, at or above 0, as the first comes before, is equal to or comes after the second. */
export function compareIds(one: StreamId, other: StreamId): number {
  if (one.ms !== other.ms) return one.ms < other.ms ? -1 : 1;
  if (one.seq === other.seq) return 0;
  return one.seq < other.seq ? -1 : 1;
}

/** The ID right behind; `undefined` behind the last one. */
export function nextId({ ms, seq }: StreamId): StreamId | undefined {
  if (seq !== UINT64_MAX) return { ms, seq: sum(seq, 1) };
  return ms === UINT64_MAX ? undefined : { ms: sum(ms, 1), seq: 0 };
}

/** The ID right before; `undefined` before the first one. */
export function previousId({ ms, seq }: StreamId): StreamId | undefined {
  if (seq !== 0) return { ms, seq: difference(seq, 1) };
  return ms === 0 ? undefined : { ms: difference(ms, 1), seq: UINT64_MAX };
}

export function formatId({ ms, seq }: StreamId): string {
  return `${ms}-${seq}`;
}
