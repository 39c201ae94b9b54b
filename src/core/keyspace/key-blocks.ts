/**
 * The blocks of a `KeyTable` by their addresses: what is known of a key beside its value and its expiry, and short strings, which are in the
 * block itself. It finds no key, and makes and frees no block.
 */
import type { Offset } from "../../base/ids.ts";
import type { BulkWriter } from "../../protocol/resp/bulk-writer.ts";
import {
  BELOW_FREQUENCY,
  CHANGED_HIGH,
  CHANGED_LOW,
  FORM_MASK,
  FORM_SHIFT,
  FREQUENCY_SHIFT,
  INSIDE,
  keyLengthOf,
  keyOffset,
  kindOf,
  LAYOUT,
  LENGTH_MASK,
  SNAPSHOT,
  stringOffset,
  USED_SEC,
} from "./block-layout.ts";
import { Slab, wordAt } from "./slab.ts";

const HIGH = 2 ** 32;

export class KeyBlocks {
  protected readonly slab: Slab = new Slab();

  /** It holds a string, in its block. */
  isShortString(address: number): boolean {
    return kindOf(this.slab.wordsOf(address)[wordAt(address) + LAYOUT] as number) === INSIDE;
  }

  /** Writes the string that the block at `address` holds. */
  writeString(address: number, into: BulkWriter): void {
    const words = this.slab.wordsOf(address);
    const at = wordAt(address);
    const layout = words[at + LAYOUT] as number;
    into.addWords(words, at + stringOffset(layout) / 4, layout & LENGTH_MASK);
  }

  /** As `writeString`, of the key, unless it is too long for a block. */
  writeKey(address: number, into: BulkWriter): void {
    const words = this.slab.wordsOf(address);
    const at = wordAt(address);
    const layout = words[at + LAYOUT] as number;
    into.addWords(words, at + keyOffset(layout) / 4, keyLengthOf(layout));
  }

  /** When a command last looked at it, in seconds. */
  usedSec(address: number): number {
    return (this.slab.wordsOf(address)[wordAt(address) + USED_SEC] as number) >>> 0;
  }

  /** How often it is used, while that is counted, 0 to 255. */
  frequency(address: number): number {
    return (this.slab.wordsOf(address)[wordAt(address) + LAYOUT] as number) >>> FREQUENCY_SHIFT;
  }

  /** Offset of the record that last changed it. */
  changedAt(address: number): Offset {
    const words = this.slab.wordsOf(address);
    const at = wordAt(address);
    const low = (words[at + CHANGED_LOW] as number) >>> 0;
    return ((words[at + CHANGED_HIGH] as number) * HIGH + low) as Offset;
  }

  setChangedAt(address: number, offset: Offset): void {
    const words = this.slab.wordsOf(address);
    const at = wordAt(address);
    words[at + CHANGED_LOW] = offset | 0;
    words[at + CHANGED_HIGH] = offset / HIGH;
  }

  setUsed(address: number, nowSec: number): void {
    this.slab.wordsOf(address)[wordAt(address) + USED_SEC] = nowSec;
  }

  setFrequency(address: number, frequency: number): void {
    const words = this.slab.wordsOf(address);
    const at = wordAt(address) + LAYOUT;
    words[at] = ((words[at] as number) & BELOW_FREQUENCY) | (frequency << FREQUENCY_SHIFT);
  }

  /** What `setForm` was told last, 0 to 3; 0 for a new key. */
  form(address: number): number {
    return ((this.slab.wordsOf(address)[wordAt(address) + LAYOUT] as number) >>> FORM_SHIFT) & FORM_MASK;
  }

  /** @param form what is to be known of the string beside its bytes; another one that takes its place may keep it. */
  setForm(address: number, form: number): void {
    const words = this.slab.wordsOf(address);
    const at = wordAt(address) + LAYOUT;
    words[at] = ((words[at] as number) & ~(FORM_MASK << FORM_SHIFT)) | (form << FORM_SHIFT);
  }

  /** Number of the snapshot that needs no more of it: it was written there, or it came to be later. */
  snapshotMark(address: number): number {
    return this.slab.wordsOf(address)[wordAt(address) + SNAPSHOT] as number;
  }

  setSnapshotMark(address: number, mark: number): void {
    this.slab.wordsOf(address)[wordAt(address) + SNAPSHOT] = mark;
  }
}
