/**
 * Finds a member's position in an array by hash: open addressing over typed arrays, outside of V8's heap, in a third of
 * a Map's memory and without its long pause when it doubles: a large index is 256 small ones that grow on their own.
 * It keeps no members and decides no position; its owner does both.
 */

/** What new indexes hash with. It shows nowhere, no order depends on it, so it may differ between members. */
let seedOfNewOnes = 0;

/**
 * Makes the hashes of indexes to come unpredictable, against members chosen to collide. A process does it at its start
 * with a number that nobody can guess; the core itself knows no chance, and a simulation leaves it alone.
 *
 * @param seed 32 bits.
 */
export function seedMemberHashes(seed: number): void {
  seedOfNewOnes = seed | 0;
}

const TABLE_MIN = 16;
const SHARDED_FROM = 32 * 1024;
const SHARDS = 256;
/** The top bits choose the shard, the low ones the slot. */
const SHARD_SHIFT = 24;

/** Slots hold a position plus one; 0 is free. At most half of them are taken. */
interface Shard {
  slots: Int32Array;
  count: number;
}

export class PositionIndex {
  readonly #seed = seedOfNewOnes;
  /** By position. */
  #hashes = new Int32Array(TABLE_MIN);
  #shards: Shard[] = [emptyShard()];
  #count = 0;

  /** The hash by which this index, and no other, knows a member. */
  hashOf(member: string): number {
    let hash = this.#seed;
    for (let at = 0; at < member.length; at += 1) hash = Math.imul(hash ^ member.charCodeAt(at), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
    return hash ^ (hash >>> 13);
  }

  /** @returns the position, or -1. */
  find(members: readonly string[], member: string, hash: number): number {
    const { slots } = this.#shardOf(hash);
    const hashes = this.#hashes;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const position = (slots[slot] as number) - 1;
      if (position === -1) return -1;
      if (hashes[position] === hash && members[position] === member) return position;
    }
  }

  /** A member that is not here yet stands at `position`, which is the next one. */
  append(hash: number, position: number): void {
    if (position >= this.#hashes.length) this.#resizeHashes(position * 2);
    this.#hashes[position] = hash;
    this.#count += 1;
    if (this.#count === SHARDED_FROM) this.#split();
    this.#put(this.#shardOf(hash), hash, position);
  }

  /** The member at `position` goes; the one at `last` takes its place. */
  remove(position: number, last: number): void {
    const hashes = this.#hashes;
    this.#clear(hashes[position] as number, position);
    if (position !== last) {
      const moved = hashes[last] as number;
      const { slots } = this.#shardOf(moved);
      slots[slotOf(slots, moved, last)] = position + 1;
      hashes[position] = moved;
    }
    this.#count -= 1;
    if (hashes.length > TABLE_MIN && this.#count * 4 < hashes.length) this.#resizeHashes(hashes.length / 2);
  }

  /** Frees the slot, and moves up what had to make way for it, so that no search ends too early. */
  #clear(hash: number, position: number): void {
    const shard = this.#shardOf(hash);
    const { slots } = shard;
    const mask = slots.length - 1;
    let free = slotOf(slots, hash, position);
    for (let slot = (free + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = (this.#hashes[(slots[slot] as number) - 1] as number) & mask;
      if (((slot - home) & mask) < ((slot - free) & mask)) continue;
      slots[free] = slots[slot] as number;
      free = slot;
    }
    slots[free] = 0;
    shard.count -= 1;
    if (slots.length > TABLE_MIN && shard.count * 8 < slots.length) this.#rehash(shard, slots.length / 2);
  }

  #put(shard: Shard, hash: number, position: number): void {
    shard.count += 1;
    if (shard.count * 2 > shard.slots.length) this.#rehash(shard, shard.slots.length * 2);
    shard.slots[slotOf(shard.slots, hash, -1)] = position + 1;
  }

  #rehash(shard: Shard, length: number): void {
    const slots = new Int32Array(length);
    for (const taken of shard.slots) {
      if (taken !== 0) slots[slotOf(slots, this.#hashes[taken - 1] as number, -1)] = taken;
    }
    shard.slots = slots;
  }

  #split(): void {
    const [whole] = this.#shards;
    if (whole === undefined || this.#shards.length > 1) return;
    this.#shards = Array.from({ length: SHARDS }, emptyShard);
    for (const taken of whole.slots) {
      if (taken === 0) continue;
      const hash = this.#hashes[taken - 1] as number;
      this.#put(this.#shardOf(hash), hash, taken - 1);
    }
  }

  #shardOf(hash: number): Shard {
    const shards = this.#shards;
    return shards[shards.length === 1 ? 0 : hash >>> SHARD_SHIFT] as Shard;
  }

  #resizeHashes(length: number): void {
    const hashes = new Int32Array(length);
    hashes.set(this.#hashes.subarray(0, length));
    this.#hashes = hashes;
  }
}

function emptyShard(): Shard {
  return { slots: new Int32Array(TABLE_MIN), count: 0 };
}

/** The slot of `position`, which is there; for -1 the first free one. */
function slotOf(slots: Int32Array, hash: number, position: number): number {
  const mask = slots.length - 1;
  let slot = hash & mask;
  while (slots[slot] !== position + 1) slot = (slot + 1) & mask;
  return slot;
}
