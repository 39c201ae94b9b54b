/**
 * One call of a host function by a script: its arguments, checked and worded as Lua 5.1's auxiliary library does it.
 * Results are returned as cells; errors are thrown through the machine.
 */
import { bytesOf, textOf } from "./bytes.ts";
import { bytesIn, copyOf, NONE, TYPE, textCell, textIn, typeNameOf, typeOf } from "./cells.ts";
import { BYTES_PER_INSTRUCTION, dialect, INSTRUCTIONS_PER_CALL, spend } from "./dialect.ts";
import {
  type Cell,
  type DebugRecord,
  debugging,
  type HostFunction,
  LuaDebug,
  type LuaState,
  type LuaTable,
  tables,
  vm,
} from "./lua-vm.ts";
import { numberToText, textToNumber, toInt64 } from "./numerals.ts";

const NAME_WANTED: Uint8Array = bytesOf("n");
const PLACE_WANTED: Uint8Array = bytesOf("Sl");
const INT32_MAX = 2 ** 31 - 1;
const INT64_LIMIT = 2 ** 63;
/** As a number. */
const BYTES_READ_PER_INSTRUCTION = 16;

type Results = Cell | readonly Cell[] | undefined;

export class Call {
  readonly state: LuaState;
  readonly count: number;
  readonly #base: number;

  constructor(state: LuaState) {
    this.state = state;
    this.#base = state.ci.funcOff;
    this.count = state.top - this.#base - 1;
  }

