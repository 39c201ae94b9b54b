/**
 * A stream: entries in order of their IDs, kept in nodes that are found by ID, and its consumer groups. It decides where a
 * node ends and what a trim removes, both as Redis does; it knows nothing of keys, expiry or clients.
 */
import { encodeCommand } from "../../protocol/resp/command-encoder.ts";
import { digestOfSequence } from "./digest.ts";
import { type ExactInteger, int64, sum } from "./exact-integer.ts";
import { IdMap } from "./id-map.ts";
import { STREAM_BYTES } from "./memory-model.ts";
import { inOrder, type StreamGroup } from "./stream-group.ts";
import { compareIds, formatId, ID_MAX, ID_ZERO, type StreamId } from "./stream-id.ts";
import { type StreamEntry, StreamNode, type StreamNodeLimits } from "./stream-node.ts";
import { StreamSearch } from "./stream-search.ts";
import type { Collection } from "./value.ts";

/** What a trim is to leave. */
export interface StreamTrim {
  readonly keep:
    | { readonly kind: "length"; readonly length: number }
    | { readonly kind: "from"; readonly id: StreamId };
  /** Only whole nodes go. */
  readonly approximate: boolean;
  /** Most entries to remove; 0 for no limit. */
  readonly limit: number;
}

export class StreamValue implements Collection {
  readonly type = "stream" as const;
  readonly encoding = "stream" as const;
  /** By the ID of their first entry. */
  readonly #nodes = new IdMap<StreamNode>();
  #size = 0;
  #nodeBytes = 0;
  accountedBytes = 0;
  /** New entries come behind it. */
  lastId: StreamId = ID_ZERO;
  /** The greatest ID that XDEL has deleted. */
  maxDeletedId: StreamId = ID_ZERO;
  /** Number of entries that were ever added. */
  entriesAdded: ExactInteger = 0;
  /** Made with the first group. */
  #groups: Map<string, StreamGroup> | undefined;

  get size(): number {
    return this.#size;
  }

