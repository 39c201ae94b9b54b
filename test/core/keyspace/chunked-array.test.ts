import { expect, it } from "vitest";
import { SeededRandomness } from "../../../src/base/randomness.ts";
import { ChunkedArray } from "../../../src/core/keyspace/chunked-array.ts";

/** One, two and three chunks, and around the places where one begins. */
const SIZES: readonly number[] = [0, 1, 100, 4095, 4096, 4097, 8192, 10_000];

function arrayOf(items: readonly number[]): ChunkedArray<number> {
  const array = new ChunkedArray<number>();
  for (const item of items) array.push(item);
  return array;
}

function itemsOf(array: ChunkedArray<number>): number[] {
  return Array.from({ length: array.length }, (_, position) => array.at(position));
}

it("holds what an array would, and what it gave as frozen stays as it was", () => {
  const random = new SeededRandomness(7);
  for (const size of SIZES) {
    const model = Array.from({ length: size }, (_, item) => item);
    const array = arrayOf(model);
    const frozen: { chunks: readonly (readonly number[])[]; items: number[] }[] = [];
    for (let step = 0; step < 20_000; step += 1) {
      const kind = random.below(10);
      if (kind < 4) {
        array.push(step);
        model.push(step);
      } else if (kind < 8 && model.length > 0) {
        expect(array.pop()).toBe(model.pop());
      } else if (model.length > 0) {
        const position = random.below(model.length);
        array.put(position, -step);
        model[position] = -step;
      }
      if (step % 4000 === 0) frozen.push({ chunks: array.frozen(), items: [...model] });
    }
    expect(itemsOf(array)).toEqual(model);
    for (const { chunks, items } of frozen) expect(chunks.flat()).toEqual(items);
  }
});
