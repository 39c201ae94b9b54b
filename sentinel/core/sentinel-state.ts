/** What a sentinel keeps on disk, and the order in which it may speak of it. Writes nothing itself. */
import { z } from "zod";
import { InterrexError } from "../../src/base/errors.ts";
import { EPOCH_ZERO, type Epoch, type Millis, type SentinelId } from "../../src/base/ids.ts";
import type { Instant } from "../../src/base/instant.ts";
import { groupRecordSchema } from "../../src/protocol/peer/schema.ts";
import type { GroupRecord, Leader } from "../../src/rules/group-record.ts";

export interface GroupState {
  /** The highest epoch in which this sentinel has voted. */
  readonly votedEpoch: Epoch;
  /** For whom; `null` when the epoch is only a floor that was learnt. */
  readonly votedFor: Leader | null;
  readonly record: GroupRecord | null;
  /**
   * The record was heard of after a loss of state, together with a voted epoch above it: a leader may have been elected
   * that did not see it here. It is known, and not held.
   */
  readonly onlyLearnt: boolean;
  /** The longest down-after that a lease of this sentinel may have been given for, also in an earlier life. */
  readonly leaseMs: Millis;
}

export interface SentinelState {
  readonly format: 1;
  readonly id: SentinelId;
  readonly groups: Readonly<Record<string, GroupState>>;
}

export const EMPTY_GROUP_STATE: GroupState = {
  votedEpoch: EPOCH_ZERO,
  votedFor: null,
  record: null,
  onlyLearnt: false,
  leaseMs: 0,
};

const stateSchema = z.object({
  format: z.literal(1),
  id: z.string(),
  groups: z.record(
    z.string(),
    z.object({
      votedEpoch: z.number().int().min(0),
      votedFor: z.object({ id: z.string(), startId: z.string() }).nullable(),
      record: groupRecordSchema.nullable(),
      onlyLearnt: z.boolean(),
      leaseMs: z.number().min(0).default(0),
    }),
  ),
});

/**
 * Reads back what `saveState` has written.
 *
 * @throws InterrexError `BAD_SENTINEL_STATE` when it is of another shape or of another sentinel.
 */
export function parseSentinelState(value: unknown, id: SentinelId): SentinelState {
  const parsed = stateSchema.safeParse(value);
  if (!parsed.success) {
    throw new InterrexError("BAD_SENTINEL_STATE", `Cannot read the state of sentinel ${id}`, {
      cause: parsed.error,
    });
  }
  if (parsed.data.id !== id) {
    throw new InterrexError(
      "BAD_SENTINEL_STATE",
      `Cannot start sentinel ${id}: this data directory belongs to sentinel ${parsed.data.id}`,
    );
  }
  return parsed.data as SentinelState;
}

/** The same from bytes. */
export function decodeSentinelState(bytes: Buffer, id: SentinelId): SentinelState {
  try {
    return parseSentinelState(JSON.parse(bytes.toString("utf8")), id);
  } catch (cause) {
    if (cause instanceof InterrexError) throw cause;
    throw new InterrexError("BAD_SENTINEL_STATE", `Cannot read the state of sentinel ${id}`, { cause });
  }
}

/** What to do once a state is durable; it has no effect before. */
export type WhenSaved = (now: Instant) => void;

/**
 * Gathers the changes of one step into one save, and keeps back what must not be said before it is durable.
 *
 * What waits is bounded by what was asked: one vote an epoch, one answer a record.
 */
export class StateKeeper {
  readonly #id: SentinelId;
  readonly #groups = new Map<string, GroupState>();
  #version = 0;
  #dirty = false;
  #waiting: { readonly version: number; readonly group: string; readonly then: WhenSaved }[] = [];

  constructor(id: SentinelId, recovered: SentinelState | null) {
    this.#id = id;
    for (const [name, state] of Object.entries(recovered?.groups ?? {})) this.#groups.set(name, state);
  }

  /** `undefined`: nothing of this group was ever saved here, or it was lost. */
  groupState(group: string): GroupState | undefined {
    return this.#groups.get(group);
  }

  /** Changes the state at once in memory; `then` runs after it is durable. */
  save(group: string, state: GroupState, then: WhenSaved): void {
    this.#groups.set(group, state);
    this.#dirty = true;
    this.#waiting.push({ version: this.#version + 1, group, then });
  }

  /** The save that this step asks for, if any. */
  takeSave(): { readonly version: number; readonly state: SentinelState } | undefined {
    if (!this.#dirty) return undefined;
    this.#dirty = false;
    this.#version++;
    return {
      version: this.#version,
      state: { format: 1, id: this.#id, groups: Object.fromEntries(this.#groups) },
    };
  }

  /** @returns the groups of which more is durable now. */
  saved(version: number, now: Instant): Set<string> {
    const ready = this.#waiting.filter((entry) => entry.version <= version);
    this.#waiting = this.#waiting.filter((entry) => entry.version > version);
    for (const entry of ready) entry.then(now);
    return new Set(ready.map(({ group }) => group));
  }
}
