/**
 * A long array of numbers in pieces, outside of V8's heap: it grows without a pause, and garbage collection does not look
 * at what is in it. As `ChunkedArray` otherwise.
 */

/** Small enough that a piece is made in microseconds. */
const CHUNK_BITS = 12;
const CHUNK = 2 ** CHUNK_BITS;
const WITHIN_CHUNK = CHUNK - 1;
/** The first piece begins with so many places, and doubles: many arrays stay short. */
const FIRST = 16;

export class ChunkedNumbers {
  #chunks: Float64Array[] = [new Float64Array(FIRST)];
  #length = 0;
  /** Of each chunk that was there at the last `clone`: whether it is still shared with what that gave. */
  #shared: boolean[] = [];

  get length(): number {
    return this.#length;
  }

  /** @param position one of 0 to length - 1, as everywhere here. */
  at(position: number): number {
    return (this.#chunks[position >>> CHUNK_BITS] as Float64Array)[position & WITHIN_CHUNK] as number;
  }

  /** Puts `value` in the place of the one at `position`. */
  put(position: number, value: number): void {
    this.#own(position >>> CHUNK_BITS)[position & WITHIN_CHUNK] = value;
  }

  push(value: number): void {
    const at = this.#length >>> CHUNK_BITS;
    const within = this.#length & WITHIN_CHUNK;
    const chunk = this.#chunks[at];
    if (chunk === undefined || within === chunk.length) this.#grow(at, chunk);
    this.#own(at)[within] = value;
    this.#length += 1;
  }

  /** Takes the last one off; there is one. */
  pop(): number {
    this.#length -= 1;
    const value = this.at(this.#length);
    // One empty piece is kept, so that a length that goes up and down does not make one each time.
    const used = (this.#length + WITHIN_CHUNK) >>> CHUNK_BITS;
    if (this.#chunks.length > used + 1) this.#chunks.pop();
    return value;
  }

  /** One that holds the same, and changes on its own: it shares each piece with this one until either changes it. */
  clone(): ChunkedNumbers {
    const copy = new ChunkedNumbers();
    this.#shared = this.#chunks.map(() => true);
    copy.#chunks = [...this.#chunks];
    copy.#shared = [...this.#shared];
    copy.#length = this.#length;
    return copy;
  }

  #own(at: number): Float64Array {
    const chunk = this.#chunks[at] as Float64Array;
    if (this.#shared[at] !== true) return chunk;
    this.#shared[at] = false;
    const copy = chunk.slice();
    this.#chunks[at] = copy;
    return copy;
  }

  #grow(at: number, chunk: Float64Array | undefined): void {
    // Nobody else has what is made here, as somebody may have what stood there before.
    this.#shared[at] = false;
    if (chunk === undefined) {
      this.#chunks.push(new Float64Array(CHUNK));
      return;
    }
    const larger = new Float64Array(chunk.length * 2);
    larger.set(chunk);
    this.#chunks[at] = larger;
  }
}
