/**
 * Elements behind each other in a buffer outside of V8's heap, each as the bulk string that a reply shows it as: a range of them
 * goes into a reply as it lies. It is cheap to change at both ends. How many there are is its owner's to know.
 */
import { type Latin1Buffer, writeLatin1 } from "../../base/latin1.ts";
import { copyBytes } from "../../base/words.ts";
import { bulkHeader } from "../../protocol/resp/reply.ts";

const CR = 0x0d;
const LF = 0x0a;
const ZERO = 0x30;
const LINE_END_BYTES = 2;
/** What a node of Redis's default size takes when it is full; beyond, room is made in small steps. */
const FULL_BYTES = 9 * 1024;
const STEP = 1 / 8;
/** An end that was worked on may be left with so much of its buffer empty: to copy what is there would gain little. */
const EMPTY_PART_MAX = 1 / 8;

/** Not from Node's pool, which one small run would keep alive. */
function buffer(bytes: number): Latin1Buffer {
  return Buffer.allocUnsafeSlow(bytes) as Latin1Buffer;
}

export class BulkRun {
  #bytes: Latin1Buffer;
  #from = 0;
  #to: number;
  /** Where each element begins; known only while elements are taken off the last end. */
  #starts: number[] | null = null;
  /** Of `#bytes`, while elements are put in from other buffers. */
  #view: DataView | null = null;
  /** The buffer is a clone's too: it is copied before it changes. */
  #isShared = false;

  /** @param bytes that it is going to take, if that is more than the elements do. */
  constructor(elements: readonly string[], bytes = 0) {
    this.#bytes = buffer(Math.max(bulkBytesOf(elements), bytes));
    this.#to = this.#write(elements, 0);
  }

  /** What its elements take here. */
  get length(): number {
    return this.#to - this.#from;
  }

  /** One that holds the same, and changes on its own. */
  clone(): BulkRun {
    const copy = new BulkRun([]);
    copy.#bytes = this.#bytes;
    copy.#from = this.#from;
    copy.#to = this.#to;
    copy.#isShared = true;
    this.#isShared = true;
    return copy;
  }

  push(element: string): void {
    this.#reserve(bulkBytes(element), false);
    this.#starts?.push(this.#to);
    this.#to = this.#writeOne(element, this.#to);
  }

  unshift(element: string): void {
    const bytes = bulkBytes(element);
    this.#reserve(bytes, true);
    this.#from -= bytes;
    this.#starts?.unshift(this.#from);
    this.#writeOne(element, this.#from);
  }

