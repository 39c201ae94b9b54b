/** Lua values as the libraries here handle them: making them, reading them, and plain access to tables. */
import { bytesOf, textOf } from "./bytes.ts";
import { BYTES_PER_INSTRUCTION, dialect, LONG_BYTES, setUnprotected, spend } from "./dialect.ts";
import {
  type Cell,
  type HostFunction,
  type LuaState,
  type LuaTable,
  objects,
  strings,
  tables,
} from "./lua-vm.ts";

export const TYPE = {
  none: -1,
  nil: 0,
  boolean: 1,
  lightUserdata: 2,
  number: 3,
  string: 4,
  table: 5,
  function: 6,
  userdata: 7,
  thread: 8,
} as const;

/** The variant bits of a cell's type tell long strings, integers and host functions apart. */
const BASE_TYPE = 0x0f;
/** What a look at each entry of a table costs. */
const INSTRUCTIONS_PER_ENTRY = 10;
const HOST_FUNCTION = 6 | (1 << 4);
/** All strings that fengari makes are of this variant, whatever their length; `==` is never true between two variants. */
const STRING = 4 | (1 << 4);

export const NONE: Cell = new objects.TValue(TYPE.none, null);
export const NIL: Cell = new objects.TValue(TYPE.nil, null);
export const TRUE: Cell = new objects.TValue(TYPE.boolean, true);
export const FALSE: Cell = new objects.TValue(TYPE.boolean, false);
/** `cjson.null`. */
export const NULL_POINTER: Cell = new objects.TValue(TYPE.lightUserdata, null);

const NAMES = ["nil", "boolean", "userdata", "number", "string", "table", "function", "userdata", "thread"];

export function typeOf(cell: Cell): number {
  return cell.type < 0 ? cell.type : cell.type & BASE_TYPE;
}

export function typeNameOf(cell: Cell): string {
  return NAMES[typeOf(cell)] ?? "no value";
}

export function copyOf(cell: Cell): Cell {
  return new objects.TValue(cell.type, cell.value);
}

export function textCell(text: string): Cell {
  return bytesCell(bytesOf(text));
}

export function bytesCell(bytes: Uint8Array): Cell {
  if (bytes.length > LONG_BYTES) spend(bytes.length / BYTES_PER_INSTRUCTION);
  else dialect.work += bytes.length / BYTES_PER_INSTRUCTION;
  return new objects.TValue(STRING, strings.luaS_bless(null, bytes));
}

export function numberCell(value: number): Cell {
  return new objects.TValue(TYPE.number, value);
}

export function booleanCell(value: boolean): Cell {
  return value ? TRUE : FALSE;
}

export function functionCell(run: HostFunction): Cell {
  return new objects.TValue(HOST_FUNCTION, run);
}

export function tableCell(table: LuaTable): Cell {
  return new objects.TValue(TYPE.table, table);
}

/** @param cell a string. */
export function bytesIn(cell: Cell): Uint8Array {
  return (cell.value as { realstring: Uint8Array }).realstring;
}

/** @param cell a string. */
export function textIn(cell: Cell): string {
  return textOf(bytesIn(cell));
}

export function isTruthy(cell: Cell): boolean {
  return typeOf(cell) > TYPE.boolean || cell.value === true;
}

export function newTable(state: LuaState): LuaTable {
  return tables.luaH_new(state);
}

/** A table of these values at 1, 2, 3, ... */
export function listCell(state: LuaState, items: readonly Cell[]): Cell {
  const table = newTable(state);
  for (const [at, item] of items.entries()) tables.luaH_setint(table, at + 1, item);
  return tableCell(table);
}

/** Past the protection of read-only tables and without metamethods. */
export function setField(table: LuaTable, name: string, value: Cell): void {
  setUnprotected(table, textCell(name), value);
}

/** Without metamethods. */
export function fieldOf(state: LuaState, table: LuaTable, name: Cell): Cell {
  return tables.luaH_get(state, table, name);
}

export function itemOf(table: LuaTable, at: number): Cell {
  return tables.luaH_getint(table, at);
}

export function* entriesOf(table: LuaTable): IterableIterator<readonly [key: Cell, value: Cell]> {
  spend(table.strong.size * INSTRUCTIONS_PER_ENTRY);
  for (let entry = table.f; entry !== undefined; entry = entry.n) yield [entry.key, entry.value];
}
