/** Branded identifiers and numbers, so that an epoch never passes for an offset. */
declare const brand: unique symbol;
type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** A data node of a group, for example `n1`. */
export type MemberId = Brand<string, "MemberId">;
/** A sentinel, for example `s1`. */
export type SentinelId = Brand<string, "SentinelId">;
/** One life of a process; a new random value at each start. */
export type StartId = Brand<string, "StartId">;
/** One life of a member's durable state; a wiped or doubtful data directory starts a new one. */
export type IncarnationId = Brand<string, "IncarnationId">;
/** Minted at bootstrap; tells two groups of the same name apart. */
export type GroupId = Brand<string, "GroupId">;

/** Number of a reign: 0 before the first, then 1, 2, ... At most one master per epoch. */
export type Epoch = Brand<number, "Epoch">;
/** Index of a record in the replication log: 1, 2, 3, ...; 0 stands for "none". */
export type Offset = Brand<number, "Offset">;

/** A duration or a point on the monotonic clock, in milliseconds, fractions allowed. */
export type Millis = number;

export const EPOCH_ZERO: Epoch = 0 as Epoch;
export const OFFSET_ZERO: Offset = 0 as Offset;

export function nextOffset(offset: Offset): Offset {
  return (offset + 1) as Offset;
}

export function nextEpoch(epoch: Epoch): Epoch {
  return (epoch + 1) as Epoch;
}
