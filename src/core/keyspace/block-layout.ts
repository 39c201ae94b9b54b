/**
 * How a block of `KeyTable` is laid out: a header of eight words, the key in whole words, and the string that it holds. What
 * is too large for a block, and every collection, is in the heap; the block then has its place there before the key.
 */
import { wordsFor } from "../../base/words.ts";
import { UNIT_BYTES } from "./slab.ts";
import type { Value } from "./value.ts";

/** Words of a block's header. */
export const HASH = 0;
/** Where its address stands among all. */
export const POSITION = 1;
export const CHANGED_LOW = 2;
export const CHANGED_HIGH = 3;
export const USED_SEC = 4;
export const SNAPSHOT = 5;
export const EXPIRY = 6;
/** From the top: use frequency (8 bits), form of a string (2), where key and value are (2), length of the key (10), of the value (10). */
export const LAYOUT = 7;
export const HEADER_WORDS = 8;
export const HEADER_BYTES: number = HEADER_WORDS * 4;

/** Where key and value are: both here, the value or both in the heap; then the next word is their place there. */
export const INSIDE = 0;
export const HEAP_VALUE = 1;
export const HEAP_BOTH = 2;

const LENGTH_BITS = 10;
export const LENGTH_MASK: number = 2 ** LENGTH_BITS - 1;
const KIND_SHIFT = 2 * LENGTH_BITS;
const KIND_MASK = 3;
export const FORM_SHIFT: number = KIND_SHIFT + 2;
export const FORM_MASK = 3;
export const FREQUENCY_SHIFT = 24;
export const BELOW_FREQUENCY: number = 2 ** FREQUENCY_SHIFT - 1;
/** A larger one is no burden to garbage collection, and to copy it out costs more than to point at it. */
const BLOCK_BYTES_MAX = 512;
export const UNITS_MAX: number = BLOCK_BYTES_MAX / UNIT_BYTES;
export const KEY_BYTES_MAX: number = BLOCK_BYTES_MAX - HEADER_BYTES - 4;
/** A block holds no longer string: that of an empty key. */
export const STRING_BYTES_MAX: number = BLOCK_BYTES_MAX - HEADER_BYTES;

export function kindOf(layout: number): number {
  return (layout >>> KIND_SHIFT) & KIND_MASK;
}

export function keyLengthOf(layout: number): number {
  return (layout >>> LENGTH_BITS) & LENGTH_MASK;
}

/** @param keyLength 0 of a key that is in the heap. @param stringLength of a value in the block. */
export function layoutOf(kind: number, keyLength: number, stringLength: number): number {
  return (kind << KIND_SHIFT) | (keyLength << LENGTH_BITS) | stringLength;
}

/** What a new block must be like, but for the frequency. */
export function layoutFor(keyLength: number, value: Value): number {
  if (keyLength > KEY_BYTES_MAX) return layoutOf(HEAP_BOTH, 0, 0);
  if (typeof value === "string" && value.length <= LENGTH_MASK) {
    const layout = layoutOf(INSIDE, keyLength, value.length);
    if (unitsOf(layout) <= UNITS_MAX) return layout;
  }
  return layoutOf(HEAP_VALUE, keyLength, 0);
}

/** The size of the block that `layout` describes. */
export function unitsOf(layout: number): number {
  const bytes = stringOffset(layout) + (layout & LENGTH_MASK);
  return Math.floor((bytes + UNIT_BYTES - 1) / UNIT_BYTES);
}

/** Bytes from the block's beginning to the key. */
export function keyOffset(layout: number): number {
  return kindOf(layout) === INSIDE ? HEADER_BYTES : HEADER_BYTES + 4;
}

/** Bytes from the block's beginning to what is behind the key. */
export function stringOffset(layout: number): number {
  return keyOffset(layout) + wordsFor(keyLengthOf(layout)) * 4;
}
