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
const SHARDED_FROM = 8 * 1024;
const SHARDS = 256;
/** The top bits choose the shard, the low ones the slot. */
const SHARD_SHIFT = 24;
/** Hashes are kept in pieces of so many, which are never copied when more come. */
const CHUNK_BITS = 12;
const CHUNK = 2 ** CHUNK_BITS;

/** Where the members stand. */
interface Members {
  at(position: number): string;
}

/** Slots hold a position plus one; 0 is free. At most half of them are taken. */
interface Shard {
  slots: Int32Array;
  count: number;
}

export class PositionIndex {
  readonly #seed = seedOfNewOnes;
  /** By position. */
  readonly #hashes: Int32Array[] = [new Int32Array(TABLE_MIN)];
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
  find(members: Members, member: string, hash: number): number {
    const { slots } = this.#shardOf(hash);
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const position = (slots[slot] as number) - 1;
      if (position === -1) return -1;
      if (this.#hashAt(position) === hash && members.at(position) === member) return position;
    }
  }

  /** A member that is not here yet stands at `position`, which is the next one. */
  append(hash: number, position: number): void {
    this.#makeRoom(position);
    this.#putHash(position, hash);
    this.#count += 1;
    if (this.#count === SHARDED_FROM) this.#split();
    this.#put(this.#shardOf(hash), hash, position);
  }

  /** The member at `position` goes; the one at `last` takes its place. */
  remove(position: number, last: number): void {
    this.#clear(this.#hashAt(position), position);
    if (position !== last) {
      const moved = this.#hashAt(last);
      const { slots } = this.#shardOf(moved);
      slots[slotOf(slots, moved, last)] = position + 1;
      this.#putHash(position, moved);
    }
    this.#count -= 1;
    this.#giveBackRoom();
  }

  /** Frees the slot, and moves up what had to make way for it, so that no search ends too early. */
  #clear(hash: number, position: number): void {
    const shard = this.#shardOf(hash);
    const { slots } = shard;
    const mask = slots.length - 1;
    let free = slotOf(slots, hash, position);
    for (let slot = (free + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#hashAt((slots[slot] as number) - 1) & mask;
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
      if (taken !== 0) slots[slotOf(slots, this.#hashAt(taken - 1), -1)] = taken;
    }
    shard.slots = slots;
  }

  #split(): void {
    const [whole] = this.#shards;
    if (whole === undefined || this.#shards.length > 1) return;
    const slots = whole.slots.length / SHARDS;
    this.#shards = Array.from({ length: SHARDS }, () => emptyShard(slots));
    for (const taken of whole.slots) {
      if (taken === 0) continue;
      const hash = this.#hashAt(taken - 1);
      this.#put(this.#shardOf(hash), hash, taken - 1);
    }
  }

  #shardOf(hash: number): Shard {
    const shards = this.#shards;
    return shards[shards.length === 1 ? 0 : hash >>> SHARD_SHIFT] as Shard;
  }

  #hashAt(position: number): number {
    return (this.#hashes[position >>> CHUNK_BITS] as Int32Array)[position & (CHUNK - 1)] as number;
  }

  #putHash(position: number, hash: number): void {
    (this.#hashes[position >>> CHUNK_BITS] as Int32Array)[position & (CHUNK - 1)] = hash;
  }

  /** The first piece doubles until it is a whole one. */
  #makeRoom(position: number): void {
    const [first] = this.#hashes as [Int32Array];
    if (position >= CHUNK) {
      if (position >>> CHUNK_BITS === this.#hashes.length) this.#hashes.push(new Int32Array(CHUNK));
    } else if (position === first.length) this.#hashes[0] = resized(first, position * 2);
  }

  #giveBackRoom(): void {
    // One piece too many stays, for one that comes and goes.
    if (this.#hashes.length > (this.#count >>> CHUNK_BITS) + 2) this.#hashes.pop();
    const [first] = this.#hashes as [Int32Array];
    if (first.length > TABLE_MIN && this.#count * 4 < first.length) {
      this.#hashes[0] = resized(first, first.length / 2);
    }
  }
}

function resized(hashes: Int32Array, length: number): Int32Array {
  const copy = new Int32Array(length);
  copy.set(hashes.subarray(0, length));
  return copy;
}

function emptyShard(slots: number = TABLE_MIN): Shard {
  return { slots: new Int32Array(slots), count: 0 };
}

/** The slot of `position`, which is there; for -1 the first free one. */
function slotOf(slots: Int32Array, hash: number, position: number): number {
  const mask = slots.length - 1;
  let slot = hash & mask;
  while (slots[slot] !== position + 1) slot = (slot + 1) & mask;
  return slot;
}
