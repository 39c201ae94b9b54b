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
  readonly #chunks: Float64Array[] = [new Float64Array(FIRST)];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** @param position one of 0 to length - 1, as everywhere here. */
  at(position: number): number {
    return (this.#chunks[position >>> CHUNK_BITS] as Float64Array)[position & WITHIN_CHUNK] as number;
  }

  /** Puts `value` in the place of the one at `position`. */
  put(position: number, value: number): void {
    (this.#chunks[position >>> CHUNK_BITS] as Float64Array)[position & WITHIN_CHUNK] = value;
  }

  push(value: number): void {
    const at = this.#length >>> CHUNK_BITS;
    const within = this.#length & WITHIN_CHUNK;
    const chunk = this.#chunks[at];
    if (chunk === undefined || within === chunk.length) this.#grow(at, chunk);
    (this.#chunks[at] as Float64Array)[within] = value;
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

  #grow(at: number, chunk: Float64Array | undefined): void {
    if (chunk === undefined) {
      this.#chunks.push(new Float64Array(CHUNK));
      return;
    }
    const larger = new Float64Array(chunk.length * 2);
    larger.set(chunk);
    this.#chunks[at] = larger;
  }
}
