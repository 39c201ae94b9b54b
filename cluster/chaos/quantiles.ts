/** Summaries of measured times, the same everywhere that one is shown. Pure. */
import { invariant } from "../../src/base/errors.ts";

/** The unit is that of the values. */
export interface Summary {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/** The value at `fraction` (0 to 1), nearest rank: always one of the values, never an invented one between two. */
export function quantile(ascending: ArrayLike<number>, fraction: number): number {
  const rank = Math.max(1, Math.ceil(fraction * ascending.length));
  const value = ascending[rank - 1];
  invariant(value !== undefined, "a quantile needs at least one value");
  return value;
}

/** @returns `null` for no values. */
export function summarize(values: Iterable<number>): Summary | null {
  const ascending = Float64Array.from(values).sort();
  if (ascending.length === 0) return null;
  return {
    count: ascending.length,
    min: quantile(ascending, 0),
    median: quantile(ascending, 0.5),
    p99: quantile(ascending, 0.99),
    max: quantile(ascending, 1),
  };
}
