/** Who is cut off from whom in a partition, and other ways to draw from a row of hosts. */
import type { Randomness } from "../../../src/base/randomness.ts";
import type { Partition } from "../world/network.ts";
import type { SimProcess } from "../world/sim-process.ts";

export function bothWays(some: readonly SimProcess[], others: readonly SimProcess[]): Partition {
  return some.flatMap((a) =>
    others.flatMap(
      (b): Partition => [
        [a, b],
        [b, a],
      ],
    ),
  );
}

export function oneWay(all: readonly SimProcess[], one: SimProcess, direction: "in" | "out"): Partition {
  return all
    .filter((other) => other !== one)
    .map((other): Partition[number] => (direction === "in" ? [other, one] : [one, other]));
}

export function splitting(all: readonly SimProcess[], randomness: Randomness): Partition {
  const side = all.map(() => randomness.next() < 0.5);
  return bothWays(
    all.filter((_, at) => side[at]),
    all.filter((_, at) => !side[at]),
  );
}

export function shuffled<Item>(items: readonly Item[], randomness: Randomness): Item[] {
  return items
    .map((item) => ({ item, at: randomness.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
