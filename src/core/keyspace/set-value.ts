/** A set: distinct members. It knows nothing of keys, expiry or clients. */
import { addDigest, DIGEST_BYTES, digestOf } from "./digest.ts";
import { encodingLimits } from "./encoding-limits.ts";
import { IntSet } from "./int-set.ts";
import { MemberTable } from "./member-table.ts";
import { SET_BYTES } from "./memory-model.ts";
import { piecesOf } from "./rebuild-pieces.ts";
import type { Collection } from "./value.ts";

export class SetValue implements Collection {
  readonly type = "set" as const;
  accountedBytes = 0;
  /** Once a table, always a table, as in Redis. */
  #content: IntSet | MemberTable = new IntSet();

  get size(): number {
    return this.#content.size;
  }

  get encoding(): "intset" | "hashtable" {
    return this.#content instanceof IntSet ? "intset" : "hashtable";
  }

  get bytes(): number {
    return SET_BYTES + this.#content.bytes;
  }

  has(member: string): boolean {
    return this.#content.has(member);
  }

  /** @param position one of 0 to size - 1; what stands where changes with every addition and removal. */
  at(position: number): string {
    return this.#content.at(position);
  }

  /** @returns whether the member is new. */
  add(member: string): boolean {
    if (this.#content instanceof MemberTable) return this.#content.add(member);
    const added = this.#content.add(member);
    if (added !== undefined && this.#content.size <= encodingLimits.setIntegersMax) return added;
    const table = new MemberTable();
    for (let at = 0; at < this.#content.size; at += 1) table.add(this.#content.at(at));
    this.#content = table;
    return table.add(member) || added === true;
  }

  /** @returns whether the member was there. */
  delete(member: string): boolean {
    if (this.#content instanceof IntSet) return this.#content.remove(member);
    return this.#content.remove(member) !== -1;
  }

  /** In ascending order while all are integers and few. The set must not change meanwhile. */
  *members(): IterableIterator<string> {
    for (let at = 0; at < this.size; at += 1) yield this.at(at);
  }

  /** One page of SSCAN: every member present throughout is returned. A small set of integers comes as one page. */
  scan(cursor: number, count: number): { readonly cursor: number; readonly items: string[] } {
    if (this.#content instanceof IntSet) return { cursor: 0, items: [...this.members()] };
    const page = this.#content.page(cursor, count);
    const items: string[] = [];
    for (let at = page.from; at >= page.to; at -= 1) items.push(this.#content.at(at));
    return { cursor: page.cursor, items };
  }

  clone(): SetValue {
    const copy = new SetValue();
    if (this.#content instanceof MemberTable) copy.#content = this.#content.clone();
    else for (const member of this.members()) copy.add(member);
    return copy;
  }

  rebuild(key: string): IterableIterator<string> {
    return piecesOf("SADD", key, this.#content.frozen());
  }

  digest(): Buffer {
    const sum = Buffer.alloc(DIGEST_BYTES);
    for (const member of this.members()) addDigest(sum, digestOf(member));
    return sum;
  }
}