  /** Depends on where nodes end, too. */
  get bytes(): number {
    let bytes = STREAM_BYTES + this.#nodeBytes;
    for (const group of this.#groups?.values() ?? []) bytes += group.bytes;
    return bytes;
  }

  get nodeCount(): number {
    return this.#nodes.size;
  }

  /** 0-0 for an empty stream. */
  get firstEntryId(): StreamId {
    return this.#nodes.first()?.value.firstLive() ?? ID_ZERO;
  }

  /** 0-0 for an empty stream. */
  get lastEntryId(): StreamId {
    return this.#nodes.lastValue()?.lastLive ?? ID_ZERO;
  }

  /** @param id behind `lastId`. @param argv fields and values in turn, from `from` on. */
  append(id: StreamId, argv: readonly string[], from: number, limits: StreamNodeLimits): void {
    let bytes = 0;
    for (let at = from; at < argv.length; at += 1) bytes += (argv[at] as string).length;
    let node = this.#nodes.lastValue();
    if (node === undefined || !node.accepts(bytes, limits)) {
      node?.seal();
      node = StreamNode.for(id, argv, from, node);
      this.#nodes.set(id, node);
      this.#nodeBytes += node.bytes;
    }
    const before = node.bytes;
    node.add(id, argv, from);
    this.#nodeBytes += node.bytes - before;
    this.#size += 1;
    this.entriesAdded = int64(sum(this.entriesAdded, 1));
    this.lastId = id;
  }

  /** Entries from `start` to `end`, both included. The stream must not change meanwhile. */
  *range(start: StreamId, end: StreamId): IterableIterator<StreamEntry> {
    for (const { value: node } of this.#nodes.from(this.#nodes.floor(start)?.id ?? start)) {
      for (const entry of node.from(start)) {
        if (compareIds(entry.id, end) > 0) return;
        yield entry;
      }
    }
  }

  /** As `range`, from `end` back to `start`. */
  *backwards(start: StreamId, end: StreamId): IterableIterator<StreamEntry> {
    for (const { value: node } of this.#nodes.backwards(end)) {
      for (const entry of node.backwards(end)) {
        if (compareIds(entry.id, start) < 0) return;
        yield entry;
      }
    }
  }

  entry(id: StreamId): StreamEntry | undefined {
    return this.search().entry(id);
  }

  /** Finds any number of entries, quickly when it is asked for them in order. The stream must not change meanwhile. */
  search(): StreamSearch {
    return new StreamSearch(this.#nodes);
  }

  has(id: StreamId): boolean {
    return this.#nodes.floor(id)?.value.has(id) ?? false;
  }

  /** @returns whether it was there. */
  delete(id: StreamId): boolean {
    const found = this.#nodes.floor(id);
    if (found === undefined) return false;
    const before = found.value.bytes;
    if (!found.value.delete(id)) return false;
    this.#nodeBytes += found.value.bytes - before;
    if (found.value.live === 0) this.#dropNode(found);
    this.#size -= 1;
    if (compareIds(id, this.maxDeletedId) > 0) this.maxDeletedId = id;
    return true;
  }

  /** Number of entries, the oldest ones, that a trim would remove. */
  excess({ keep, approximate, limit }: StreamTrim): number {
    if (keep.kind === "length" && !approximate) return Math.max(0, this.#size - keep.length);
    let removed = 0;
    for (const { value: node } of this.#nodes.from()) {
      const left = this.#size - removed;
      if (keep.kind === "length" && left <= keep.length) break;
      if (limit !== 0 && removed + node.live > limit) break;
      const whole =
        keep.kind === "length" ? left - node.live >= keep.length : compareIds(node.last, keep.id) < 0;
      if (!whole) return removed + (approximate || keep.kind === "length" ? 0 : node.countBefore(keep.id));
      removed += node.live;
    }
    return removed;
  }

  /** Removes the `count` oldest entries. */
  deleteOldest(count: number): void {
    this.#size -= count;
    let left = count;
    while (left > 0) {
      const { id, value: node } = this.#nodes.first() ?? { id: ID_ZERO, value: undefined };
      if (node === undefined) return;
      if (node.live > left) {
        const before = node.bytes;
        node.deleteFirst(left);
        this.#nodeBytes += node.bytes - before;
        return;
      }
      left -= node.live;
      this.#dropNode({ id, value: node });
    }
  }

  get groupCount(): number {
    return this.#groups?.size ?? 0;
  }

  group(name: string): StreamGroup | undefined {
    return this.#groups?.get(name);
  }

  /** In order of their names. */
  groups(): StreamGroup[] {
    return this.#groups === undefined ? [] : inOrder(this.#groups);
  }

  /** A group whose name is not taken. */
  addGroup(group: StreamGroup): void {
    this.#groups ??= new Map();
    this.#groups.set(group.name, group);
  }

  removeGroup(name: string): void {
    this.#groups?.delete(name);
  }

  clone(): StreamValue {
    const copy = new StreamValue();
    for (const { id, value } of this.#nodes.from()) copy.#nodes.set(id, value.clone());
    copy.#size = this.#size;
    copy.#nodeBytes = this.#nodeBytes;
    copy.lastId = this.lastId;
    copy.maxDeletedId = this.maxDeletedId;
    copy.entriesAdded = this.entriesAdded;
    for (const group of this.groups()) copy.addGroup(group.clone());
    return copy;
  }

  rebuild(key: string): IterableIterator<string> {
    const nodes = [...this.#nodes.from()].map(({ value }) => value.clone());
    const added = ["ENTRIESADDED", String(this.entriesAdded)];
    const deleted = ["MAXDELETEDID", formatId(this.maxDeletedId)];
    const setId = encodeCommand(["XSETID", key, formatId(this.lastId), ...added, ...deleted]);
    return piecesOf(
      key,
      nodes,
      setId,
      this.groups().map((group) => group.rebuild(key)),
    );
  }

  digest(): Buffer {
    return digestOfSequence(this.#parts());
  }

  #dropNode({ id, value: node }: { readonly id: StreamId; readonly value: StreamNode }): void {
    this.#nodes.delete(id);
    this.#nodeBytes -= node.bytes;
  }

  *#parts(): IterableIterator<string> {
    yield* [this.#size, this.lastId, this.maxDeletedId].map((part) =>
      typeof part === "number" ? String(part) : formatId(part),
    );
    yield String(this.entriesAdded);
    for (const { id, pairs } of this.#entries()) {
      yield* [formatId(id), String(pairs.length)];
      yield* pairs;
    }
    for (const group of this.groups()) yield* group.parts();
  }

  #entries(): IterableIterator<StreamEntry> {
    return this.range(ID_ZERO, ID_MAX);
  }
}

function* piecesOf(
  key: string,
  nodes: readonly StreamNode[],
  setId: string,
  groups: readonly IterableIterator<string>[],
): IterableIterator<string> {
  for (const node of nodes) {
    for (const { id, pairs } of node.from(ID_ZERO))
      yield encodeCommand(["XADD", key, formatId(id), ...pairs]);
  }
  // A stream without entries is made by one that is trimmed at once.
  if (nodes.length === 0) yield encodeCommand(["XADD", key, "MAXLEN", "=", "0", "0-1", "", ""]);
  yield setId;
  for (const pieces of groups) yield* pieces;
}
