/** A broken promise of the protocol, found by a check. */
import type { Operation } from "../clients/history.ts";

export class Violation extends Error {
  /** `S1` to `S11`, `L1` to `L5`, or `core` for a broken invariant inside a core. */
  readonly invariant: string;
  /** The operation that no order explains, or that is answered wrongly, where it was one. */
  readonly operation: Operation | undefined;

  constructor(invariant: string, message: string, operation?: Operation) {
    super(`${invariant}: ${message}`);
    this.operation = operation;
    this.name = "Violation";
    this.invariant = invariant;
  }
}

export function demand(
  holds: boolean,
  invariant: string,
  message: () => string,
  operation?: Operation,
): asserts holds {
  if (!holds) throw new Violation(invariant, message(), operation);
}
