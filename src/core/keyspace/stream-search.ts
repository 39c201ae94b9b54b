/**
 * Finds entries of a stream by ID. A node is read from its start, up to a hundred entries: who asks in order goes on from
 * the last one found instead.
 */
import type { IdMap } from "./id-map.ts";
import { compareIds, type StreamId } from "./stream-id.ts";
import type { StreamEntry, StreamNode } from "./stream-node.ts";

export class StreamSearch {
  readonly #nodes: IdMap<StreamNode>;
  #node: StreamNode | undefined;
  /** Of the node, from the first ID that was asked for there. */
  #entries: Iterator<StreamEntry> | undefined;
  /** The first of them that is not before the last ID that was asked for; `undefined` behind the node's last one. */
  #next: StreamEntry | undefined;
  #asked: StreamId | undefined;

  /** @param nodes by the ID of their first entry; they must not change while this is used. */
  constructor(nodes: IdMap<StreamNode>) {
    this.#nodes = nodes;
  }

  entry(id: StreamId): StreamEntry | undefined {
    if (!this.#goesOn(id)) this.#begin(id);
    this.#asked = id;
    while (this.#next !== undefined && compareIds(this.#next.id, id) < 0) this.#advance();
    return this.#next !== undefined && compareIds(this.#next.id, id) === 0 ? this.#next : undefined;
  }

  #goesOn(id: StreamId): boolean {
    if (this.#node === undefined || this.#asked === undefined) return false;
    return compareIds(id, this.#asked) >= 0 && compareIds(id, this.#node.last) <= 0;
  }

  #begin(id: StreamId): void {
    this.#node = this.#nodes.floor(id)?.value;
    this.#entries = this.#node?.from(id);
    this.#advance();
  }

  #advance(): void {
    const next = this.#entries?.next();
    this.#next = next === undefined || next.done ? undefined : next.value;
  }
}