  /** As `push`, of the element in `bytes` from `start` to `end`, where it lies as a bulk string. */
  pushBytes(bytes: Buffer, start: number, end: number): void {
    const from = start - headBytes(end - start);
    const to = end + LINE_END_BYTES;
    this.#reserve(to - from, false);
    this.#starts?.push(this.#to);
    copyBytes(bytes, from, to, this.#bytes, this.#into, this.#to);
    this.#to += to - from;
  }

  unshiftBytes(bytes: Buffer, start: number, end: number): void {
    const from = start - headBytes(end - start);
    const to = end + LINE_END_BYTES;
    this.#reserve(to - from, true);
    this.#from -= to - from;
    this.#starts?.unshift(this.#from);
    copyBytes(bytes, from, to, this.#bytes, this.#into, this.#from);
  }

  /** Takes the first element off; there is one. */
  shift(): string {
    const start = this.#from;
    this.#from = endOf(this.#bytes, start);
    this.#starts?.shift();
    return this.#text(start, this.#from);
  }

  /** Takes the last element off; there is one. */
  pop(): string {
    this.#starts ??= this.#allStarts();
    const end = this.#to;
    this.#to = this.#starts.pop() as number;
    return this.#text(this.#to, end);
  }

  /** Takes `remove` elements out at `index` and puts `added` in their place. */
  splice(index: number, remove: number, added: readonly string[]): void {
    const start = this.#place(this.#from, index);
    const end = this.#place(start, remove);
    const bytes = this.#bytes;
    const from = this.#from;
    const to = this.#to;
    this.#bytes = buffer(start - from + bulkBytesOf(added) + to - end);
    this.#isShared = false;
    this.#starts = null;
    this.#view = null;
    bytes.copy(this.#bytes, 0, from, start);
    const behind = this.#write(added, start - from);
    bytes.copy(this.#bytes, behind, end, to);
    this.#from = 0;
    this.#to = this.#bytes.length;
  }

  /** The elements from `from` up to, not including, `to`, each a text of its own. */
  texts(from: number, to: number): string[] {
    const texts: string[] = [];
    let start = this.#place(this.#from, from);
    for (let left = to - from; left > 0; left -= 1) {
      const end = endOf(this.#bytes, start);
      texts.push(this.#text(start, end));
      start = end;
    }
    return texts;
  }

  /** As `texts`, to be looked at only: each may hold on to the text of all of them. */
  views(from: number, to: number): string[] {
    const bytes = this.#bytes;
    const first = this.#place(this.#from, from);
    const all = bytes.latin1Slice(first, this.#place(first, to - from));
    const views: string[] = [];
    let start = first;
    for (let left = to - from; left > 0; left -= 1) {
      const end = endOf(bytes, start);
      views.push(all.slice(contentOf(bytes, start) - first, end - LINE_END_BYTES - first));
      start = end;
    }
    return views;
  }

  /** The elements from `from` up to, not including, `to`, encoded. @param isRest whether `to` is behind the last one. */
  encoded(from: number, to: number, isRest: boolean): string {
    const start = this.#place(this.#from, from);
    return this.#bytes.latin1Slice(start, isRest ? this.#to : this.#place(start, to - from));
  }

  /** It is to be worked on no more for a while: gives back what it has in advance. */
  fit(): void {
    this.#starts = null;
    this.#view = null;
    const { length } = this.#bytes;
    const used = this.#to - this.#from;
    if (length - used <= length * EMPTY_PART_MAX) return;
    this.#moveTo(buffer(used), 0);
  }

  get #into(): DataView {
    const bytes = this.#bytes;
    this.#view ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return this.#view;
  }

  /** Makes room for so many bytes at one end, and makes the buffer this run's own. */
  #reserve(bytes: number, atFront: boolean): void {
    const capacity = this.#bytes.length;
    const room = atFront ? this.#from : capacity - this.#to;
    if (room >= bytes && !this.#isShared) return;
    const wanted = this.#to - this.#from + bytes;
    // Who takes at one end what was put in at the other needs no more room, only that of the other side.
    const isEnough = wanted * 4 <= capacity * 3;
    const size = isEnough
      ? capacity
      : Math.ceil(wanted + Math.max(wanted * STEP, Math.min(wanted, FULL_BYTES - wanted)));
    const target = isEnough && !this.#isShared ? this.#bytes : buffer(size);
    this.#moveTo(target, atFront ? size - wanted + bytes : 0);
  }

  /** @param target its own buffer, or another one. */
  #moveTo(target: Latin1Buffer, at: number): void {
    this.#bytes.copy(target, at, this.#from, this.#to);
    const onward = at - this.#from;
    if (target !== this.#bytes) this.#view = null;
    this.#bytes = target;
    this.#from += onward;
    this.#to += onward;
    this.#isShared = false;
    if (this.#starts !== null && onward !== 0) this.#starts = this.#starts.map((start) => start + onward);
  }

  /** @returns where the last one ends. */
  #write(elements: readonly string[], at: number): number {
    let end = at;
    for (const element of elements) end = this.#writeOne(element, end);
    return end;
  }

  #writeOne(element: string, at: number): number {
    const bytes = this.#bytes;
    const header = bulkHeader(element.length);
    writeLatin1(bytes, header, at);
    const start = at + header.length;
    writeLatin1(bytes, element, start);
    const end = start + element.length;
    bytes[end] = CR;
    bytes[end + 1] = LF;
    return end + LINE_END_BYTES;
  }

  #text(start: number, end: number): string {
    return this.#bytes.latin1Slice(contentOf(this.#bytes, start), end - LINE_END_BYTES);
  }

  /** Where the element `count` behind the one at `start` begins. */
  #place(start: number, count: number): number {
    let place = start;
    for (let left = count; left > 0; left -= 1) place = endOf(this.#bytes, place);
    return place;
  }

  #allStarts(): number[] {
    const starts: number[] = [];
    for (let start = this.#from; start < this.#to; start = endOf(this.#bytes, start)) starts.push(start);
    return starts;
  }
}

function bulkBytes({ length }: string): number {
  return headBytes(length) + length + LINE_END_BYTES;
}

/** Of a bulk string, what is before its content. */
function headBytes(length: number): number {
  return bulkHeader(length).length;
}

function bulkBytesOf(elements: readonly string[]): number {
  let bytes = 0;
  for (const element of elements) bytes += bulkBytes(element);
  return bytes;
}

/** Where the bulk string at `start` ends. */
function endOf(bytes: Buffer, start: number): number {
  let length = 0;
  let at = start + 1;
  for (let byte = bytes[at] as number; byte !== CR; byte = bytes[at] as number) {
    length = length * 10 + byte - ZERO;
    at += 1;
  }
  return at + LINE_END_BYTES + length + LINE_END_BYTES;
}

/** Where the content of the bulk string at `start` begins. */
function contentOf(bytes: Buffer, start: number): number {
  let at = start + 1;
  while (bytes[at] !== CR) at += 1;
  return at + LINE_END_BYTES;
}
