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

it("changes on its own after it is cloned, and so does the clone", () => {
  const random = new SeededRandomness(8);
  for (const size of SIZES) {
    const model = Array.from({ length: size }, (_, item) => item);
    const pairs = [{ array: arrayOf(model), model }];
    for (let step = 0; step < 20_000; step += 1) {
      const { array, model: items } = pairs[random.below(pairs.length)] as (typeof pairs)[number];
      const kind = random.below(10);
      if (step % 4000 === 0) {
        pairs.push({ array: array.clone(), model: [...items] });
      } else if (kind < 4) {
        array.push(step);
        items.push(step);
      } else if (items.length > 0 && kind < 8) {
        expect(array.pop()).toBe(items.pop());
      } else if (items.length > 0) {
        const position = random.below(items.length);
        array.put(position, -step);
        items[position] = -step;
      }
    }
    for (const { array, model: items } of pairs) expect(itemsOf(array)).toEqual(items);
  }
});
