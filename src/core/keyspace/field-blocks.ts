/**
 * How a block of `FieldTable` is laid out: a header of three words, the field in whole words, and its value. Of what is too long for a
 * block only the header is here, and where it stands in the heap.
 */
import type { Latin1Buffer } from "../../base/latin1.ts";
import { wordsFor } from "../../base/words.ts";
import { KEY_BYTES_MAX } from "./block-layout.ts";
import { UNIT_BYTES } from "./slab.ts";

/** Words of a block's header. */
export const HASH = 0;
/** Where its address stands among all. */
export const POSITION = 1;
/** From the top: where field and value are (1 bit), length of the field (10), of the value (10). */
export const LAYOUT = 2;
export const HEADER_WORDS = 3;
const HEADER_BYTES = HEADER_WORDS * 4;

const LENGTH_BITS = 10;
const LENGTH_MASK = 2 ** LENGTH_BITS - 1;
/** The layout of a block whose field and value are in the heap: the next word is their place there. */
export const IN_HEAP: number = 2 ** (2 * LENGTH_BITS);
/** A larger one is no burden to garbage collection, and to copy it out costs more than to point at it. */
export const BLOCK_BYTES_MAX = 512;
/** A table looks for fields as one of keys looks for keys. */
export const FIELD_BYTES_MAX: number = KEY_BYTES_MAX;
/** Larger blocks go up by two units, so that a hash of a few long fields has fewer sizes of them. */
const FINE_UNITS_MAX = 10;

/** What the block of a field and a value of these lengths must be like. */
export function layoutOf(fieldLength: number, valueLength: number): number {
  if (fieldLength > FIELD_BYTES_MAX || valueLength > BLOCK_BYTES_MAX) return IN_HEAP;
  const bytes = HEADER_BYTES + wordsFor(fieldLength) * 4 + valueLength;
  return bytes > BLOCK_BYTES_MAX ? IN_HEAP : (fieldLength << LENGTH_BITS) | valueLength;
}

/** The size of the block that `layout` describes. */
export function unitsOf(layout: number): number {
  if (layout === IN_HEAP) return 1;
  const units = Math.floor((valueOffset(layout) + valueLengthOf(layout) + UNIT_BYTES - 1) / UNIT_BYTES);
  return units <= FINE_UNITS_MAX ? units : (units + 1) & ~1;
}

export function fieldLengthOf(layout: number): number {
  return layout >>> LENGTH_BITS;
}

export function valueLengthOf(layout: number): number {
  return layout & LENGTH_MASK;
}

/** Bytes from the block's beginning to the value. */
export function valueOffset(layout: number): number {
  return HEADER_BYTES + wordsFor(fieldLengthOf(layout)) * 4;
}

/** The value of the block that begins at `from`. */
export function readValue(bytes: Latin1Buffer, from: number, layout: number): string {
  const start = from + valueOffset(layout);
  return bytes.latin1Slice(start, start + valueLengthOf(layout));
}

/** As `readValue`, with the field: pieces of one text, which is read at once. */
export function readEntry(bytes: Latin1Buffer, from: number, layout: number): [string, string] {
  const valueAt = valueOffset(layout);
  const start = from + HEADER_BYTES;
  const both = bytes.latin1Slice(start, from + valueAt + valueLengthOf(layout));
  return [both.slice(0, fieldLengthOf(layout)), both.slice(valueAt - HEADER_BYTES)];
}
