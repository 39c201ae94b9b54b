/**
 * A small set of 64-bit integers in ascending order, as Redis's intset: what is no integer, or one member too many, is
 * its owner's to put elsewhere. Not for large sets: adding shifts what comes after.
 */

import { parseInteger } from "./int64.ts";
import { SMALL_INTEGER_BYTES } from "./memory-model.ts";

export class IntSet {
  /** Bigints only beyond 2^53; both kinds compare with each other. */
  readonly #integers: (number | bigint)[] = [];

  get size(): number {
    return this.#integers.length;
  }

  get bytes(): number {
    return this.#integers.length * SMALL_INTEGER_BYTES;
  }

  /** @param position in ascending order, one of 0 to size - 1. */
  at(position: number): string {
    return String(this.#integers[position]);
  }

  /** All of them, in ascending order, as `MemberTable.frozen`. */
  frozen(): string[][] {
    return [this.#integers.map(String)];
  }

  has(member: string): boolean {
    const integer = parseInteger(member);
    return integer !== undefined && this.#integers[this.#placeOf(integer)] === integer;
  }

  /** @returns whether it is new, or `undefined` when it is no integer in its only spelling. */
  add(member: string): boolean | undefined {
    const integer = parseInteger(member);
    if (integer === undefined) return undefined;
    const place = this.#placeOf(integer);
    if (this.#integers[place] === integer) return false;
    this.#integers.splice(place, 0, integer);
    return true;
  }

  /** @returns whether it was there. */
  remove(member: string): boolean {
    const integer = parseInteger(member);
    if (integer === undefined) return false;
    const place = this.#placeOf(integer);
    if (this.#integers[place] !== integer) return false;
    this.#integers.splice(place, 1);
    return true;
  }

  /** Number of smaller ones. */
  #placeOf(integer: number | bigint): number {
    let low = 0;
    let high = this.#integers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#integers[middle] as number | bigint) < integer) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
