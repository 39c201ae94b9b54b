/**
 * Pages of a scan over positions without holes, where the last one takes the place of one that goes: from the end to
 * the beginning, so that whoever is present throughout comes up, now and then more than once, and who comes meanwhile
 * is not chased.
 */

export interface Page {
  /** How many are still to come; 0 when the scan is complete. */
  readonly cursor: number;
  /** Positions of this page: from `from` down to `to`, both included; none when `to` is greater. */
  readonly from: number;
  readonly to: number;
}

/** @param cursor of the page before; 0 to begin. */
export function pageOf(size: number, cursor: number, count: number): Page {
  const from = (cursor === 0 ? size : Math.min(cursor, size)) - 1;
  const to = Math.max(0, from - count + 1);
  return { cursor: to, from, to };
}
