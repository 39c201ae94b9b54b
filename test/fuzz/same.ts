/** Deep equality for properties; -0 and 0 differ, as bytes do. */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";

export function same(actual: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(
    `broken: ${what}\n  got      ${fc.stringify(actual)}\n  expected ${fc.stringify(expected)}`,
  );
}
