/**
 * A bounded run of a list's elements, linked to its neighbours. It decides how they are kept: packed into one text as long as
 * that is short, else in a buffer. It knows no list.
 */
import { flat, ownText } from "../../base/flat-text.ts";
import type { Latin1Buffer } from "../../base/latin1.ts";
import { bulk } from "../../protocol/resp/reply.ts";
import { BulkRun } from "./bulk-run.ts";
import { encodingLimits } from "./encoding-limits.ts";
import { endOf, prefixed, textAt } from "./length-prefixed.ts";

/** A text up to here is copied for each change, in less time than the rest of a command takes. */
const SHORT_BYTES_MAX = 2048;

export class ListNode {
  previous: ListNode | undefined;
  next: ListNode | undefined;
  /** Number of elements. */
  count: number;
  /** Length of all elements together. */
  bytes: number;
  #kept: BulkRun | string;
  /** Of a text: the length of what V8 keeps for it. */
  #held: number;

  private constructor(kept: BulkRun | string, count: number, bytes: number) {
    this.#kept = kept;
    this.#held = typeof kept === "string" ? kept.length : 0;
    this.count = count;
    this.bytes = bytes;
  }

  /** One that is going to be worked on, beside others. */
  static of(elements: readonly string[]): ListNode {
    return new ListNode(new BulkRun(elements), elements.length, lengthOf(elements));
  }

  /** A new end, beside the one that was full: in a long list it is going to take as much. */
  static beside(full: ListNode, element: string): ListNode {
    const kept = full.#kept;
    const isLong = !full.#isAlone && full.count > 1;
    const bytes = isLong && typeof kept !== "string" ? kept.length : 0;
    return new ListNode(new BulkRun([element], bytes), 1, element.length);
  }

  /** The only one of its list. */
  static alone(element: string): ListNode {
    if (!mayBeShort(element.length, 1)) return ListNode.of([element]);
    return new ListNode(flat(prefixed(element)), 1, element.length);
  }

  /** A copy without neighbours. */
  clone(): ListNode {
    const kept = this.#kept;
    return new ListNode(typeof kept === "string" ? kept : kept.clone(), this.count, this.bytes);
  }

  /** Whether one more element, of so many bytes, finds room. */
  accepts(bytes: number): boolean {
    return (
      this.count < encodingLimits.listNodeElementsMax && this.bytes + bytes <= encodingLimits.listNodeBytesMax
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

  /** The elements from `from` up to, not including, `to`. */
  slice(from: number, to: number): readonly string[] {
    const kept = this.#kept;
    return typeof kept === "string" ? viewsOf(kept, from, to).map(ownText) : kept.texts(from, to);
  }

  /** As `slice`, for elements that nobody keeps: each may hold on to the text of the whole node. */
  view(from: number, to: number): readonly string[] {
    const kept = this.#kept;
    return typeof kept === "string" ? viewsOf(kept, from, to) : kept.views(from, to);
  }

  /** The elements from `from` up to, not including, `to`, each encoded as a bulk string. */
  encoded(from: number, to: number): string {
    const kept = this.#kept;
    if (typeof kept === "string") return viewsOf(kept, from, to).map(bulk).join("");
    return kept.encoded(from, to, to === this.count);
  }

  push(element: string): void {
    const kept = this.#kept;
    this.count += 1;
    this.bytes += element.length;
    if (typeof kept !== "string") kept.push(element);
    else if (mayBeShort(this.bytes, this.count)) this.#hold(flat(kept + prefixed(element)));
    else this.#loosen(kept).push(element);
  }

  unshift(element: string): void {
    const kept = this.#kept;
    this.count += 1;
    this.bytes += element.length;
    if (typeof kept !== "string") kept.unshift(element);
    else if (mayBeShort(this.bytes, this.count)) this.#hold(flat(prefixed(element) + kept));
    else this.#loosen(kept).unshift(element);
  }

  /** As `push`, of the element in `bytes` from `start` to `end`, where it lies as a bulk string. */
  pushBytes(bytes: Latin1Buffer, start: number, end: number): void {
    const kept = this.#kept;
    if (typeof kept === "string") {
      this.push(bytes.latin1Slice(start, end));
      return;
    }
    this.count += 1;
    this.bytes += end - start;
    kept.pushBytes(bytes, start, end);
  }

  unshiftBytes(bytes: Latin1Buffer, start: number, end: number): void {
    const kept = this.#kept;
    if (typeof kept === "string") {
      this.unshift(bytes.latin1Slice(start, end));
      return;
    }
    this.count += 1;
    this.bytes += end - start;
    kept.unshiftBytes(bytes, start, end);
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
    const kept = this.#kept;
    if (typeof kept === "string" && mayBeShort(this.bytes, this.count)) {
      const start = placeOf(kept, 0, index);
      const end = placeOf(kept, start, removed.length);
      this.#hold(ownText(kept.slice(0, start) + packed(added) + kept.slice(end)));
    } else {
      const run = typeof kept === "string" ? this.#loosen(kept) : kept;
      run.splice(index, removed.length, added);
    }
    this.#settle();
  }

  replaceAll(elements: readonly string[]): void {
    this.#kept = new BulkRun(elements);
    this.count = elements.length;
    this.bytes = lengthOf(elements);
    this.#settle();
  }

  /** It is to be worked on no more for a while. */
  fit(): void {
    if (typeof this.#kept !== "string") this.#kept.fit();
  }

  /** Takes one of both ends off. */
  #take(index: number): string {
    const kept = this.#kept;
    let element: string;
    if (typeof kept === "string") {
      const at = placeOf(kept, 0, index);
      element = ownText(textAt(kept, at));
      this.#keepRest(index === 0 ? kept.slice(endOf(kept, at)) : kept.slice(0, at));
    } else {
      element = index === 0 ? kept.shift() : kept.pop();
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

  /** Few enough are packed: by half, so that it does not come and go. */
  #settle(): void {
    if (typeof this.#kept === "string" || !this.#isAlone) return;
    if (mayBeShort(this.bytes * 2, this.count * 2)) this.#hold(packed(this.view(0, this.count)));
  }

  /** An end of a longer list is worked on too much to be copied each time, and is little beside the rest. */
  get #isAlone(): boolean {
    return this.previous === undefined && this.next === undefined;
  }

  #loosen(text: string): BulkRun {
    const run = new BulkRun(viewsOf(text, 0, Number.POSITIVE_INFINITY));
    this.#kept = run;
    return run;
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

/** The elements from `from` up to, not including, `to` or the last one: views of the text. */
function viewsOf(text: string, from: number, to: number): string[] {
  const elements: string[] = [];
  let at = placeOf(text, 0, from);
  for (let index = from; index < to && at < text.length; index += 1) {
    elements.push(textAt(text, at));
    at = endOf(text, at);
  }
  return elements;
}

/** Where the element `count` behind the one at `at` begins. */
function placeOf(text: string, at: number, count: number): number {
  let place = at;
  for (let left = count; left > 0; left -= 1) place = endOf(text, place);
  return place;
}
