/**
 * `table.sort` as Lua 5.1 orders its comparisons: of items that are equal the same one comes first as in Redis, and an order
 * function that contradicts itself is refused, or overlooked, where it is there. 5.3 compares in another order.
 */
import type { Call } from "../call.ts";
import { copyOf, isTruthy, itemOf, NIL, numberCell } from "../cells.ts";
import { spend } from "../dialect.ts";
import { type Cell, comparing, tables } from "../lua-vm.ts";

const INSTRUCTIONS_PER_ITEM = 10;
const INSTRUCTIONS_PER_COMPARISON = 12;

type Less = (one: Cell, other: Cell) => boolean;

export function sort(call: Call): undefined {
  const table = call.table(1);
  const order = call.isAbsent(2) ? undefined : call.function(2);
  const count = tables.luaH_getn(table);
  spend(count * INSTRUCTIONS_PER_ITEM);
  const items: Cell[] = [];
  for (let at = 1; at <= count; at += 1) items.push(copyOf(itemOf(table, at)));
  const sorted = [...items];
  const less: Less =
    order === undefined
      ? (one, other) => Boolean(comparing.luaV_lessthan(call.state, one, other))
      : (one, other) => isTruthy(call.invoke(order, [one, other], 1)[0] ?? NIL);
  try {
    sortBetween(call, sorted, 0, count - 1, less);
  } finally {
    // As far as it came.
    for (const [at, item] of sorted.entries()) {
      if (item !== items[at]) call.set(table, numberCell(at + 1), item);
    }
  }
}

/** Quicksort around the median of three; the smaller part first, by recursion. */
function sortBetween(call: Call, items: Cell[], first: number, last: number, less: Less): void {
  let low = first;
  let high = last;
  const isLess = (one: number, other: number): boolean => {
    spend(INSTRUCTIONS_PER_COMPARISON);
    // An order function that contradicts itself leads beyond either end.
    return less(items[one] ?? NIL, items[other] ?? NIL);
  };
  const swap = (one: number, other: number): void => {
    const item = items[one] ?? NIL;
    items[one] = items[other] ?? NIL;
    items[other] = item;
  };
  while (low < high) {
    if (isLess(high, low)) swap(low, high);
    if (high - low === 1) return;
    const middle = Math.floor((low + high) / 2);
    if (isLess(middle, low)) swap(middle, low);
    else if (isLess(high, middle)) swap(middle, high);
    if (high - low === 2) return;
    const pivot = high - 1;
    swap(middle, pivot);
    let left = low;
    let right = pivot;
    for (;;) {
      left += 1;
      while (isLess(left, pivot)) {
        if (left > high) refuse(call);
        left += 1;
      }
      right -= 1;
      while (isLess(pivot, right)) {
        if (right < low) refuse(call);
        right -= 1;
      }
      if (right < left) break;
      swap(left, right);
    }
    swap(pivot, left);
    if (left - low < high - left) {
      sortBetween(call, items, low, left - 1, less);
      low = left + 1;
    } else {
      sortBetween(call, items, left + 1, high, less);
      high = left - 1;
    }
  }
}

function refuse(call: Call): never {
  return call.fail("invalid order function for sorting");
}
