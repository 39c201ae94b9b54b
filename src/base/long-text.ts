/**
 * Puts a long text together of many short ones. V8 keeps a sum as a tree with a node of 32 bytes for each part, all of
 * which its garbage collector must copy while the text grows: here no more than a few thousand characters are in parts.
 */
import { flat } from "./flat-text.ts";

/** Of parts: far more than most texts have, which so cost nothing beside their sum. */
const LOOSE_MAX = 4096;

export class LongText {
  #whole = "";
  #loose: string;

  constructor(head = "") {
    this.#loose = head;
  }

  get length(): number {
    return this.#whole.length + this.#loose.length;
  }

  add(part: string): void {
    if (part.length >= LOOSE_MAX) {
      // It is long by itself: a node for it costs less than a copy.
      this.#whole += flat(this.#loose) + part;
      this.#loose = "";
      return;
    }
    this.#loose += part;
    if (this.#loose.length < LOOSE_MAX) return;
    this.#whole += flat(this.#loose);
    this.#loose = "";
  }

  clear(): void {
    this.#whole = "";
    this.#loose = "";
  }

  toString(): string {
    return this.#whole + this.#loose;
  }
}
