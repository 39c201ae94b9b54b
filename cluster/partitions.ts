/** Which members of an in-process cluster are cut off from each other. Pure: cuts nothing itself. */
import { InterrexError } from "../src/base/errors.ts";

export class Partitions {
  readonly #cut = new Set<string>();

  /** Cuts every member of one side off from every member of each other side. */
  cut(sides: readonly (readonly string[])[]): void {
    for (const [index, side] of sides.entries()) {
      const others = sides.slice(index + 1).flat();
      for (const a of side) {
        for (const b of others) this.#cut.add(pairOf(a, b));
      }
    }
  }

  heal(): void {
    this.#cut.clear();
  }

  reachable(a: string, b: string): boolean {
    return !this.#cut.has(pairOf(a, b));
  }
}

/** @throws InterrexError `BAD_OPTION` for sides that would leave everybody connected: a test would then pass for nothing. */
export function checkSides(sides: readonly (readonly string[])[]): void {
  const such = 'partition needs two sides or more, such as partition(["n1", "s1"], ["n2", "n3", "s2", "s3"])';
  if (sides.length < 2 || sides.some((side) => !Array.isArray(side) || side.length === 0)) {
    throw new InterrexError("BAD_OPTION", such);
  }
  const seen = new Set<string>();
  for (const id of sides.flatMap((side) => [...new Set(side)])) {
    if (seen.has(id))
      throw new InterrexError("BAD_OPTION", `partition can't cut ${id} off from itself: it is on two sides`);
    seen.add(id);
  }
}

function pairOf(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
