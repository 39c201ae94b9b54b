/** S8 on the histories of several keys: each must be linearizable. Says which answer no order explains. */

import { checkKey } from "../../../cluster/chaos/linearizability.ts";
import type { Millis } from "../../../src/base/ids.ts";
import type { Operation } from "../clients/history.ts";
import { Violation } from "./violation.ts";

const STEPS_MAX = 2_000_000;

/** What was asked before acknowledged writes were lost for good, as far as it was answered by then. */
export function untilLoss(operations: Iterable<Operation>, lostAtMs: Millis | null): Iterable<Operation> {
  if (lostAtMs === null) return operations;
  return [...operations]
    .filter(({ askedAtMs }) => askedAtMs < lostAtMs)
    .map((operation) =>
      operation.heardAtMs < lostAtMs
        ? operation
        : { ...operation, heard: Number.POSITIVE_INFINITY, heardAtMs: Number.POSITIVE_INFINITY },
    );
}

/** @throws Violation S8. */
export function checkKeys(
  operations: Iterable<Operation>,
  keys: readonly string[],
  clockSpreadMs: Millis,
): void {
  const byKey = new Map<string, Operation[]>(keys.map((key) => [key, []]));
  for (const operation of operations) byKey.get(operation.key)?.push(operation);
  for (const [key, ofKey] of byKey) {
    const verdict = checkKey(ofKey, STEPS_MAX, clockSpreadMs);
    if (verdict.ok) continue;
    const { stuckAt } = verdict;
    throw new Violation(
      "S8",
      `no order explains the answers on ${key}; stuck at ${stuckAt.client} ` +
        `${JSON.stringify(stuckAt.action)} = ${stuckAt.result}, asked at ${stuckAt.askedAtMs.toFixed(1)} ms, ` +
        `heard at ${stuckAt.heardAtMs.toFixed(1)} ms`,
      stuckAt,
    );
  }
}
