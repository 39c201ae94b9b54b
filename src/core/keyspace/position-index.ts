/**
 * Finds a member's position in an array by hash: open addressing over typed arrays, outside of V8's heap, in half of
 * a Map's memory and without its long pause when it doubles: a large index is 64 small ones that grow on their own.
 * It keeps no members and decides no position; its owner does both.
 *
 * What a look-up costs in a large index is the cache lines that it has to wait for, one behind the other (200 ns each on
 * a busy machine, where all the rest of it takes 50): so a slot holds all that a search looks at.
 */
import { hashWords } from "./half-sip-hash.ts";

/** What new indexes hash with, 64 bits. It shows nowhere, no order depends on it, so it may differ between members. */
let seedOfNewOnes = 0;
let secondSeed = 0;

/**
 * Makes the hashes of indexes to come unpredictable, against members chosen to collide. A process does it at its start
 * with a number that nobody can guess; the core itself knows no chance, and a simulation leaves it alone.
 *
 * @param seed 32 bits.
 * @param second 32 more.
 */
export function seedMemberHashes(seed: number, second: number): void {
  seedOfNewOnes = seed | 0;
  secondSeed = second | 0;
}

const SLOTS_MIN = 16;
/** A slot is two numbers side by side, for a search to load one cache line: a hash, and a position plus one, 0 when it is free. */
const SLOT = 2;
const SHARDED_FROM = 8 * 1024;
/** So few that V8's objects for them stay in the processor's cache; so many that one is soon copied when it grows. */
const SHARDS = 64;
/** The top bits choose the shard, the low ones the slot. */
const SHARD_SHIFT = 26;

/** Who stands where. */
interface Members {
  isAt(position: number, member: string): boolean;
}

export class PositionIndex {
  readonly #seed: number;
  readonly #secondSeed = secondSeed;
  /** Of each shard. At most two thirds are taken. */
  #slots: Int32Array[] = [new Int32Array(SLOTS_MIN * SLOT)];
  /** How many members each shard has. */
  #counts: number[] = [0];
  #count = 0;

  constructor(seed: number = seedOfNewOnes) {
    this.#seed = seed;
  }

  /** For members that stand as these do. */
  clone(): PositionIndex {
    const copy = new PositionIndex(this.#seed);
    copy.#slots = this.#slots.map((slots) => slots.slice());
    copy.#counts = [...this.#counts];
    copy.#count = this.#count;
    return copy;
  }

  /** The hash by which this index, and no other, knows a member. */
  hashOf(member: string): number {
    let hash = this.#seed;
    for (let at = 0; at < member.length; at += 1) hash = Math.imul(hash ^ member.charCodeAt(at), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
    return hash ^ (hash >>> 13);
  }

  /** Another such hash, of a member in words: see `writeWords`. @param length of the member, in bytes. */
  hashOfWords(words: Int32Array, length: number): number {
    return hashWords(words, length, this.#seed, this.#secondSeed);
  }

  /** @returns the position, or -1. */
  find(members: Members, member: string, hash: number): number {
    const slots = this.#slotsOf(hash);
    for (let slot = homeOf(slots, hash); ; slot = behind(slots, slot)) {
      const position = (slots[slot + 1] as number) - 1;
      if (position === -1) return -1;
      if (slots[slot] === hash && members.isAt(position, member)) return position;
    }
  }

  /** A member that is not here yet stands at `position`, where no other does. */
  append(hash: number, position: number): void {
    this.#count += 1;
    if (this.#count === SHARDED_FROM && this.#slots.length === 1) this.#split();
    this.#put(hash, position);
  }

  /** The member at `position` goes. */
  drop(hash: number, position: number): void {
    this.#clear(hash, position);
    this.#count -= 1;
  }

  /** The member at `from` stands at `to` now. */
  move(hash: number, from: number, to: number): void {
    const slots = this.#slotsOf(hash);
    slots[slotOf(slots, hash, from) + 1] = to + 1;
  }

  /** The member at `position` goes; the one at `last` takes its place. Each with its hash. */
  remove(position: number, hash: number, last: number, lastHash: number): void {
    this.drop(hash, position);
    if (position !== last) this.move(lastHash, last, position);
  }

  #put(hash: number, position: number): void {
    const shard = this.#shardOf(hash);
    const count = (this.#counts[shard] as number) + 1;
    this.#counts[shard] = count;
    const { length } = this.#slots[shard] as Int32Array;
    if (count * SLOT * 3 > length * 2) this.#resize(shard, length * 2);
    store(this.#slots[shard] as Int32Array, hash, position);
  }

  /** Frees the slot, and moves up what had to make way for it, so that no search ends too early. */
  #clear(hash: number, position: number): void {
    const shard = this.#shardOf(hash);
    const slots = this.#slots[shard] as Int32Array;
    const mask = slots.length - 1;
    let free = slotOf(slots, hash, position);
    for (let slot = behind(slots, free); slots[slot + 1] !== 0; slot = behind(slots, slot)) {
      const home = homeOf(slots, slots[slot] as number);
      if (((slot - home) & mask) < ((slot - free) & mask)) continue;
      slots[free] = slots[slot] as number;
      slots[free + 1] = slots[slot + 1] as number;
      free = slot;
    }
    slots[free + 1] = 0;
    const count = (this.#counts[shard] as number) - 1;
    this.#counts[shard] = count;
    if (slots.length > SLOTS_MIN * SLOT && count * SLOT * 6 < slots.length) {
      this.#resize(shard, slots.length / 2);
    }
  }

  #resize(shard: number, length: number): void {
    const slots = new Int32Array(length);
    forEachTaken(this.#slots[shard] as Int32Array, (hash, position) => store(slots, hash, position));
    this.#slots[shard] = slots;
  }

  #split(): void {
    const whole = this.#slots[0] as Int32Array;
    this.#slots = Array.from({ length: SHARDS }, () => new Int32Array(whole.length / SHARDS));
    this.#counts = new Array<number>(SHARDS).fill(0);
    forEachTaken(whole, (hash, position) => this.#put(hash, position));
  }

  #shardOf(hash: number): number {
    return this.#slots.length === 1 ? 0 : hash >>> SHARD_SHIFT;
  }

  #slotsOf(hash: number): Int32Array {
    return this.#slots[this.#shardOf(hash)] as Int32Array;
  }
}

function forEachTaken(slots: Int32Array, take: (hash: number, position: number) => void): void {
  for (let slot = 0; slot < slots.length; slot += SLOT) {
    const position = (slots[slot + 1] as number) - 1;
    if (position !== -1) take(slots[slot] as number, position);
  }
}

function store(slots: Int32Array, hash: number, position: number): void {
  const slot = slotOf(slots, hash, -1);
  slots[slot] = hash;
  slots[slot + 1] = position + 1;
}

/** Where the search for a hash begins. */
function homeOf(slots: Int32Array, hash: number): number {
  return (hash << 1) & (slots.length - 1);
}

/** The next slot; after the last one comes the first. */
function behind(slots: Int32Array, slot: number): number {
  return (slot + SLOT) & (slots.length - 1);
}

/** The slot of `position`, which is there; for -1 the first free one. */
function slotOf(slots: Int32Array, hash: number, position: number): number {
  let slot = homeOf(slots, hash);
  while (slots[slot + 1] !== position + 1) slot = behind(slots, slot);
  return slot;
}
