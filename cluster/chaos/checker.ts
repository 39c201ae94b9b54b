/**
 * The verdict on a chaos history: which acknowledged writes were lost, and what else no single correct store could have answered.
 * Pure: history in, verdict out. It knows nothing of Redis, of faults or of why something went wrong.
 */
import { invariant, unreachable } from "../../src/base/errors.ts";
import { checkCounter } from "./check-counter.ts";
import { checkRegister, type RegisterRead, type RegisterWrite } from "./check-register.ts";
import type { CompareAndSetOperation, IncrementOperation, Operation, ReadOperation } from "./history.ts";

/** Something that no single correct store could have answered. */
export interface Anomaly {
  readonly key: string;
  readonly kind:
    | "lost-write"
    | "stale-read"
    | "unknown-value"
    | "read-from-the-future"
    | "lost-increment"
    | "extra-increment"
    | "lost-update";
  /** In words, with the values and times that prove it. */
  readonly detail: string;
}

export interface Verdict {
  readonly acknowledged: number;
  readonly failed: number;
  readonly indeterminate: number;
  readonly reads: number;
  /** Acknowledged writes and increments that a later answer proves gone. */
  readonly lost: number;
  /** All of them counted, the first {@link ANOMALIES_KEPT} kept. */
  readonly anomalyCount: number;
  readonly anomalies: readonly Anomaly[];
}

export interface CheckOptions {
  /**
   * The client may send a command again by itself after a lost connection (ioredis does by default): then an increment may count twice,
   * and that is the client's doing, not the server's.
   */
  readonly clientResends: boolean;
}

export const ANOMALIES_KEPT = 100;

/**
 * Checks a history, key by key.
 *
 * A key written by SET or compare-and-set must be a linearizable register, a key used by INCR a counter that only grows.
 * Indeterminate operations may have happened at any time after their call, or never.
 *
 * @param operations in any order; a key takes either writes and compare-and-sets, or increments.
 */
export function check(operations: readonly Operation[], options: CheckOptions): Verdict {
  const totals = { acknowledged: 0, failed: 0, indeterminate: 0, reads: 0 };
  const byKey = new Map<string, Operation[]>();
  for (const operation of operations) {
    if (operation.kind === "read") totals.reads += 1;
    else totals[operation.outcome] += 1;
    const ofKey = byKey.get(operation.key);
    if (ofKey === undefined) byKey.set(operation.key, [operation]);
    else ofKey.push(operation);
  }

  const anomalies: Anomaly[] = [];
  let anomalyCount = 0;
  let lost = 0;
  for (const [key, ofKey] of byKey) {
    const found = checkKey(key, ofKey, options);
    lost += found.lost;
    anomalyCount += found.anomalies.length;
    anomalies.push(...found.anomalies.slice(0, ANOMALIES_KEPT - anomalies.length));
  }
  return { ...totals, lost, anomalyCount, anomalies };
}

interface KeyVerdict {
  readonly lost: number;
  readonly anomalies: readonly Anomaly[];
}

function checkKey(key: string, operations: readonly Operation[], options: CheckOptions): KeyVerdict {
  const writes: RegisterWrite[] = [];
  const reads: RegisterRead[] = [];
  const plainReads: ReadOperation[] = [];
  const increments: IncrementOperation[] = [];
  const compareAndSets: CompareAndSetOperation[] = [];
  for (const operation of operations) {
    switch (operation.kind) {
      case "read":
        plainReads.push(operation);
        reads.push(operation);
        break;
      case "write":
        if (operation.outcome !== "failed") {
          writes.push({ ...operation, acknowledged: operation.outcome === "acknowledged" });
        }
        break;
      case "increment":
        increments.push(operation);
        break;
      case "compareAndSet":
        compareAndSets.push(operation);
        if (operation.outcome === "failed") break;
        writes.push({
          value: operation.value,
          invokedAtMs: operation.execAtMs,
          returnedAtMs: operation.returnedAtMs,
          acknowledged: operation.outcome === "acknowledged",
        });
        // Its EXEC saw the key unchanged since WATCH: as good as a read of the old value at that moment.
        if (operation.outcome === "acknowledged") {
          reads.push({
            value: operation.expected,
            invokedAtMs: operation.invokedAtMs,
            returnedAtMs: operation.returnedAtMs,
          });
        }
        break;
      default:
        unreachable(operation);
    }
  }
  invariant(
    increments.length === 0 || writes.length === 0,
    `key ${key} is used as a counter and as a register`,
  );
  if (increments.length > 0) return checkCounter(key, increments, plainReads, options.clientResends);
  const register = checkRegister(key, writes, reads);
  const updates = checkUpdates(key, compareAndSets);
  return { lost: register.lost, anomalies: [...register.anomalies, ...updates] };
}

/** Two successful compare-and-sets of one value: the second must have run on a state that had forgotten the first. */
function checkUpdates(key: string, operations: readonly CompareAndSetOperation[]): Anomaly[] {
  const successor = new Map<string | null, string>();
  const anomalies: Anomaly[] = [];
  for (const { outcome, expected, value } of operations) {
    if (outcome !== "acknowledged") continue;
    const other = successor.get(expected);
    if (other === undefined) {
      successor.set(expected, value);
      continue;
    }
    const detail = `${expected ?? "(absent)"} was replaced twice: by ${other} and by ${value}`;
    anomalies.push({ key, kind: "lost-update", detail });
  }
  return anomalies;
}
