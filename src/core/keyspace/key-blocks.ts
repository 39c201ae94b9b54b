/**
 * The blocks of a `KeyTable` by their addresses: what is known of a key beside its value and its expiry, and short strings, which are in the
 * block itself. It finds no key, and makes and frees no block.
 */
import { integerBytes, readInteger, writeInteger } from "../../base/decimal.ts";
import type { Offset } from "../../base/ids.ts";
import { writeLatin1 } from "../../base/latin1.ts";
import { copyWords } from "../../base/words.ts";
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
  unitsOf,
} from "./block-layout.ts";
import { byteAt, Slab, wordAt } from "./slab.ts";

const HIGH = 2 ** 32;
/** So many bytes are copied faster by a call out of V8. */
const CALL_FROM_BYTES = 256;

export class KeyBlocks {
  protected readonly slab: Slab = new Slab();

  /** It holds a string, in its block. */
  isShortString(address: number): boolean {
    return kindOf(this.slab.wordsOf(address)[wordAt(address) + LAYOUT] as number) === INSIDE;
  }

  /** The integer that the string in the block at `address` spells; `undefined` for what is none, or has more than 15 digits. */
  integerAt(address: number): number | undefined {
    const layout = this.slab.wordsOf(address)[wordAt(address) + LAYOUT] as number;
    const from = byteAt(address) + stringOffset(layout);
    return readInteger(this.slab.bytesOf(address), from, from + (layout & LENGTH_MASK));
  }

  /** Puts `text` in the place of a string that takes as much room. @returns false when it does not fit there; then nothing is changed. */
  replaceString(address: number, text: string): boolean {
    if (!this.#setLength(address, text.length)) return false;
    this.fillWithText(address, text);
    return true;
  }

  /** As `replaceString`, of the string in `bytes` from `start` to `end`. */
  replaceBytes(address: number, bytes: Buffer, start: number, end: number): boolean {
    if (!this.#setLength(address, end - start)) return false;
    this.fillWithBytes(address, bytes, start, end);
    return true;
  }

  /** As `replaceString`, of a safe integer's spelling. */
  replaceInteger(address: number, value: number): boolean {
    if (!this.#setLength(address, integerBytes(value))) return false;
    this.fillWithInteger(address, value);
    return true;
  }

  /** Writes the string of a block that is as long. */
  protected fillWithText(address: number, text: string): void {
    writeLatin1(this.slab.bytesOf(address), text, this.#stringAt(address));
  }

  protected fillWithBytes(address: number, bytes: Buffer, start: number, end: number): void {
    const to = this.#stringAt(address);
    if (end - start < CALL_FROM_BYTES) copyWords(bytes, start, end, this.slab.wordsOf(address), to / 4);
    else bytes.copy(this.slab.bytesOf(address), to, start, end);
  }

  protected fillWithInteger(address: number, value: number): void {
    writeInteger(this.slab.bytesOf(address), value, this.#stringAt(address) + integerBytes(value));
  }

  /** A string of another length takes the place of the one in the block. @returns false when it does not fit there; then nothing is changed. */
  #setLength(address: number, length: number): boolean {
    const words = this.slab.wordsOf(address);
    const at = wordAt(address) + LAYOUT;
    const before = words[at] as number;
    if (kindOf(before) !== INSIDE || length > LENGTH_MASK) return false;
    const layout = (before & ~LENGTH_MASK) | length;
    if (unitsOf(layout) !== unitsOf(before)) return false;
    words[at] = layout;
    return true;
  }

  /** Where its string begins in the bytes of its page. */
  #stringAt(address: number): number {
    const layout = this.slab.wordsOf(address)[wordAt(address) + LAYOUT] as number;
    return byteAt(address) + stringOffset(layout);
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
