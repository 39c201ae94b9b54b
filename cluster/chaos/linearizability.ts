/**
 * Whether the history of one key is linearizable: the search of Wing and Gong with Lowe's memory of what was tried.
 * Handles operations without an answer, and values that expire. It judges histories; it does not know where they
 * come from.
 */
import { Lifetimes } from "./lifetimes.ts";

export type Action =
  | { readonly kind: "get" }
  /** With `ttlMs` the value is gone so long after it was written, by the clock of whoever is asked. */
  | { readonly kind: "set"; readonly value: string; readonly ttlMs?: number }
  | { readonly kind: "incr" }
  /** EXEC of a SET under WATCH: takes effect only while the value is still `expected`. */
  | { readonly kind: "cas"; readonly expected: string | null; readonly value: string };

/** For `get` the value; for `incr` the sum as text; for `cas` whether it took effect, as "ok" or `null`. */
export type Result = string | null;

/** One operation on the key, as far as it matters here. */
export interface TimedOperation {
  readonly id: number;
  readonly action: Action;
  /** Place in the total order of asking and hearing. */
  readonly asked: number;
  /** `Infinity` while nothing was heard. */
  readonly heard: number;
  /** When, by the history's clock. */
  readonly askedAtMs: number;
  readonly heardAtMs: number;
  readonly result: Result;
}

export type Linearizability<One extends TimedOperation> =
  | { readonly ok: true }
  /** No order explains all answers; `stuckAt` could not be placed even where the search got furthest. */
  | { readonly ok: false; readonly stuckAt: One };

/** An asking (with its operation) or a hearing, in a list from which placed operations are lifted. */
interface Entry {
  readonly operation: TimedOperation;
  readonly index: number;
  /** The hearing of an asking; `null` in a hearing, and for what was never answered. */
  readonly hearing: Entry | null;
  readonly isHearing: boolean;
  previous: Entry | null;
  next: Entry | null;
}

type State = string | null;

/** No value is ever this: the state does not allow the operation. */
const IMPOSSIBLE: unique symbol = Symbol("impossible");

/**
 * @param clockSpreadMs by how much the clocks that values expire by may differ, from each other and from the history's.
 * @throws Error when the search grows beyond `stepsMax`: the history says nothing then.
 */
export function checkKey<One extends TimedOperation>(
  operations: readonly One[],
  stepsMax = 2_000_000,
  clockSpreadMs = 0,
): Linearizability<One> {
  const lifetimes = new Lifetimes(operations, clockSpreadMs);
  const stuckAt = new Search(withoutUnseen(operations), lifetimes).run(stepsMax);
  const one = operations.find((operation) => operation === stuckAt);
  return one === undefined ? { ok: true } : { ok: false, stuckAt: one };
}

interface Placed {
  readonly entry: Entry;
  /** Before it was placed. */
  readonly state: State;
  /** Nothing is lost by placing it here, so no other way is tried. */
  readonly isForced: boolean;
  /** An open increment has been tried at this point. */
  readonly triedOpenIncrement: boolean;
}

class Search {
  readonly #operations: readonly TimedOperation[];
  readonly #lifetimes: Lifetimes;
  readonly #head: Entry;
  readonly #bits: Uint32Array;
  readonly #tried = new Set<string>();
  readonly #stack: Placed[] = [];
  #unanswered: number;
  #state: State = null;

  constructor(operations: readonly TimedOperation[], lifetimes: Lifetimes) {
    this.#operations = operations;
    this.#lifetimes = lifetimes;
    this.#head = buildList(operations);
    this.#bits = new Uint32Array(Math.ceil(operations.length / 32));
    this.#unanswered = operations.filter(isAnswered).length;
  }

  /** @returns what could not be placed even where the search got furthest; `null` when all could. */
  run(stepsMax: number): TimedOperation | null {
    let furthest = Number.POSITIVE_INFINITY;
    let stuckAt: TimedOperation | undefined;
    let triedOpenIncrement = false;
    this.#placeReads();
    let entry = this.#head.next;
    for (let steps = 0; this.#unanswered > 0; steps++) {
      if (steps > stepsMax) {
        throw new Error(`no verdict on ${this.#operations.length} operations in ${stepsMax} steps`);
      }
      if (entry !== null && !entry.isHearing) {
        const { operation, index } = entry;
        // Open increments are alike: if the first can't be placed here, or need not, no other is tried.
        const isOpenIncrement = operation.action.kind === "incr" && !isAnswered(operation);
        const isRepeated = isOpenIncrement && triedOpenIncrement;
        if (isOpenIncrement) triedOpenIncrement = true;
        const after: State | typeof IMPOSSIBLE =
          isRepeated || isRead(operation) ? IMPOSSIBLE : step(this.#state, operation, this.#lifetimes);
        if (after === IMPOSSIBLE || !this.#isNew(index, after)) {
          entry = entry.next;
          continue;
        }
        this.#place(entry, after, false, triedOpenIncrement);
        this.#placeReads();
        entry = this.#head.next;
        triedOpenIncrement = false;
        continue;
      }
      if (entry !== null && this.#unanswered < furthest) {
        furthest = this.#unanswered;
        stuckAt = entry.operation;
      }
      const last = this.#backtrack();
      if (last === undefined) return stuckAt as TimedOperation;
      triedOpenIncrement = last.triedOpenIncrement;
      entry = last.entry.next;
    }
    return null;
  }

  /** Places every read that fits the state and may come now. */
  #placeReads(): void {
    let entry = this.#head.next;
    while (entry !== null && !entry.isHearing) {
      const { hearing, operation, next } = entry;
      const fits = isRead(operation) && step(this.#state, operation, this.#lifetimes) !== IMPOSSIBLE;
      if (fits) this.#place(entry, this.#state, true, false);
      // Its hearing is lifted with it.
      entry = fits && hearing !== null && next === hearing ? hearing.next : next;
    }
  }

  #place(entry: Entry, after: State, isForced: boolean, triedOpenIncrement: boolean): void {
    this.#stack.push({ entry, state: this.#state, isForced, triedOpenIncrement });
    this.#state = after;
    this.#flip(entry.index);
    lift(entry);
    if (isAnswered(entry.operation)) this.#unanswered--;
  }

