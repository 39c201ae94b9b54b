/**
 * A long array in pieces, so that it grows without a pause: V8 copies the whole of an array that has no room left, which
 * takes 30 ms at a million items. An item costs one look-up more. It knows nothing of what the items are.
 */

/** The room that V8 makes for an array that grows by one item at a time is hardly more than this. */
const CHUNK_BITS = 12;
const WITHIN_CHUNK = 2 ** CHUNK_BITS - 1;

export class ChunkedArray<Item> {
  #chunks: Item[][] = [[]];
  #length = 0;
  /** Of each chunk that was there at the last `frozen` or `clone`: whether it is still shared with what that gave. */
  #shared: boolean[] = [];

  get length(): number {
    return this.#length;
  }

  /** @param position one of 0 to length - 1, as everywhere here. */
  at(position: number): Item {
    return (this.#chunks[position >>> CHUNK_BITS] as Item[])[position & WITHIN_CHUNK] as Item;
  }

  isAt(position: number, item: Item): boolean {
    return this.at(position) === item;
  }

  /** Puts `item` in the place of the one at `position`. */
  put(position: number, item: Item): void {
    this.#own(position >>> CHUNK_BITS)[position & WITHIN_CHUNK] = item;
  }

  push(item: Item): void {
    const at = this.#length >>> CHUNK_BITS;
    if (at === this.#chunks.length) this.#chunks.push([item]);
    else this.#own(at).push(item);
    this.#length += 1;
  }

  /** Takes the last item off; there is one. */
  pop(): Item {
    this.#length -= 1;
    const at = this.#length >>> CHUNK_BITS;
    const chunk = this.#own(at);
    const item = chunk.pop() as Item;
    if (chunk.length === 0 && at > 0) this.#chunks.pop();
    return item;
  }

  /** The items of now, in pieces that stay as they are: whatever changes later is changed in a copy of its piece. */
  frozen(): readonly (readonly Item[])[] {
    this.#shared = this.#chunks.map(() => true);
    return [...this.#chunks];
  }

  /** One that holds the same, and changes on its own: it shares each piece with this one until either changes it. */
  clone(): ChunkedArray<Item> {
    const copy = new ChunkedArray<Item>();
    this.#shared = this.#chunks.map(() => true);
    copy.#chunks = [...this.#chunks];
    copy.#shared = [...this.#shared];
    copy.#length = this.#length;
    return copy;
  }

  #own(at: number): Item[] {
    const chunk = this.#chunks[at] as Item[];
    if (this.#shared[at] !== true) return chunk;
    this.#shared[at] = false;
    const copy = chunk.slice();
    this.#chunks[at] = copy;
    return copy;
  }
}
