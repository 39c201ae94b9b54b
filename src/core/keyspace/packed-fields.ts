/**
 * The fields of a small hash and their values, all in one text: V8 keeps no object for any of them, and a copy shares it.
 * A field is its name and its value, each behind its length. It decides what still counts as small.
 */
import { flat, ownText } from "../../base/flat-text.ts";
import { endOf, isTextAt, prefixed, textAt } from "./length-prefixed.ts";
import { stringBytes } from "./memory-model.ts";

/** Few enough that to go through all of them, or to copy them for a change, takes a microsecond or so. */
const FIELDS_MAX = 128;
const BYTES_MAX = 8192;

/** An object with a text and a number. */
const OBJECT_BYTES = 40;

export class PackedFields {
  #text = "";
  size = 0;

  get bytes(): number {
    return OBJECT_BYTES + stringBytes(this.#text.length);
  }

  /** As `Map.get`; short-lived use only, see `entries`. */
  get(field: string): string | undefined {
    const at = this.#find(field);
    if (at === this.#text.length) return undefined;
    const valueAt = endOf(this.#text, at);
    return textAt(this.#text, valueAt);
  }

  has(field: string): boolean {
    return this.#find(field) < this.#text.length;
  }

  /** @returns whether the field is new; `undefined` when the hash would be small no more, and nothing is changed. */
  set(field: string, value: string): boolean | undefined {
    const text = this.#text;
    const at = this.#find(field);
    const isNew = at === text.length;
    const valueAt = isNew ? at : endOf(text, at);
    const changed = isNew
      ? text + prefixed(field) + prefixed(value)
      : text.slice(0, valueAt) + prefixed(value) + text.slice(endOf(text, valueAt));
    if (changed.length > BYTES_MAX || (isNew && this.size === FIELDS_MAX)) return undefined;
    if (isNew) this.size += 1;
    // Its parts would keep the former text alive.
    this.#text = flat(changed);
    return isNew;
  }

  /** @returns whether the field was there. */
  delete(field: string): boolean {
    const text = this.#text;
    const at = this.#find(field);
    if (at === text.length) return false;
    // One end alone is no text of its own for V8, but a view of the former one.
    this.#text = ownText(text.slice(0, at) + text.slice(endOf(text, endOf(text, at))));
    this.size -= 1;
    return true;
  }

  /** In the order in which they came. Short-lived use only: each may hold on to the text of all. */
  entries(): [string, string][] {
    const text = this.#text;
    const entries: [string, string][] = [];
    for (let at = 0; at < text.length; ) {
      const valueAt = endOf(text, at);
      entries.push([textAt(text, at), textAt(text, valueAt)]);
      at = endOf(text, valueAt);
    }
    return entries;
  }

  clone(): PackedFields {
    const copy = new PackedFields();
    copy.#text = this.#text;
    copy.size = this.size;
    return copy;
  }

  /** Where the field begins; the end of the text if it is not there. */
  #find(field: string): number {
    const text = this.#text;
    let at = 0;
    while (at < text.length && !isTextAt(text, at, field)) at = endOf(text, endOf(text, at));
    return at;
  }
}
