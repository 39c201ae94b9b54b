/** The fields of a large hash: a Map, with what picks and scans in it need. */
import type { Randomness } from "../../base/randomness.ts";
import { FIELD_BYTES, FIELD_TABLE_BYTES, stringBytes } from "./memory-model.ts";
import { RovingPicker } from "./roving-picker.ts";
import { type ScanPage, ScanTable } from "./scan-table.ts";

export class FieldTable {
  readonly #fields = new Map<string, string>();
  /** Of the fields' and values' texts. */
  #textBytes = 0;
  #scans: ScanTable<string, string> | undefined;
  #lastCursor = 0;
  #picker: RovingPicker<string, string> | undefined;

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
    const known = this.#fields.get(field);
    this.#fields.set(field, value);
    this.#textBytes +=
      stringBytes(value.length) -
      (known === undefined ? -stringBytes(field.length) : stringBytes(known.length));
    return known === undefined;
  }

  /** @returns whether the field was there. */
  delete(field: string): boolean {
    const known = this.#fields.get(field);
    if (known === undefined) return false;
    this.#textBytes -= stringBytes(field.length) + stringBytes(known.length);
    return this.#fields.delete(field);
  }

  entries(): IterableIterator<[string, string]> {
    return this.#fields.entries();
  }

  /** One page; `undefined` for a cursor that is not known any more. */
  scan(cursor: number, count: number): ScanPage<string, string> | undefined {
    this.#scans ??= new ScanTable();
    const iterator = cursor === 0 ? this.#fields.entries() : this.#scans.take(cursor);
    if (iterator === undefined) return undefined;
    return this.#scans.page(iterator, count, () => {
      this.#lastCursor += 1;
      return this.#lastCursor;
    });
  }

  /** Any field, in constant time; `undefined` if there is none. */
  randomField(random: Randomness): string | undefined {
    this.#picker ??= new RovingPicker();
    return this.#picker.pick(this.#fields, random)?.[0];
  }

  clone(): FieldTable {
    const copy = new FieldTable();
    for (const [field, value] of this.#fields) copy.set(field, value);
    return copy;
  }
}
