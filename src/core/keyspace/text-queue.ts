/**
 * Encoded commands that wait to be handed on, first in, first out. They stay apart: a text of all of them could be longer
 * than V8 lets any text be. It bounds nothing.
 */

import { flat } from "../../base/flat-text.ts";

/** Of a shorter text a copy is made at once: the parts that V8 keeps of a sum would take more room than it does. */
const SHORT = 1024;

export class TextQueue {
  #texts: string[] = [];
  /** Texts before this one are taken already. */
  #first = 0;
  #bytes = 0;

  /** Of all that waits. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A long text is kept as it is: it shares what it is made of, such as a key's value. */
  add(text: string): void {
    this.#texts.push(text.length < SHORT ? flat(text) : text);
    this.#bytes += text.length;
  }

  /** The first texts, whole ones, about `bytes` of them; at least one if any waits. */
  take(bytes: number): string {
    let taken = "";
    for (let at = this.#first; at < this.#texts.length && (taken === "" || taken.length < bytes); at += 1) {
      taken += this.#texts[at];
      this.#texts[at] = "";
      this.#first = at + 1;
    }
    this.#bytes -= taken.length;
    this.#forget();
    return taken;
  }

  clear(): void {
    this.#texts = [];
    this.#first = 0;
    this.#bytes = 0;
  }

  /** The places of what was taken go when they are the greater part. */
  #forget(): void {
    if (this.#first * 2 < this.#texts.length) return;
    this.#texts.splice(0, this.#first);
    this.#first = 0;
  }
}
