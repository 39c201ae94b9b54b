import { expect, it } from "vitest";
import { SeededRandomness } from "../../../src/base/randomness.ts";
import { ChunkedNumbers } from "../../../src/core/keyspace/chunked-numbers.ts";

/** None, around the first doublings, and around the places where a piece begins. */
const SIZES: readonly number[] = [0, 15, 16, 17, 33, 4095, 4096, 4097, 8192, 10_000];

it("holds what an array would, while it grows and shrinks", () => {
  const random = new SeededRandomness(7);
  for (const size of SIZES) {
    const model = Array.from({ length: size }, (_, item) => item / 3);
    const numbers = new ChunkedNumbers();
    for (const number of model) numbers.push(number);
    for (let step = 0; step < 4000; step += 1) {
      const kind = random.below(10);
      if (kind < 4) {
        numbers.push(step);
        model.push(step);
      } else if (kind < 8 && model.length > 0) {
        expect(numbers.pop()).toBe(model.pop());
      } else if (model.length > 0) {
        const position = random.below(model.length);
        numbers.put(position, -step);
        model[position] = -step;
      }
    }
    expect(Array.from({ length: numbers.length }, (_, at) => numbers.at(at))).toEqual(model);
    while (model.length > 0) expect(numbers.pop()).toBe(model.pop());
    expect(numbers.length).toBe(0);
  }
});
