/**
 * A list: a chain of bounded nodes, cheap at both ends, and reached in the middle by skipping whole nodes from the
 * nearer end. It knows nothing of keys, expiry or clients.
 */
import type { Latin1Buffer } from "../../base/latin1.ts";
import { digestOfSequence } from "./digest.ts";
import { LIST_NODE_BYTES_MAX, LIST_NODE_ELEMENTS_MAX } from "./encoding-limits.ts";
import { ListNode, mayBeShort } from "./list-node.ts";
import {
  BULK_ELEMENT_BYTES,
  LIST_BYTES,
  LIST_NODE_BYTES,
  LIST_ROOM_BYTES_MAX,
  PACKED_ELEMENT_BYTES,
} from "./memory-model.ts";
import { piecesOf } from "./rebuild-pieces.ts";
import type { Collection } from "./value.ts";

export type ListEnd = "first" | "last";

export interface ListPlace {
  readonly node: ListNode;
  readonly within: number;
}

interface ListPart {
  readonly node: ListNode;
  readonly from: number;
  readonly to: number;
}

export class ListValue implements Collection {
  readonly type = "list" as const;
  /** Redis 7.0 has no other encoding for lists. */
  readonly encoding = "quicklist" as const;
  accountedBytes = 0;
  #first: ListNode | undefined;
  #last: ListNode | undefined;
  #size = 0;
  /** Length of all elements together. */
  #textLength = 0;

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    const size = this.#size;
    const textLength = this.#textLength;
    if (mayBeShort(textLength, size)) return LIST_BYTES + textLength + size * PACKED_ELEMENT_BYTES;
    const meanLength = textLength / size;
    const digits = meanLength < 10 ? 1 : meanLength < 100 ? 2 : 3;
    const kept = textLength + size * (BULK_ELEMENT_BYTES + digits);
    const nodes = Math.ceil(Math.max(size / LIST_NODE_ELEMENTS_MAX, textLength / LIST_NODE_BYTES_MAX));
    return LIST_BYTES + kept + nodes * LIST_NODE_BYTES + Math.min(Math.floor(kept / 2), LIST_ROOM_BYTES_MAX);
  }

  /** For tests: how many pieces it is kept in. */
  get nodeCount(): number {
    let count = 0;
    for (let node = this.#first; node !== undefined; node = node.next) count += 1;
    return count;
  }

  push(end: ListEnd, element: string): void {
    this.#size += 1;
    this.#textLength += element.length;
    const node = end === "first" ? this.#first : this.#last;
    if (node === undefined || !node.accepts(element.length)) this.#pushNode(end, node, element);
    else if (end === "first") node.unshift(element);
    else node.push(element);
  }

  /** As `push`, of the element in `bytes` from `start` to `stop`, where it lies as a bulk string. */
  pushBytes(end: ListEnd, bytes: Latin1Buffer, start: number, stop: number): void {
    const node = end === "first" ? this.#first : this.#last;
    const length = stop - start;
    if (node === undefined || !node.accepts(length)) {
      this.push(end, bytes.latin1Slice(start, stop));
      return;
    }
    this.#size += 1;
    this.#textLength += length;
    if (end === "first") node.unshiftBytes(bytes, start, stop);
    else node.pushBytes(bytes, start, stop);
  }

  /** Takes the element at that end off; `undefined` when the list is empty. */
  pop(end: ListEnd): string | undefined {
    const node = end === "first" ? this.#first : this.#last;
    if (node === undefined) return undefined;
    const element = end === "first" ? node.shift() : node.pop();
    this.#size -= 1;
    this.#textLength -= element.length;
    if (node.count === 0) this.#unlink(node);
    return element;
  }

  /** @param index below `size`. */
  at(index: number): string {
    const { node, within } = this.#locate(index);
    return node.slice(within, within + 1)[0] as string;
  }

  /** @param index below `size`. */
  set(index: number, element: string): void {
    const { node, within } = this.#locate(index);
    this.#textLength += element.length - (node.view(within, within + 1)[0] as string).length;
    if (node.count === 1 || node.acceptsInstead(within, element)) {
      node.splice(within, 1, element);
    } else {
      node.splice(within, 1);
      this.#insertWithin(node, within, element);
    }
  }

  /** Where the first element that equals `element` is; good until the list changes. */
  find(element: string): ListPlace | undefined {
    for (let node = this.#first; node !== undefined; node = node.next) {
      const within = node.view(0, node.count).indexOf(element);
      if (within !== -1) return { node, within };
    }
    return undefined;
  }

  /** Puts `element` next to the one at `place`. */
  insert({ node, within }: ListPlace, element: string, after: boolean): void {
    this.#insertWithin(node, after ? within + 1 : within, element);
    this.#size += 1;
    this.#textLength += element.length;
  }

  /**
   * Removes elements that equal `element`.
   *
   * @param limit at most so many; none for all.
   * @returns how many.
   */
  remove(element: string, limit: number, from: ListEnd): number {
    let removed = 0;
    let node = from === "first" ? this.#first : this.#last;
    while (node !== undefined && removed < limit) {
      const further = from === "first" ? node.next : node.previous;
      removed += this.#removeWithin(node, element, limit - removed, from);
      node = further;
    }
    this.#size -= removed;
    this.#textLength -= removed * element.length;
    return removed;
  }

  /** Keeps `count` elements from `start` on and drops the rest. Both within the list. */
  trim(start: number, count: number): void {
    this.#drop("last", this.#size - start - count);
    this.#drop("first", start);
  }

  /**
   * The elements from `start` on, at most `count`, in runs as they are kept, to be looked at and not to be
   * kept. The list must not change meanwhile.
   */
  *runs(start: number, count: number): IterableIterator<readonly string[]> {
    for (const { node, from, to } of this.#parts(start, count)) yield node.view(from, to);
  }

  /** The elements that `runs` gives, encoded as bulk strings: as they are kept, in pieces. */
  *encodedRuns(start: number, count: number): IterableIterator<string> {
    for (const { node, from, to } of this.#parts(start, count)) yield node.encoded(from, to);
  }

  /** All elements from one end to the other. The list must not change meanwhile. */
  *elements(from: ListEnd = "first"): IterableIterator<string> {
    if (from === "first") {
      for (let node = this.#first; node !== undefined; node = node.next) yield* node.elements();
      return;
    }
    for (let node = this.#last; node !== undefined; node = node.previous) {
      const elements = node.elements();
      for (let at = elements.length - 1; at >= 0; at -= 1) yield elements[at] as string;
    }
  }

  clone(): ListValue {
    const copy = new ListValue();
    for (let node = this.#first; node !== undefined; node = node.next) {
      copy.#link(node.clone(), copy.#last, undefined);
    }
    copy.#size = this.#size;
    copy.#textLength = this.#textLength;
    return copy;
  }

  rebuild(key: string): IterableIterator<string> {
    const nodes: ListNode[] = [];
    for (let node = this.#first; node !== undefined; node = node.next) nodes.push(node.clone());
    return piecesOf("RPUSH", key, runsOf(nodes));
  }

  digest(): Buffer {
    return digestOfSequence(this.elements());
  }

  /** Which elements of which nodes make up a range. */
  *#parts(start: number, count: number): IterableIterator<ListPart> {
    if (start >= this.#size || count <= 0) return;
    let { node, within: from } = this.#locate(start);
    let left = count;
    for (;;) {
      const to = Math.min(node.count, from + left);
      yield { node, from, to };
      left -= to - from;
      if (left === 0 || node.next === undefined) return;
      node = node.next;
      from = 0;
    }
  }

  /** A node of its own for an element that the end's node has no room for. */
  #pushNode(end: ListEnd, full: ListNode | undefined, element: string): void {
    const added = full === undefined ? ListNode.alone(element) : ListNode.beside(full, element);
    if (end === "first") this.#link(added, undefined, full);
    else this.#link(added, full, undefined);
    // What was an end has become an inner part, unless it is the other end as well.
    if (full?.previous !== undefined && full.next !== undefined) full.fit();
  }

  /** The node that holds the element at `index`, and its place there. */
  #locate(index: number): ListPlace {
    if (index < this.#size / 2) {
      let within = index;
      let node = this.#first as ListNode;
      for (; within >= node.count; node = node.next as ListNode) within -= node.count;
      return { node, within };
    }
    let behind = this.#size - 1 - index;
    let node = this.#last as ListNode;
    for (; behind >= node.count; node = node.previous as ListNode) behind -= node.count;
    return { node, within: node.count - 1 - behind };
  }

  #insertWithin(node: ListNode, at: number, element: string): void {
    if (node.accepts(element.length)) {
      node.splice(at, 0, element);
    } else if (at === 0 && node.previous?.accepts(element.length)) {
      node.previous.push(element);
    } else if (at === node.count && node.next?.accepts(element.length)) {
      node.next.unshift(element);
    } else {
      const right = [...node.slice(at, node.count)];
      node.splice(at, right.length);
      if (right.length > 0) this.#link(ListNode.of(right), node, node.next);
      if (node.count === 0 || node.accepts(element.length)) node.push(element);
      else this.#link(ListNode.of([element]), node, node.next);
    }
  }

  #removeWithin(node: ListNode, element: string, limit: number, from: ListEnd): number {
    if (!node.view(0, node.count).includes(element)) return 0;
    const elements = node.elements();
    let matches = 0;
    for (const each of elements) if (each === element) matches += 1;
    const removed = Math.min(matches, limit);
    // From the last end on, the first matches stay.
    let spared = from === "first" ? 0 : matches - removed;
    let left = removed;
    const kept = elements.filter((each) => {
      if (each !== element || left === 0) return true;
      if (spared > 0) {
        spared -= 1;
        return true;
      }
      left -= 1;
      return false;
    });
    node.replaceAll(kept);
    this.#tidy(node);
    return removed;
  }

  #drop(end: ListEnd, count: number): void {
    this.#size -= count;
    let left = count;
    while (left > 0) {
      const node = (end === "first" ? this.#first : this.#last) as ListNode;
      if (node.count <= left) {
        left -= node.count;
        this.#textLength -= node.bytes;
        this.#unlink(node);
        continue;
      }
      this.#textLength -= node.bytes;
      node.splice(end === "first" ? 0 : node.count - left, left);
      this.#textLength += node.bytes;
      left = 0;
    }
  }

  /** Nodes that have lost elements leave the chain, or are joined with a neighbour, so that it stays short. */
  #tidy(node: ListNode): void {
    if (node.count === 0) {
      this.#unlink(node);
      return;
    }
    const { previous } = node;
    if (previous?.mayAbsorb(node)) {
      previous.splice(previous.count, 0, ...node.elements());
      this.#unlink(node);
    }
  }

  #link(node: ListNode, previous: ListNode | undefined, next: ListNode | undefined): void {
    node.previous = previous;
    node.next = next;
    if (previous === undefined) this.#first = node;
    else previous.next = node;
    if (next === undefined) this.#last = node;
    else next.previous = node;
  }

  #unlink({ previous, next }: ListNode): void {
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
  }
}

/** Each node is unpacked when its turn comes. */
function* runsOf(nodes: readonly ListNode[]): IterableIterator<readonly string[]> {
  for (const node of nodes) yield node.view(0, node.count);
}
