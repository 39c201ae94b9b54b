/** A hash: fields and their values. It knows nothing of keys, expiry or clients. */
import type { Randomness } from "../../base/randomness.ts";
import { encodeCommand } from "../../protocol/resp/command-encoder.ts";
import { addDigest, DIGEST_BYTES, digestOf } from "./digest.ts";
import { encodingLimits } from "./encoding-limits.ts";
import { FIELD_BYTES, HASH_BYTES, stringBytes } from "./memory-model.ts";
import { RovingPicker } from "./roving-picker.ts";
import { type ScanPage, ScanTable } from "./scan-table.ts";
import type { Collection } from "./value.ts";

/** Size of one HSET among those that rebuild a hash. */
const PIECE_FIELDS_MAX = 64;
const PIECE_BYTES_MAX = 64 * 1024;

export class HashValue implements Collection {
  readonly type = "hash" as const;
  accountedBytes = 0;
  readonly #fields = new Map<string, string>();
  /** Once wide, always wide, as in Redis. */
  #wide = false;
  /** Of the fields' and values' texts. */
  #textBytes = 0;
  #scans: ScanTable<string, string> | undefined;
  #lastCursor = 0;
  #picker: RovingPicker<string, string> | undefined;

  get size(): number {
    return this.#fields.size;
  }

  get encoding(): "listpack" | "hashtable" {
    return this.#wide ? "hashtable" : "listpack";
  }

  get bytes(): number {
    return HASH_BYTES + this.#fields.size * FIELD_BYTES + this.#textBytes;
  }

  get fields(): ReadonlyMap<string, string> {
    return this.#fields;
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
    if (!this.#wide) {
      this.#wide =
        this.#fields.size > encodingLimits.hashEntriesMax ||
        field.length > encodingLimits.hashValueBytesMax ||
        value.length > encodingLimits.hashValueBytesMax;
    }
    return known === undefined;
  }

  /** @returns whether the field was there. */
  delete(field: string): boolean {
    const known = this.#fields.get(field);
    if (known === undefined) return false;
    this.#textBytes -= stringBytes(field.length) + stringBytes(known.length);
    return this.#fields.delete(field);
  }

  /**
   * One page of HSCAN. A compact hash, or a cursor that this table no longer knows, is answered whole in one page:
   * every field present throughout is returned, at worst twice.
   */
  scan(cursor: number, count: number): ScanPage<string, string> {
    if (!this.#wide) return { cursor: 0, items: [...this.#fields] };
    this.#scans ??= new ScanTable();
    const scans = this.#scans;
    const iterator = cursor === 0 ? this.#fields.entries() : scans.take(cursor);
    if (iterator === undefined) return { cursor: 0, items: [...this.#fields] };
    return scans.page(iterator, count, () => {
      this.#lastCursor += 1;
      return this.#lastCursor;
    });
  }

  /** Any field, in constant time; `undefined` for an empty hash. */
  randomField(random: Randomness): string | undefined {
    this.#picker ??= new RovingPicker();
    return this.#picker.pick(this.#fields, random)?.[0];
  }

  clone(): HashValue {
    const copy = new HashValue();
    for (const [field, value] of this.#fields) copy.set(field, value);
    return copy;
  }

  *rebuild(key: string): IterableIterator<string> {
    let argv = ["HSET", key];
    let bytes = 0;
    for (const [field, value] of this.#fields) {
      argv.push(field, value);
      bytes += field.length + value.length;
      if (argv.length >= 2 + PIECE_FIELDS_MAX * 2 || bytes >= PIECE_BYTES_MAX) {
        yield encodeCommand(argv);
        argv = ["HSET", key];
        bytes = 0;
      }
    }
    if (argv.length > 2) yield encodeCommand(argv);
  }

  digest(): Buffer {
    const sum = Buffer.alloc(DIGEST_BYTES);
    for (const [field, value] of this.#fields) addDigest(sum, digestOf(field, value));
    return sum;
  }
}
