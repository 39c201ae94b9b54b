/** Makes Lua tables out of libraries, and adopts functions of fengari's own libraries where 5.1 and 5.3 agree. */
import { type Call, hostFunction, type Library } from "./call.ts";
import { bytesIn, functionCell, newTable, numberCell, setField, TYPE, textCell, typeOf } from "./cells.ts";
import { dialect } from "./dialect.ts";
import { type Cell, type HostFunction, type LuaState, type LuaTable, objects, tables, vm } from "./lua-vm.ts";

/** Patterns look at each byte at least once. */
const BYTES_SEARCHED_PER_INSTRUCTION = 2;
const NUMBER_INTEGER = 3 | (1 << 4);

export function tableOf(state: LuaState, library: Library): LuaTable {
  const table = newTable(state);
  fill(table, library);
  return table;
}

export function fill(table: LuaTable, library: Library): void {
  for (const [name, item] of Object.entries(library)) {
    setField(table, name, typeof item === "function" ? functionCell(hostFunction(item)) : item);
  }
}

/** The functions that an opener of fengari leaves in its table. */
export function openLibrary(
  state: LuaState,
  open: (state: LuaState) => number,
): (name: string) => HostFunction {
  open(state);
  const cell = state.stack[state.top - 1] as Cell;
  const table = cell.value as LuaTable;
  state.top -= 1;
  return (name) => {
    const found = tables.luaH_get(state, table, textCell(name));
    if (typeOf(found) !== TYPE.function) throw new Error(`fengari has no function ${name}`);
    return found.value as HostFunction;
  };
}

/**
 * A function of fengari with 5.1's way with numbers: arguments at `integers` are truncated, results are doubles.
 *
 * @param prepare looks at the arguments first, and may replace some.
 */
export function adopted(
  run: HostFunction,
  integers: readonly number[] = [],
  prepare?: (state: LuaState) => void,
): Cell {
  return functionCell((state) => {
    const base = state.ci.funcOff;
    dialect.work += sizeOf(state.stack[base + 1]) / BYTES_SEARCHED_PER_INSTRUCTION;
    for (const at of integers) {
      const index = base + at;
      if (index >= state.top) continue;
      const cell = state.stack[index] as Cell;
      if (cell.type === TYPE.number) state.stack[index] = numberCell(toInt32(cell.value as number));
    }
    prepare?.(state);
    if (dialect.work > dialect.checkAt) dialect.check();
    const count = run(state);
    for (let at = state.top - count; at < state.top; at += 1) {
      const cell = state.stack[at] as Cell;
      if (cell.type === NUMBER_INTEGER) state.stack[at] = new objects.TValue(TYPE.number, cell.value);
    }
    return count;
  });
}

function sizeOf(cell: Cell | undefined): number {
  return cell !== undefined && typeOf(cell) === TYPE.string ? bytesIn(cell).length : 0;
}

function toInt32(value: number): number {
  if (Number.isNaN(value)) return -(2 ** 31);
  return Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(value)));
}

/** Calls what is on the stack with error handling. @returns whether it went well; results or the error are on the stack. */
export function protectedCall(call: Call, args: number): boolean {
  return vm.lua_pcallk(call.state, args, -1, 0, 0, null) === 0;
}
