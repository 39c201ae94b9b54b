/** A hash: fields and their values. It decides how they are kept, and knows nothing of keys, expiry or clients. */
import { ownText } from "../../base/flat-text.ts";
import type { LongText } from "../../base/long-text.ts";
import type { Randomness } from "../../base/randomness.ts";
import type { PlainRequest } from "../../protocol/resp/plain-request.ts";
import { addDigest, DIGEST_BYTES, digestOf } from "./digest.ts";
import { encodingLimits } from "./encoding-limits.ts";
import { addEntry, type EntryPart, FieldTable } from "./field-table.ts";
import { HASH_BYTES } from "./memory-model.ts";
import { PackedFields } from "./packed-fields.ts";
import { piecesOf } from "./rebuild-pieces.ts";
import type { Collection } from "./value.ts";

export class HashValue implements Collection {
  readonly type = "hash" as const;
  accountedBytes = 0;
  #fields: PackedFields | FieldTable = new PackedFields();
  /** By Redis's limits. Once wide, always wide, as in Redis. */
  #wide = false;

  get size(): number {
    return this.#fields.size;
  }

  get encoding(): "listpack" | "hashtable" {
    return this.#wide ? "hashtable" : "listpack";
  }

  get bytes(): number {
    return HASH_BYTES + this.#fields.bytes;
  }

  /** In the order in which they came; the hash must not change meanwhile. Not to be kept: one may hold on to the text of all. */
  entries(): Iterable<[string, string]> {
    return this.#fields.entries();
  }

  /** Adds the bulk strings of all entries in the order of `entries`. */
  addTo(reply: LongText, part: EntryPart): void {
    const fields = this.#fields;
    if (fields instanceof FieldTable) {
      fields.addTo(reply, part);
      return;
    }
    for (const entry of fields.entries()) addEntry(reply, entry, part);
  }

  /** The entries at these positions, each one of 0 to size - 1. Not to be kept, as `entries`. */
  *entriesAt(positions: Iterable<number>): IterableIterator<[string, string]> {
    const fields = this.#fields;
    if (fields instanceof FieldTable) {
      for (const at of positions) yield fields.entryAt(at);
      return;
    }
    const few = fields.entries();
    for (const at of positions) yield few[at] as [string, string];
  }

  /** Not to be kept, as `entries`. */
  get(field: string): string | undefined {
    return this.#fields.get(field);
  }

  has(field: string): boolean {
    return this.#fields.has(field);
  }

  /** @returns whether the field is new. */
  set(field: string, value: string): boolean {
    let isNew = this.#fields.set(field, value);
    if (isNew === undefined) {
      this.#fields = tableOf(this.#fields);
      isNew = this.#fields.set(field, value);
    }
    this.#widen(field.length, value.length);
    return isNew;
  }

  /** As `set`, of a field and a value as a request holds them. */
  setBytes(request: PlainRequest): boolean {
    const { bytes, middleStart, middleEnd, valueStart, valueEnd } = request;
    const fields = this.#fields;
    const isNew =
      fields instanceof FieldTable
        ? fields.setBytes(bytes, middleStart, middleEnd, valueStart, valueEnd)
        : undefined;
    if (isNew === undefined) return this.set(request.middle, request.value);
    this.#widen(middleEnd - middleStart, valueEnd - valueStart);
    return isNew;
  }

  /** @returns whether the field was there. */
  delete(field: string): boolean {
    return this.#fields.delete(field);
  }

  /** One page of HSCAN: every field present throughout is returned, perhaps more than once. A compact hash is answered whole in one page. */
  scan(cursor: number, count: number): { readonly cursor: number; readonly items: [string, string][] } {
    const fields = this.#fields;
    if (this.#wide && fields instanceof FieldTable) return fields.scan(cursor, count);
    return { cursor: 0, items: [...fields.entries()] };
  }

  /** Any field, each as likely as any other; `undefined` for an empty hash. */
  randomField(random: Randomness): string | undefined {
    const fields = this.#fields;
    if (fields instanceof FieldTable) return fields.randomField(random);
    return fields.size === 0 ? undefined : fields.entries()[random.below(fields.size)]?.[0];
  }

  clone(): HashValue {
    const copy = new HashValue();
    copy.#fields = this.#fields.clone();
    copy.#wide = this.#wide;
    return copy;
  }

  rebuild(key: string): IterableIterator<string> {
    const fields = this.#fields;
    return piecesOf("HSET", key, fields instanceof FieldTable ? fields.frozenEntries() : fields.entries(), 2);
  }

  digest(): Buffer {
    const sum = Buffer.alloc(DIGEST_BYTES);
    for (const [field, value] of this.#fields.entries()) addDigest(sum, digestOf(field, value));
    return sum;
  }

  /** By a field that was set. */
  #widen(fieldLength: number, valueLength: number): void {
    if (this.#wide) return;
    this.#wide =
      this.#fields.size > encodingLimits.hashEntriesMax ||
      fieldLength > encodingLimits.hashValueBytesMax ||
      valueLength > encodingLimits.hashValueBytesMax;
  }
}

function tableOf(packed: PackedFields | FieldTable): FieldTable {
  const table = new FieldTable();
  for (const [field, value] of packed.entries()) table.set(ownText(field), ownText(value));
  return table;
}
