/**
 * A bounded run of a list's elements, linked to its neighbours. It decides how they are kept: packed into one text as long as
 * that is short and all of the list, or when it has become an inner part; as an array while any other is worked on. It knows
 * no list.
 */
import { COPIED_BELOW, flat, ownText } from "../../base/flat-text.ts";
import type { Latin1Buffer } from "../../base/latin1.ts";
import { encodingLimits } from "./encoding-limits.ts";
import { endOf, PREFIXED_LENGTH_MAX, prefixed, startOf, textAt } from "./length-prefixed.ts";

/** A text up to here is copied for each change, in less time than the rest of a command takes. */
const SHORT_BYTES_MAX = 2048;

export class ListNode {
  previous: ListNode | undefined;
  next: ListNode | undefined;
  /** Number of elements. */
  count: number;
  /** Length of all elements together. */
  bytes: number;
  #kept: string[] | string;
  /** Of a text: the length of what V8 keeps for it. */
  #held: number;

  private constructor(kept: string[] | string, count: number, bytes: number) {
    this.#kept = kept;
    this.#held = kept.length;
    this.count = count;
    this.bytes = bytes;
  }

  /** One that is going to be worked on, beside others. */
  static of(elements: string[]): ListNode {
    return new ListNode(elements, elements.length, lengthOf(elements));
  }

  /** The only one of its list. */
  static alone(element: string): ListNode {
    const node = ListNode.of([element]);
    node.#settle();
    return node;
  }

