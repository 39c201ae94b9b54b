/**
 * A bounded run of a list's elements, linked to its neighbours. It decides how they are kept: as an array while it is
 * worked on, packed into one buffer when it has become an inner part of the list. It knows no list.
 */
import type { Latin1Buffer } from "../../base/latin1.ts";
import { encodingLimits } from "./encoding-limits.ts";

/** Length from which V8 makes `slice` a view of the text that it was taken from. */
const COPIED_BELOW = 13;

/** A length below this takes one byte, any other one four bytes behind this mark. */
const LONG_LENGTH = 255;
const LONG_LENGTH_BYTES = 5;

export class ListNode {
  previous: ListNode | undefined;
  next: ListNode | undefined;
  /** Number of elements. */
  count: number;
  /** Length of all elements together. */
  bytes: number;
  #kept: string[] | Latin1Buffer;

  private constructor(kept: string[] | Latin1Buffer, count: number, bytes: number) {
    this.#kept = kept;
    this.count = count;
    this.bytes = bytes;
  }

  static of(elements: string[]): ListNode {
    return new ListNode(elements, elements.length, lengthOf(elements));
  }

  /** A copy without neighbours; a packed buffer never changes, so both may keep it. */
  clone(): ListNode {
    const kept = Array.isArray(this.#kept) ? [...this.#kept] : this.#kept;
    return new ListNode(kept, this.count, this.bytes);
  }

  /** Whether one more element finds room. */
  accepts(element: string): boolean {
    return (
      this.count < encodingLimits.listNodeElementsMax &&
      this.bytes + element.length <= encodingLimits.listNodeBytesMax
    );
  }

  /** Whether the element finds room in the place of the one at `index`. */
  acceptsInstead(index: number, element: string): boolean {
    return (
      this.bytes - lengthOf(this.slice(index, index + 1)) + element.length <= encodingLimits.listNodeBytesMax
    );
  }

  /** Whether it may take in all of `other`, and still has room for as much again. */
  mayAbsorb(other: ListNode): boolean {
    return (
      (this.count + other.count) * 2 <= encodingLimits.listNodeElementsMax &&
      (this.bytes + other.bytes) * 2 <= encodingLimits.listNodeBytesMax
    );
  }

  /** All elements, to be looked at only. */
  elements(): readonly string[] {
    return Array.isArray(this.#kept) ? this.#kept : unpack(this.#kept, 0, this.count);
  }

  /** The elements from `from` up to, not including, `to`, to be looked at only. */
  slice(from: number, to: number): readonly string[] {
    if (Array.isArray(this.#kept)) return this.#kept.slice(from, to);
    return unpack(this.#kept, from, to);
  }

  /** As `slice`, for elements that nobody keeps: each may hold on to the text of the whole node. */
  view(from: number, to: number): readonly string[] {
    if (Array.isArray(this.#kept)) return this.#kept.slice(from, to);
    return unpack(this.#kept, from, to, Number.POSITIVE_INFINITY);
  }

  push(element: string): void {
    this.#loosen().push(element);
    this.count += 1;
    this.bytes += element.length;
  }

  unshift(element: string): void {
    this.#loosen().unshift(element);
    this.count += 1;
    this.bytes += element.length;
  }

  pop(): string {
    const element = this.#loosen().pop() as string;
    this.count -= 1;
    this.bytes -= element.length;
    return element;
  }

  shift(): string {
    const element = this.#loosen().shift() as string;
    this.count -= 1;
    this.bytes -= element.length;
    return element;
  }

  /** Takes `remove` elements out at `index` and puts `added` in their place. */
  splice(index: number, remove: number, ...added: string[]): void {
    const removed = this.slice(index, index + remove);
    if (Array.isArray(this.#kept)) this.#kept.splice(index, remove, ...added);
    else this.#kept = packedSplice(this.#kept, index, removed.length, added);
    this.count += added.length - removed.length;
    this.bytes += lengthOf(added) - lengthOf(removed);
  }

  replaceAll(elements: string[]): void {
    this.#kept = elements;
    this.count = elements.length;
    this.bytes = lengthOf(elements);
  }

  /** It is to be worked on no more for a while. One oversized element stays as it is. */
  pack(): void {
    if (Array.isArray(this.#kept) && this.bytes <= encodingLimits.listNodeBytesMax)
      this.#kept = pack(this.#kept);
  }

  #loosen(): string[] {
    if (!Array.isArray(this.#kept)) this.#kept = unpack(this.#kept, 0, this.count);
    return this.#kept;
  }
}

function lengthOf(elements: readonly string[]): number {
  let bytes = 0;
  for (const element of elements) bytes += element.length;
  return bytes;
}

function pack(elements: readonly string[]): Latin1Buffer {
  // Not from Node's pool: a small list would keep a pool of 8 KB alive.
  const packed = Buffer.allocUnsafeSlow(packedLength(elements)) as Latin1Buffer;
  write(packed, 0, elements);
  return packed;
}

function packedLength(elements: readonly string[]): number {
  let bytes = 0;
  for (const { length } of elements) bytes += length + (length < LONG_LENGTH ? 1 : LONG_LENGTH_BYTES);
  return bytes;
}

/** @returns where the written elements end. */
function write(packed: Latin1Buffer, start: number, elements: readonly string[]): number {
  let at = start;
  for (const element of elements) {
    at = packed.writeUInt8(Math.min(element.length, LONG_LENGTH), at);
    if (element.length >= LONG_LENGTH) at = packed.writeUInt32LE(element.length, at);
    at += packed.latin1Write(element, at);
  }
  return at;
}

/** A new buffer: a copy of the list may keep the old one. */
function packedSplice(packed: Latin1Buffer, index: number, remove: number, added: string[]): Latin1Buffer {
  const start = skip(packed, 0, index);
  const end = skip(packed, start, remove);
  const bytes = packed.length - (end - start) + packedLength(added);
  const result = Buffer.allocUnsafeSlow(bytes) as Latin1Buffer;
  packed.copy(result, 0, 0, start);
  packed.copy(result, write(result, start, added), end);
  return result;
}

/** @param cutBelow a longer element is read on its own rather than cut from the text of all. */
function unpack(packed: Latin1Buffer, from: number, to: number, cutBelow: number = COPIED_BELOW): string[] {
  const elements = new Array<string>(to - from);
  const textStart = skip(packed, 0, from);
  const text = packed.latin1Slice(textStart, skip(packed, textStart, to - from));
  let at = textStart;
  for (let index = 0; index < elements.length; index += 1) {
    const start = at + headerBytes(packed, at);
    at = endOf(packed, at);
    // V8 copies short pieces of a text; a long one would keep all of the text alive.
    elements[index] =
      at - start < cutBelow ? text.slice(start - textStart, at - textStart) : packed.latin1Slice(start, at);
  }
  return elements;
}

/** Where the element `count` behind the one at `at` begins. */
function skip(packed: Latin1Buffer, at: number, count: number): number {
  let next = at;
  for (let passed = 0; passed < count; passed += 1) next = endOf(packed, next);
  return next;
}

function headerBytes(packed: Latin1Buffer, at: number): number {
  return packed[at] === LONG_LENGTH ? LONG_LENGTH_BYTES : 1;
}

/** Where the element that begins at `at` ends. */
function endOf(packed: Latin1Buffer, at: number): number {
  const short = packed[at] as number;
  return short === LONG_LENGTH ? at + LONG_LENGTH_BYTES + packed.readUInt32LE(at + 1) : at + 1 + short;
}
