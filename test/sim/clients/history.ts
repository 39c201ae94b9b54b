/**
 * What clients asked and heard, in one total order. An operation that was never answered may have taken effect at any
 * time after it was asked, or never. Judges nothing.
 */
import type { Action, Result, TimedOperation } from "../../../cluster/chaos/linearizability.ts";

export interface Operation extends TimedOperation {
  readonly client: string;
  readonly key: string;
  readonly askedAtMs: number;
  heard: number;
  heardAtMs: number;
  result: Result;
}

export class History {
  /** All that may have had an effect or was answered; what was refused unexecuted is not among them. */
  readonly operations: Set<Operation> = new Set();
  acknowledged = 0;
  refused = 0;
  #order = 0;
  #ids = 0;

  /** @param isStaleAllowed a replica may answer with what was true at any time before. */
  ask(client: string, key: string, action: Action, nowMs: number, isStaleAllowed: boolean): Operation {
    const operation: Operation = {
      id: ++this.#ids,
      client,
      key,
      action,
      asked: isStaleAllowed ? 0 : ++this.#order,
      askedAtMs: nowMs,
      heard: Number.POSITIVE_INFINITY,
      heardAtMs: Number.POSITIVE_INFINITY,
      result: null,
    };
    this.operations.add(operation);
    return operation;
  }

  answer(operation: Operation, result: Result, nowMs: number): void {
    operation.heard = ++this.#order;
    operation.heardAtMs = nowMs;
    operation.result = result;
    this.acknowledged++;
  }

  /** It was certainly not executed. */
  refuse(operation: Operation): void {
    this.operations.delete(operation);
    this.refused++;
  }
}