  /** Takes back the last choice, and all that followed from it. */
  #backtrack(): Placed | undefined {
    for (let last = this.#stack.pop(); last !== undefined; last = this.#stack.pop()) {
      this.#flip(last.entry.index);
      unlift(last.entry);
      if (isAnswered(last.entry.operation)) this.#unanswered++;
      this.#state = last.state;
      if (!last.isForced) return last;
    }
    return undefined;
  }

  #flip(index: number): void {
    this.#bits[index >> 5] = (this.#bits[index >> 5] as number) ^ (1 << (index & 31));
  }

  /** Remembers what has been placed with which outcome; a second way to the same point is not tried again. */
  #isNew(index: number, state: State): boolean {
    this.#flip(index);
    const key = `${state} ${this.#bits.join()}`;
    this.#flip(index);
    if (this.#tried.has(key)) return false;
    this.#tried.add(key);
    return true;
  }
}

/** It changes nothing, whatever it says. */
function isRead({ action, result, heard }: TimedOperation): boolean {
  const isFailedSwap = action.kind === "cas" && result === null && heard !== Number.POSITIVE_INFINITY;
  return action.kind === "get" || isFailedSwap;
}

function isAnswered(operation: TimedOperation): boolean {
  return operation.heard !== Number.POSITIVE_INFINITY;
}

/**
 * Leaves out open operations that no answer bears witness of: each value is written once, so if nobody has seen it,
 * any order that has the write is as good without it. One that expires may be what a "nothing there" bears witness of.
 */
function withoutUnseen(operations: readonly TimedOperation[]): TimedOperation[] {
  const seen = new Set<string | null>();
  for (const operation of operations) {
    if (isAnswered(operation) && operation.action.kind === "get") seen.add(operation.result);
    if (operation.action.kind === "cas") seen.add(operation.action.expected);
  }
  return operations.filter((operation) => {
    const { action } = operation;
    if (isAnswered(operation)) return true;
    if (action.kind === "get") return false;
    if (action.kind === "set" && action.ttlMs !== undefined && seen.has(null)) return true;
    return action.kind === "incr" || seen.has(action.value);
  });
}

function step(state: State, operation: TimedOperation, lifetimes: Lifetimes): State | typeof IMPOSSIBLE {
  const { action } = operation;
  switch (action.kind) {
    case "get":
      return lifetimes.mayShow(state, operation.result, operation) ? state : IMPOSSIBLE;
    case "set":
      return action.value;
    case "incr": {
      const sum = String(Number(state ?? "0") + 1);
      return !isAnswered(operation) || operation.result === sum ? sum : IMPOSSIBLE;
    }
    case "cas":
      return compareAndSet(state, action, operation, lifetimes.mayShow(state, action.expected, operation));
    default:
      return action satisfies never;
  }
}

function compareAndSet(
  state: State,
  action: Extract<Action, { kind: "cas" }>,
  operation: TimedOperation,
  holds: boolean,
): State | typeof IMPOSSIBLE {
  if (!isAnswered(operation) || operation.result !== null) return holds ? action.value : IMPOSSIBLE;
  // It only said that the key was touched, perhaps between WATCH and the GET that followed it: nothing is known.
  return state;
}

function buildList(operations: readonly TimedOperation[]): Entry {
  const points: { readonly at: number; readonly entry: Entry }[] = [];
  for (const [index, operation] of operations.entries()) {
    const hearing: Entry | null = isAnswered(operation)
      ? { operation, index, hearing: null, isHearing: true, previous: null, next: null }
      : null;
    points.push({
      at: operation.asked,
      entry: { operation, index, hearing, isHearing: false, previous: null, next: null },
    });
    if (hearing !== null) points.push({ at: operation.heard, entry: hearing });
  }
  points.sort((a, b) => a.at - b.at);
  const head = { next: null as Entry | null } as Entry;
  let last = head;
  for (const { entry } of points) {
    last.next = entry;
    entry.previous = last;
    last = entry;
  }
  return head;
}

function lift(entry: Entry): void {
  unlink(entry);
  if (entry.hearing !== null) unlink(entry.hearing);
}

function unlift(entry: Entry): void {
  if (entry.hearing !== null) relink(entry.hearing);
  relink(entry);
}

function unlink(entry: Entry): void {
  if (entry.previous !== null) entry.previous.next = entry.next;
  if (entry.next !== null) entry.next.previous = entry.previous;
}

function relink(entry: Entry): void {
  if (entry.previous !== null) entry.previous.next = entry;
  if (entry.next !== null) entry.next.previous = entry;
}
