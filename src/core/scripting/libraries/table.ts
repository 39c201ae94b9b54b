/** Lua 5.1's table library: plain access, no metamethods. */
import type { Call, Library } from "../call.ts";
import { textOrUndefined } from "../call.ts";
import { entriesOf, itemOf, NIL, numberCell, TYPE, textCell, typeNameOf, typeOf } from "../cells.ts";
import { BYTES_PER_INSTRUCTION, LUA_STRING_MAX, spend } from "../dialect.ts";
import { type Cell, tables } from "../lua-vm.ts";
import { sort } from "./table-sort.ts";

function concat(call: Call): Cell {
  const table = call.table(1);
  const separator = call.isAbsent(2) ? "" : call.text(2);
  const from = call.integerOr(3, 1);
  const to = call.isAbsent(4) ? tables.luaH_getn(table) : call.integer(4);
  const pieces: string[] = [];
  let length = 0;
  for (let at = from; at <= to; at += 1) {
    spend(INSTRUCTIONS_PER_ITEM);
    const item = itemOf(table, at);
    const text = textOrUndefined(item);
    if (text === undefined) {
      return call.fail(`invalid value (${typeNameOf(item)}) at index ${at} in table for 'concat'`);
    }
    length += text.length + separator.length;
    spend(text.length / BYTES_PER_INSTRUCTION);
    if (length > LUA_STRING_MAX) call.fail("not enough memory");
    pieces.push(text);
  }
  return textCell(pieces.join(separator));
}

function insert(call: Call): undefined {
  const table = call.table(1);
  const end = tables.luaH_getn(table) + 1;
  if (call.count === 2) {
    call.set(table, numberCell(end), call.cell(2));
    return;
  }
  if (call.count !== 3) call.fail("wrong number of arguments to 'insert'");
  const at = call.integer(2);
  const last = Math.max(end, at);
  spend((last - at) * INSTRUCTIONS_PER_ITEM);
  for (let to = last; to > at; to -= 1) {
    call.set(table, numberCell(to), itemOf(table, to - 1));
  }
  call.set(table, numberCell(at), call.cell(3));
}

function remove(call: Call): Cell | undefined {
  const table = call.table(1);
  const end = tables.luaH_getn(table);
  const at = call.integerOr(2, end);
  if (at < 1 || at > end) return undefined;
  spend((end - at) * INSTRUCTIONS_PER_ITEM);
  const { type, value } = itemOf(table, at);
  for (let to = at; to < end; to += 1) call.set(table, numberCell(to), itemOf(table, to + 1));
  call.set(table, numberCell(end), NIL);
  return { type, value };
}

function maxn(call: Call): Cell {
  let greatest = 0;
  for (const [key] of entriesOf(call.table(1))) {
    if (typeOf(key) === TYPE.number) greatest = Math.max(greatest, key.value as number);
  }
  return numberCell(greatest);
}

function foreach(call: Call): Cell | undefined {
  const table = call.table(1);
  const visit = call.function(2);
  for (const [key, value] of entriesOf(table)) {
    const shown = typeOf(key) === TYPE.number ? numberCell(key.value as number) : key;
    const [result = NIL] = call.invoke(visit, [shown, value], 1);
    if (typeOf(result) !== TYPE.nil) return result;
  }
  return undefined;
}

function foreachi(call: Call): Cell | undefined {
  const table = call.table(1);
  const visit = call.function(2);
  const count = tables.luaH_getn(table);
  for (let at = 1; at <= count; at += 1) {
    const [result = NIL] = call.invoke(visit, [numberCell(at), itemOf(table, at)], 1);
    if (typeOf(result) !== TYPE.nil) return result;
  }
  return undefined;
}

/** Of a list that is gone through, or moved. */
const INSTRUCTIONS_PER_ITEM = 10;

export const TABLE_LIBRARY: Library = {
  concat,
  foreach,
  foreachi,
  getn: (call) => numberCell(tables.luaH_getn(call.table(1))),
  insert,
  maxn,
  remove,
  setn: (call) => {
    call.table(1);
    return call.fail("'setn' is obsolete");
  },
  sort,
};
