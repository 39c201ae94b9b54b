/** A broken promise of the protocol, found by a check. */
export class Violation extends Error {
  /** `S1` to `S11`, `L1` to `L5`, or `core` for a broken invariant inside a core. */
  readonly invariant: string;

  constructor(invariant: string, message: string) {
    super(`${invariant}: ${message}`);
    this.name = "Violation";
    this.invariant = invariant;
  }
}

export function demand(holds: boolean, invariant: string, message: () => string): asserts holds {
  if (!holds) throw new Violation(invariant, message());
}
