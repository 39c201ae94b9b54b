/**
 * What clients asked and heard, in one total order. An operation that was never answered may have taken effect at any
 * time after it was asked, or never. Judges nothing.
 */

export type Action =
  | { readonly kind: "get" }
  /** With `ttlMs` the value is gone so long after it was written, by the clock of whoever is asked. */
  | { readonly kind: "set"; readonly value: string; readonly ttlMs?: number }
  | { readonly kind: "incr" }
  /** EXEC of a SET under WATCH: takes effect only while the value is still `expected`. */
  | { readonly kind: "cas"; readonly expected: string | null; readonly value: string };

/** For `get` the value; for `incr` the sum as text; for `cas` whether it took effect, as "ok" or `null`. */
export type Result = string | null;

export interface Operation {
  readonly id: number;
  readonly client: string;
  /** Whom it was asked of. */
  readonly node: string;
  readonly key: string;
  readonly action: Action;
  /** Place in the total order of asking and hearing. */
  readonly asked: number;
  readonly askedAtMs: number;
  /** `Infinity` while nothing was heard. */
  heard: number;
  heardAtMs: number;
  result: Result;
}

/** What becomes of an operation. `left`: its client waits no more, and does not know. */
export type OperationPhase = "asked" | "answered" | "refused" | "left";

export class History {
  /** All that may have had an effect or was answered; what was refused unexecuted is not among them. */
  readonly operations: Set<Operation> = new Set();
  acknowledged = 0;
  refused = 0;
  readonly #onEvent: (phase: OperationPhase, operation: Operation) => void;
  #order = 0;
  #ids = 0;

  constructor(onEvent: (phase: OperationPhase, operation: Operation) => void = () => {}) {
    this.#onEvent = onEvent;
  }

  /** @param isStaleAllowed a replica may answer with what was true at any time before. */
  ask(
    { client, node }: { readonly client: string; readonly node: string },
    key: string,
    action: Action,
    nowMs: number,
    isStaleAllowed: boolean,
  ): Operation {
    const operation: Operation = {
      id: ++this.#ids,
      client,
      node,
      key,
      action,
      asked: isStaleAllowed ? 0 : ++this.#order,
      askedAtMs: nowMs,
      heard: Number.POSITIVE_INFINITY,
      heardAtMs: Number.POSITIVE_INFINITY,
      result: null,
    };
    this.operations.add(operation);
    this.#onEvent("asked", operation);
    return operation;
  }

  answer(operation: Operation, result: Result, nowMs: number): void {
    operation.heard = ++this.#order;
    operation.heardAtMs = nowMs;
    operation.result = result;
    this.acknowledged++;
    this.#onEvent("answered", operation);
  }

  /** Nobody waits for an answer any more; it may take effect all the same. */
  leave(operation: Operation): void {
    this.#onEvent("left", operation);
  }

  /** It was certainly not executed. */
  refuse(operation: Operation): void {
    this.operations.delete(operation);
    this.refused++;
    this.#onEvent("refused", operation);
  }
}
