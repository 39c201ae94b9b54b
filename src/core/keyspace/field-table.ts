/** The fields of a large hash, and what they take in memory. */
import type { Randomness } from "../../base/randomness.ts";
import { DenseMap } from "./dense-map.ts";
import { FIELD_BYTES, FIELD_TABLE_BYTES, stringBytes } from "./memory-model.ts";

export class FieldTable {
  #fields = new DenseMap<string>();
  /** Of the fields' and values' texts. */
  #textBytes = 0;

  get size(): number {
    return this.#fields.size;
  }

  get bytes(): number {
    return FIELD_TABLE_BYTES + this.#fields.size * FIELD_BYTES + this.#textBytes;
  }

  get(field: string): string | undefined {
    return this.#fields.get(field);
  }

  has(field: string): boolean {
    return this.#fields.has(field);
  }

  /** @returns whether the field is new. */
  set(field: string, value: string): boolean {
    const known = this.#fields.set(field, value);
    this.#textBytes +=
      stringBytes(value.length) -
      (known === undefined ? -stringBytes(field.length) : stringBytes(known.length));
    return known === undefined;
  }

  /** @returns whether the field was there. */
  delete(field: string): boolean {
    const known = this.#fields.delete(field);
    if (known === undefined) return false;
    this.#textBytes -= stringBytes(field.length) + stringBytes(known.length);
    return true;
  }

  entries(): IterableIterator<[string, string]> {
    return this.#fields.entries();
  }

  /** @param position one of 0 to size - 1. */
  entryAt(position: number): [string, string] {
    return this.#fields.entryAt(position);
  }

  /** See `DenseMap.frozenEntries`. */
  frozenEntries(): IterableIterator<[string, string]> {
    return this.#fields.frozenEntries();
  }

  /** One page of HSCAN; see `DenseMap.scan`. */
  scan(cursor: number, count: number): { readonly cursor: number; readonly items: [string, string][] } {
    return this.#fields.scan(cursor, count);
  }

  /** Any field, each as likely as any other; `undefined` if there is none. */
  randomField(random: Randomness): string | undefined {
    return this.size === 0 ? undefined : this.#fields.keyAt(random.below(this.size));
  }

  clone(): FieldTable {
    const copy = new FieldTable();
    copy.#fields = this.#fields.clone();
    copy.#textBytes = this.#textBytes;
    return copy;
  }
}