  /** Counted from 1; `NONE` beyond the last. */
  cell(at: number): Cell {
    return at <= this.count ? (this.state.stack[this.#base + at] as Cell) : NONE;
  }

  cells(from: number): Cell[] {
    const cells: Cell[] = [];
    for (let at = from; at <= this.count; at += 1) cells.push(copyOf(this.cell(at)));
    return cells;
  }

  /** Replaces an argument before it is passed on. */
  replace(at: number, cell: Cell): void {
    this.state.stack[this.#base + at] = cell;
  }

  isAbsent(at: number): boolean {
    return typeOf(this.cell(at)) <= TYPE.nil;
  }

  any(at: number): Cell {
    if (at > this.count) this.badArgument(at, "value expected");
    return this.cell(at);
  }

  bytes(at: number): Uint8Array {
    const cell = this.cell(at);
    const type = typeOf(cell);
    if (type === TYPE.string) return bytesIn(cell);
    if (type === TYPE.number) return bytesOf(numberToText(cell.value as number));
    return this.#wrongType(at, "string");
  }

  text(at: number): string {
    const bytes = this.bytes(at);
    spend(bytes.length / BYTES_PER_INSTRUCTION);
    return textOf(bytes);
  }

  number(at: number): number {
    const value = numberOf(this.cell(at));
    return value === undefined ? this.#wrongType(at, "number") : value;
  }

  /** Truncated, as C casts it, and held within 32 bits; what no 64 bits hold, as infinity, is the smallest. */
  integer(at: number): number {
    const value = this.number(at);
    if (!(Math.abs(value) < INT64_LIMIT)) return -INT32_MAX - 1;
    return Math.max(-INT32_MAX - 1, Math.min(INT32_MAX, Math.trunc(value)));
  }

  /** As a C cast to 64 bits and from there to 32: what is beyond them wraps. */
  wrappedInteger(at: number): number {
    const value = this.number(at);
    if (Math.abs(value) < INT32_MAX) return Math.trunc(value);
    return Number(BigInt.asIntN(32, toInt64(value)));
  }

  integerOr(at: number, otherwise: number): number {
    return this.isAbsent(at) ? otherwise : this.integer(at);
  }

  table(at: number): LuaTable {
    const cell = this.cell(at);
    return typeOf(cell) === TYPE.table ? (cell.value as LuaTable) : this.#wrongType(at, "table");
  }

  function(at: number): Cell {
    const cell = this.cell(at);
    return typeOf(cell) === TYPE.function ? cell : this.#wrongType(at, "function");
  }

  /** Calls a Lua function; errors pass through. */
  invoke(callee: Cell, args: readonly Cell[], resultCount: number): Cell[] {
    const { state } = this;
    vm.lua_checkstack(state, args.length + 1);
    const { top } = state;
    for (const cell of [callee, ...args]) {
      state.stack[state.top] = copyOf(cell);
      state.top += 1;
    }
    vm.lua_callk(state, args.length, resultCount, 0, null);
    const results = state.stack.slice(top, state.top);
    while (state.top > top) {
      state.top -= 1;
      delete state.stack[state.top];
    }
    return results;
  }

  /** Sets what a script may change; a read-only table raises. */
  set(table: LuaTable, key: Cell, value: Cell): void {
    tables.luaH_setfrom(this.state, table, key, value);
    tables.invalidateTMcache(table);
  }

  /** Raises `message` with the place of the caller in front. */
  fail(message: string): never {
    return this.raise(textCell(this.where(1) + message));
  }

  raise(error: Cell): never {
    this.state.stack[this.state.top] = copyOf(error);
    this.state.top += 1;
    return vm.lua_error(this.state);
  }

  /** `chunk:line: ` of the function at this level, or nothing when it is none of Lua's. */
  where(level: number): string {
    const record = this.#inspect(level, PLACE_WANTED);
    if (record === undefined || !(record.currentline > 0)) return "";
    return `${textOf(record.short_src ?? new Uint8Array())}:${record.currentline}: `;
  }

  badArgument(at: number, message: string): never {
    const record = this.#inspect(0, NAME_WANTED);
    const name = record?.name ? textOf(record.name) : "?";
    const isMethod = record?.namewhat ? textOf(record.namewhat) === "method" : false;
    if (isMethod && at === 1) return this.fail(`calling '${name}' on bad self (${message})`);
    return this.fail(`bad argument #${isMethod ? at - 1 : at} to '${name}' (${message})`);
  }

  #wrongType(at: number, expected: string): never {
    return this.badArgument(at, `${expected} expected, got ${typeNameOf(this.cell(at))}`);
  }

  #inspect(level: number, wanted: Uint8Array): DebugRecord | undefined {
    const record = new LuaDebug();
    if (!debugging.lua_getstack(this.state, level, record)) return undefined;
    debugging.lua_getinfo(this.state, wanted, record);
    return record;
  }
}

/** The number that a cell is, or that its text says. */
export function numberOf(cell: Cell): number | undefined {
  const type = typeOf(cell);
  if (type === TYPE.number) return cell.value as number;
  if (type !== TYPE.string) return undefined;
  spend(bytesIn(cell).length / BYTES_READ_PER_INSTRUCTION);
  return textToNumber(textIn(cell));
}

/** The text that a string or a number is to the libraries. */
export function textOrUndefined(cell: Cell): string | undefined {
  const type = typeOf(cell);
  if (type === TYPE.string) return textIn(cell);
  return type === TYPE.number ? numberToText(cell.value as number) : undefined;
}

export function hostFunction(run: (call: Call) => Results): HostFunction {
  return (state) => {
    dialect.work += INSTRUCTIONS_PER_CALL;
    const results = run(new Call(state));
    if (dialect.work > dialect.checkAt) dialect.check();
    if (results === undefined) return 0;
    if (!isList(results)) return push(state, [results]);
    return push(state, results);
  };
}

function isList(results: Cell | readonly Cell[]): results is readonly Cell[] {
  return Array.isArray(results);
}

function push(state: LuaState, results: readonly Cell[]): number {
  if (results.length > 1) vm.lua_checkstack(state, results.length);
  for (const cell of results) {
    state.stack[state.top] = copyOf(cell);
    state.top += 1;
  }
  return results.length;
}

/** What a library is before it becomes a table. */
export type Library = Readonly<Record<string, Cell | ((call: Call) => Results)>>;
