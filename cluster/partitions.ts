/** Which members of an in-process cluster are cut off from each other. Pure: cuts nothing itself. */

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

function pairOf(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
