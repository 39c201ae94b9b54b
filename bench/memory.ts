/** Bytes that one small element takes: of the process, of its allocator, and as the server itself counts them. A fresh server for each kind, so that none inherits memory. */
import type { Contender } from "./contender.ts";
import type { Figure } from "./figure.ts";
import { type Bench, take } from "./figures.ts";
import { FILLINGS, type Filling } from "./fillings.ts";
import { load } from "./load.ts";
import type { LoneServer, MemoryBytes } from "./lone-server.ts";

const COUNTS = [
  { count: "resident", name: "process" },
  { count: "allocated", name: "allocated" },
  { count: "told", name: "used_memory" },
] as const satisfies readonly { readonly count: keyof MemoryBytes; readonly name: string }[];

export async function memoryFigures(bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const filling of FILLINGS) {
    const own = COUNTS.map(({ name }) => figure(`bytes a ${filling.element}, ${name}`));
    for (const contender of bench.contenders) {
      const each = await bytesPerElement(bench, contender, filling);
      if (each === null) continue;
      for (const [index, { count }] of COUNTS.entries()) take(own[index], contender.side, [each[count]]);
    }
    figures.push(...own);
  }
  return figures;
}

/** Pure: what has grown, shared among the elements. */
export function shareOf(before: MemoryBytes, after: MemoryBytes, elements: number): MemoryBytes {
  const share = (count: keyof MemoryBytes): number => (after[count] - before[count]) / elements;
  return { resident: share("resident"), allocated: share("allocated"), told: share("told") };
}

async function bytesPerElement(
  bench: Bench,
  contender: Contender,
  filling: Filling,
): Promise<MemoryBytes | null> {
  const { elements } = bench.effort;
  bench.say(`${contender.label}: ${elements} of ${filling.element}`);
  let server: LoneServer | undefined;
  try {
    server = await contender.startAlone(null);
    await server.holds(0);
    const before = await server.memory();
    await load(server, filling, elements);
    return shareOf(before, await server.memory(), elements);
  } catch (error) {
    bench.say(`${contender.label} FAILED: ${(error as Error).message}`);
    return null;
  } finally {
    await server?.close();
  }
}

function figure(name: string): Figure {
  return { group: "memory", name, unit: "bytes", better: "lower", measured: {} };
}
