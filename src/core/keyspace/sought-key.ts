/** The key that a table was asked for last, in words as its blocks hold keys, and what was found: it is mostly the next one as well. */
import { copyWords, equalsWords, wordsFor, writeWords } from "../../base/words.ts";
import { KEY_BYTES_MAX } from "./block-layout.ts";

export class SoughtKey {
  hash = 0;
  /** Its address, or that it is absent. */
  address = -1;
  /** Of the key in `#words`; of a longer one only this is known. */
  #length = 0;
  /** `hash` and `address` are those of the key in `#words`. */
  #known = false;
  readonly #words = new Int32Array(KEY_BYTES_MAX / 4);
  #text: string | undefined;

  get words(): Int32Array {
    return this.#words;
  }

  /** Whether `hash` and `address` are this key's. */
  isText(key: string): boolean {
    return key === this.#text;
  }

  /** As `isText`, of a key in bytes. */
  isBytes(bytes: Buffer, start: number, end: number): boolean {
    return this.#known && end - start === this.#length && equalsWords(bytes, start, end, this.#words);
  }

  /** Another key is sought; `hash` and `address` are to be set. */
  set(key: string): void {
    this.#length = key.length;
    this.#known = key.length <= KEY_BYTES_MAX;
    // A long one, of any length, would stay in memory until the next look.
    this.#text = this.#known ? key : undefined;
    if (this.#known) writeWords(key, this.#words);
  }

  /** As `set`, of a key in bytes that a block has room for. */
  setBytes(bytes: Buffer, start: number, end: number): void {
    this.#text = undefined;
    this.#known = true;
    this.#length = end - start;
    copyWords(bytes, start, end, this.#words, 0);
  }

  get length(): number {
    return this.#length;
  }

  /** What was found holds no more. */
  forget(): void {
    this.#text = undefined;
    this.#known = false;
  }

  /** Whether the words from `from` on are those of the key, which is known to be as long. */
  isIn(words: Int32Array, from: number): boolean {
    const own = this.#words;
    const count = wordsFor(this.#length);
    for (let word = 0; word < count; word += 1) if (words[from + word] !== own[word]) return false;
    return true;
  }

  /** Writes the key's words from `to` on. */
  writeTo(words: Int32Array, to: number): void {
    const own = this.#words;
    for (let word = wordsFor(this.#length) - 1; word >= 0; word -= 1) words[to + word] = own[word] as number;
  }
}