  /** A copy without neighbours. */
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
      this.bytes - lengthOf(this.view(index, index + 1)) + element.length <= encodingLimits.listNodeBytesMax
    );
  }

  /** Whether it may take in all of `other`, and still has room for as much again. */
  mayAbsorb(other: ListNode): boolean {
    return (
      (this.count + other.count) * 2 <= encodingLimits.listNodeElementsMax &&
      (this.bytes + other.bytes) * 2 <= encodingLimits.listNodeBytesMax
    );
  }

  /** All of them, as `slice` gives them. */
  elements(): readonly string[] {
    return this.slice(0, this.count);
  }

  /** The elements from `from` up to, not including, `to`; the array itself is to be looked at only. */
  slice(from: number, to: number): readonly string[] {
    const kept = this.#kept;
    return typeof kept === "string" ? unpacked(kept, from, to) : kept.slice(from, to);
  }

  /** As `slice`, for elements that nobody keeps: each may hold on to the text of the whole node. */
  view(from: number, to: number): readonly string[] {
    const kept = this.#kept;
    if (typeof kept !== "string") return kept.slice(from, to);
    const elements: string[] = [];
    let at = placeOf(kept, 0, from);
    for (let left = to - from; left > 0; left -= 1) {
      elements.push(textAt(kept, at));
      at = endOf(kept, at);
    }
    return elements;
  }

  push(element: string): void {
    const kept = this.#kept;
    this.count += 1;
    this.bytes += element.length;
    if (typeof kept !== "string") kept.push(element);
    else if (mayBeShort(this.bytes, this.count)) this.#hold(flat(kept + prefixed(element)));
    else this.#loosen().push(element);
  }

  unshift(element: string): void {
    const kept = this.#kept;
    this.count += 1;
    this.bytes += element.length;
    if (typeof kept !== "string") kept.unshift(element);
    else if (mayBeShort(this.bytes, this.count)) this.#hold(flat(prefixed(element) + kept));
    else this.#loosen().unshift(element);
  }

  pop(): string {
    return this.#take(this.count - 1);
  }

  shift(): string {
    return this.#take(0);
  }

  /** Takes `remove` elements out at `index` and puts `added` in their place. */
  splice(index: number, remove: number, ...added: string[]): void {
    const removed = this.view(index, Math.min(index + remove, this.count));
    this.count += added.length - removed.length;
    this.bytes += lengthOf(added) - lengthOf(removed);
    const kept = this.#mayBePacked() ? this.#kept : this.#loosen();
    if (typeof kept !== "string") kept.splice(index, remove, ...added);
    else {
      const start = placeOf(kept, 0, index);
      const end = placeOf(kept, start, removed.length);
      this.#hold(ownText(kept.slice(0, start) + packed(added) + kept.slice(end)));
    }
    this.#settle();
  }

  replaceAll(elements: string[]): void {
    this.#kept = elements;
    this.count = elements.length;
    this.bytes = lengthOf(elements);
    this.#settle();
  }

  /** It is to be worked on no more for a while. One oversized element stays as it is. */
  pack(): void {
    const kept = this.#kept;
    if (typeof kept !== "string" && this.#mayBePacked()) this.#hold(packed(kept));
  }

  /** Takes one of both ends off. */
  #take(index: number): string {
    let kept = this.#kept;
    if (typeof kept === "string" && !mayBeShort(this.bytes, this.count)) kept = this.#loosen();
    let element: string;
    if (typeof kept === "string") {
      const at = placeOf(kept, 0, index);
      element = ownText(textAt(kept, at));
      this.#keepRest(index === 0 ? kept.slice(endOf(kept, at)) : kept.slice(0, at));
    } else {
      element = (index === 0 ? kept.shift() : kept.pop()) as string;
    }
    this.count -= 1;
    this.bytes -= element.length;
    this.#settle();
    return element;
  }

  /** A rest is a view of the former text, for V8: it is copied when half of that is gone. */
  #keepRest(rest: string): void {
    if (rest.length * 2 < this.#held) this.#hold(ownText(rest));
    else this.#kept = rest;
  }

  #hold(text: string): void {
    this.#kept = text;
    this.#held = text.length;
  }

  /** Keeps the elements as it befits their number now. */
  #settle(): void {
    const kept = this.#kept;
    if (typeof kept === "string") {
      if (!this.#mayBePacked()) this.#loosen();
    } else if (this.#isAlone && mayBeShort(this.bytes * 2, this.count * 2)) {
      // By half, so that it does not come and go.
      this.#hold(packed(kept));
    }
  }

  /** An end of a longer list is worked on too much to be copied each time, and is little beside the rest. */
  get #isAlone(): boolean {
    return this.previous === undefined && this.next === undefined;
  }

  #mayBePacked(): boolean {
    return this.bytes <= encodingLimits.listNodeBytesMax && this.bytes <= PREFIXED_LENGTH_MAX;
  }

  #loosen(): string[] {
    if (typeof this.#kept === "string") this.#kept = unpacked(this.#kept, 0, Number.POSITIVE_INFINITY);
    return this.#kept;
  }
}

function lengthOf(elements: readonly string[]): number {
  let bytes = 0;
  for (const element of elements) bytes += element.length;
  return bytes;
}

/** Whether they may stay packed while they are worked on. @param bytes of all elements together. */
export function mayBeShort(bytes: number, count: number): boolean {
  return bytes + count * 2 <= SHORT_BYTES_MAX;
}

function packed(elements: readonly string[]): string {
  return elements.map(prefixed).join("");
}

/** The elements from `from` up to, not including, `to` or the last one. None of them holds on to the text. */
function unpacked(text: string, from: number, to: number): string[] {
  const elements: string[] = [];
  let bytes: Latin1Buffer | undefined;
  let at = placeOf(text, 0, from);
  for (let index = from; index < to && at < text.length; index += 1) {
    const end = endOf(text, at);
    const start = startOf(text, at);
    at = end;
    // V8 copies short pieces of a text; a long one would keep all of the text alive.
    if (end - start < COPIED_BELOW) elements.push(text.slice(start, end));
    else {
      bytes ??= Buffer.from(text, "latin1") as Latin1Buffer;
      elements.push(bytes.latin1Slice(start, end));
    }
  }
  return elements;
}

/** Where the element `count` behind the one at `at` begins. */
function placeOf(text: string, at: number, count: number): number {
  let place = at;
  for (let left = count; left > 0; left -= 1) place = endOf(text, place);
  return place;
}
