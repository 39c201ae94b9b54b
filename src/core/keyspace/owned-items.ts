/**
 * What blocks of a slab have outside of them, in arrays without holes. Each item knows the block that it belongs to, as the last one takes
 * the place of one that goes. It knows nothing of what the items are.
 */
import { ChunkedArray } from "./chunked-array.ts";
import { ChunkedNumbers } from "./chunked-numbers.ts";

export class OwnedItems<Item> {
  #items = new ChunkedArray<Item>();
  /** Addresses of the blocks. */
  #owners = new ChunkedNumbers();

  /** @param owner address of its block. @returns its place. */
  add(item: Item, owner: number): number {
    this.#items.push(item);
    this.#owners.push(owner);
    return this.#items.length - 1;
  }

  at(place: number): Item {
    return this.#items.at(place);
  }

  /** Puts `item` in the place of the one of the same owner. */
  put(place: number, item: Item): void {
    this.#items.put(place, item);
  }

  setOwner(place: number, owner: number): void {
    this.#owners.put(place, owner);
  }

  /** @returns the owner of the item that has taken the place, if any has. */
  remove(place: number): number | undefined {
    const item = this.#items.pop();
    const owner = this.#owners.pop();
    if (place === this.#items.length) return undefined;
    this.#items.put(place, item);
    this.#owners.put(place, owner);
    return owner;
  }

  /** One that holds the same items, and changes on its own. */
  clone(): OwnedItems<Item> {
    const copy = new OwnedItems<Item>();
    copy.#items = this.#items.clone();
    copy.#owners = this.#owners.clone();
    return copy;
  }
}
