/** Puts a recorded history before the linearizability checker, key by key. Judges nothing itself. */
import { unreachable } from "../../src/base/errors.ts";
import type { Operation } from "../chaos/history.ts";
import { type Action, checkKey, type TimedOperation } from "../chaos/linearizability.ts";
import { groupBy } from "./group-by.ts";

export interface UnexplainedKey {
  readonly key: string;
  /** In words: the operation that no order explains, or why there is no verdict. */
  readonly why: string;
}

/** @returns the keys whose answers no order explains, and those on which the search gave up. */
export function unexplainedKeys(operations: readonly Operation[]): UnexplainedKey[] {
  const unexplained: UnexplainedKey[] = [];
  for (const [key, ofKey] of groupBy(operations, (operation) => operation.key)) {
    const why = whyNotLinearizable(ofKey);
    if (why !== null) unexplained.push({ key, why });
  }
  return unexplained;
}

function whyNotLinearizable(operations: readonly Operation[]): string | null {
  try {
    const verdict = checkKey(operations.flatMap(timed));
    if (verdict.ok) return null;
    const { action, result, asked, heard } = verdict.stuckAt;
    return `stuck at ${JSON.stringify(action)} = ${result}, asked at ${asked.toFixed(3)} ms, heard at ${heard.toFixed(3)} ms`;
  } catch (error) {
    return (error as Error).message;
  }
}

/** What was certainly not executed is left out. */
function timed(operation: Operation, id: number): TimedOperation[] {
  if (operation.kind === "read") {
    const { value, invokedAtMs: asked, returnedAtMs: heard } = operation;
    return [{ id, action: { kind: "get" }, ...between(asked, heard), result: value }];
  }
  if (operation.outcome === "failed") return [];
  const heard = operation.outcome === "acknowledged" ? operation.returnedAtMs : Number.POSITIVE_INFINITY;
  const isHeard = heard !== Number.POSITIVE_INFINITY;
  const at = (action: Action, asked: number, result: string): TimedOperation[] => [
    { id, action, ...between(asked, heard), result: isHeard ? result : null },
  ];
  switch (operation.kind) {
    case "write":
      return at({ kind: "set", value: operation.value }, operation.invokedAtMs, "OK");
    case "increment":
      return at({ kind: "incr" }, operation.invokedAtMs, String(operation.result));
    case "compareAndSet": {
      const { expected, value } = operation;
      // Its effect comes with EXEC, which saw the key unchanged since it was looked at.
      return at({ kind: "cas", expected, value }, operation.execAtMs, "ok");
    }
    default:
      return unreachable(operation);
  }
}

/** One clock gives both the order and the time. */
function between(
  asked: number,
  heard: number,
): Pick<TimedOperation, "asked" | "heard" | "askedAtMs" | "heardAtMs"> {
  return { asked, heard, askedAtMs: asked, heardAtMs: heard };
}
