/**
 * A list: a chain of bounded nodes, cheap at both ends, and reached in the middle by skipping whole nodes from the
 * nearer end. It knows nothing of keys, expiry or clients.
 */
import { digestOfSequence } from "./digest.ts";
import { LIST_NODE_BYTES_MAX, LIST_NODE_ELEMENTS_MAX } from "./encoding-limits.ts";
import { ListNode, mayBeShort } from "./list-node.ts";
import { LIST_BYTES, LOOSE_ELEMENT_BYTES, PACKED_ELEMENT_BYTES } from "./memory-model.ts";
import { piecesOf } from "./rebuild-pieces.ts";
import type { Collection } from "./value.ts";

export type ListEnd = "first" | "last";

export interface ListPlace {
  readonly node: ListNode;
  readonly within: number;
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
    const packed = LIST_BYTES + this.#textLength + this.#size * PACKED_ELEMENT_BYTES;
    if (mayBeShort(this.#textLength, this.#size)) return packed;
    if (this.#size <= 2 * LIST_NODE_ELEMENTS_MAX && this.#textLength <= 2 * LIST_NODE_BYTES_MAX) {
      return packed + this.#size * LOOSE_ELEMENT_BYTES;
    }
    // The nodes at both ends are not packed.
    const perNode = Math.min(
      LIST_NODE_ELEMENTS_MAX,
      ((LIST_NODE_BYTES_MAX * this.#size) / (this.#textLength + 1)) | 0,
    );
    return packed + 2 * perNode * LOOSE_ELEMENT_BYTES;
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
    if (node === undefined || !node.accepts(element)) this.#pushNode(end, node, element);
    else if (end === "first") node.unshift(element);
    else node.push(element);
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
    if (start >= this.#size || count <= 0) return;
    let { node, within } = this.#locate(start);
    let left = count;
    for (;;) {
      const end = Math.min(node.count, within + left);
      yield node.view(within, end);
      left -= end - within;
      if (left === 0 || node.next === undefined) return;
      node = node.next;
      within = 0;
    }
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

  /** A node of its own for an element that the end's node has no room for. */
  #pushNode(end: ListEnd, full: ListNode | undefined, element: string): void {
    const added = full === undefined ? ListNode.alone(element) : ListNode.of([element]);
    if (end === "first") this.#link(added, undefined, full);
    else this.#link(added, full, undefined);
    // What was an end has become an inner part, unless it is the other end as well.
    if (full?.previous !== undefined && full.next !== undefined) full.pack();
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
    if (node.accepts(element)) {
      node.splice(at, 0, element);
    } else if (at === 0 && node.previous?.accepts(element)) {
      node.previous.push(element);
    } else if (at === node.count && node.next?.accepts(element)) {
      node.next.unshift(element);
    } else {
      const right = [...node.slice(at, node.count)];
      node.splice(at, right.length);
      if (right.length > 0) this.#link(ListNode.of(right), node, node.next);
      if (node.count === 0 || node.accepts(element)) node.push(element);
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
