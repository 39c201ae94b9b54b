/**
 * A bounded run of a list's elements, linked to its neighbours. It decides how they are kept: as an array while it is
 * worked on, packed into one buffer when it has become an inner part of the list. It knows no list.
 */

/** Few enough that shifting them costs next to nothing, enough that skipping nodes is fast. */
const NODE_ELEMENTS_MAX = 512;
/** As Redis's list-max-listpack-size -2. A longer element has a node of its own. */
const NODE_BYTES_MAX = 8 * 1024;

/** `latin1Slice` and `latin1Write` are public in practice but missing from the types. */
type Latin1Buffer = Buffer & {
  latin1Slice(start: number, end: number): string;
  latin1Write(text: string, offset: number): number;
};

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
    return this.count < NODE_ELEMENTS_MAX && this.bytes + element.length <= NODE_BYTES_MAX;
  }

  /** Whether it may take in all of `other`, and still has room for as much again. */
  mayAbsorb(other: ListNode): boolean {
    return (
      (this.count + other.count) * 2 <= NODE_ELEMENTS_MAX && (this.bytes + other.bytes) * 2 <= NODE_BYTES_MAX
    );
  }

  /** The elements to look at; whoever changes them uses `loosen`. */
  elements(): readonly string[] {
    return Array.isArray(this.#kept) ? this.#kept : unpack(this.#kept, this.count);
  }

  at(index: number): string {
    if (Array.isArray(this.#kept)) return this.#kept[index] as string;
    return packedAt(this.#kept, index);
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
  splice(index: number, remove: number, ...added: string[]): string[] {
    const removed = this.#loosen().splice(index, remove, ...added);
    this.count += added.length - removed.length;
    this.bytes += lengthOf(added) - lengthOf(removed);
    return removed;
  }

  replaceAll(elements: string[]): void {
    this.#kept = elements;
    this.count = elements.length;
    this.bytes = lengthOf(elements);
  }

  /** It is to be worked on no more for a while. One oversized element stays as it is. */
  pack(): void {
    if (Array.isArray(this.#kept) && this.bytes <= NODE_BYTES_MAX) this.#kept = pack(this.#kept, this.bytes);
  }

  #loosen(): string[] {
    if (!Array.isArray(this.#kept)) this.#kept = unpack(this.#kept, this.count);
    return this.#kept;
  }
}

function lengthOf(elements: readonly string[]): number {
  let bytes = 0;
  for (const element of elements) bytes += element.length;
  return bytes;
}

function pack(elements: readonly string[], bytes: number): Latin1Buffer {
  let headers = 0;
  for (const { length } of elements) headers += length < LONG_LENGTH ? 1 : LONG_LENGTH_BYTES;
  // Not from Node's pool: a small list would pin a pool of 8 KB.
  const packed = Buffer.allocUnsafeSlow(headers + bytes) as Latin1Buffer;
  let at = 0;
  for (const element of elements) {
    at = packed.writeUInt8(Math.min(element.length, LONG_LENGTH), at);
    if (element.length >= LONG_LENGTH) at = packed.writeUInt32LE(element.length, at);
    at += packed.latin1Write(element, at);
  }
  return packed;
}

function unpack(packed: Latin1Buffer, count: number): string[] {
  const elements = new Array<string>(count);
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    const start = at + headerBytes(packed, at);
    at = endOf(packed, at);
    elements[index] = packed.latin1Slice(start, at);
  }
  return elements;
}

function packedAt(packed: Latin1Buffer, index: number): string {
  let at = 0;
  for (let passed = 0; passed < index; passed += 1) at = endOf(packed, at);
  return packed.latin1Slice(at + headerBytes(packed, at), endOf(packed, at));
}

function headerBytes(packed: Latin1Buffer, at: number): number {
  return packed[at] === LONG_LENGTH ? LONG_LENGTH_BYTES : 1;
}

/** Where the element that begins at `at` ends. */
function endOf(packed: Latin1Buffer, at: number): number {
  const short = packed[at] as number;
  return short === LONG_LENGTH ? at + LONG_LENGTH_BYTES + packed.readUInt32LE(at + 1) : at + 1 + short;
}
