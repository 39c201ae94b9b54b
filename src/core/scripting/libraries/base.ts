/**
 * Lua 5.1's basic functions, but for those that reach out of the sandbox: no dofile, loadfile, require, print, module,
 * getfenv or setfenv. Sources are loaded as text only.
 */
import { bytesOf, textOf } from "../bytes.ts";
import { type Call, hostFunction, type Library, numberOf, textOrUndefined } from "../call.ts";
import {
  booleanCell,
  copyOf,
  fieldOf,
  functionCell,
  isTruthy,
  itemOf,
  NIL,
  NULL_POINTER,
  numberCell,
  TRUE,
  TYPE,
  textCell,
  textIn,
  typeNameOf,
  typeOf,
} from "../cells.ts";
import { dialect, INSTRUCTIONS_PER_ERROR, spend } from "../dialect.ts";
import { toEarlierMessage, toEarlierSyntaxMessage, toLaterSource } from "../earlier-words.ts";
import { protectedCall } from "../library.ts";
import { auxiliary, type Cell, type LuaState, type LuaTable, tables, vm } from "../lua-vm.ts";
import { numberToText, textToUint64 } from "../numerals.ts";

/** As many as fit Lua's stack. */
const UNPACK_MAX = 8000;
const INSTRUCTIONS_PER_ITEM = 5;
/** Compiling a text, or reading a number digit by digit. */
const INSTRUCTIONS_PER_LETTER = 30;
/** Of a source that comes in pieces. */
const INSTRUCTIONS_PER_PIECE = 60;

/** @returns `undefined` and leaves the function on the stack, or why it does not compile. */
export function loadText(state: LuaState, source: string, chunkName: string): string | undefined {
  const data = { string: bytesOf(toLaterSource(source)) as Uint8Array | null };
  const status = vm.lua_load(state, readOnce, data, bytesOf(chunkName), bytesOf("t"));
  if (status === 0) return undefined;
  const message = state.stack[state.top - 1] as Cell;
  vm.lua_settop(state, -2);
  return toEarlierSyntaxMessage(textOrUndefined(message) ?? "not enough memory");
}

function readOnce(_state: LuaState, data: { string: Uint8Array | null }): Uint8Array | null {
  const { string } = data;
  data.string = null;
  return string;
}

/** Errors as scripts see them: in 5.1's words, and of Redis's error tables only the text. */
function seenError(call: Call, error: Cell): Cell {
  const type = typeOf(error);
  if (type === TYPE.string) return textCell(toEarlierMessage(textIn(error)));
  if (type !== TYPE.table) return error;
  const text = fieldOf(call.state, error.value as LuaTable, ERR);
  return textOrUndefined(text) === undefined ? error : text;
}

const ERR = textCell("err");

/** Redis's own: an error table made by redis.call comes out as its text. */
function pcall(call: Call): Cell[] {
  call.any(1);
  const { state } = call;
  const base = state.ci.funcOff + 1;
  const ok = protectedCall(call, call.count - 1);
  if (ok) return [TRUE, ...state.stack.slice(base, state.top).map(copyOf)];
  dialect.work += INSTRUCTIONS_PER_ERROR;
  return [booleanCell(false), copyOf(seenError(call, state.stack[state.top - 1] as Cell))];
}

function xpcall(call: Call): Cell[] {
  const handler = call.any(2);
  const { state } = call;
  // Below the function that is called, so that the call can name it by its place.
  const translated = functionCell(
    hostFunction((inner) => {
      const error = translatedError(inner.cell(1));
      // It would run inside the hook that ends the script, where no hook could end it.
      return dialect.ending ? error : inner.invoke(handler, [error], 1);
    }),
  );
  const callee = copyOf(call.cell(1));
  vm.lua_settop(state, 0);
  for (const cell of [translated, callee]) {
    state.stack[state.top] = cell;
    state.top += 1;
  }
  const ok = vm.lua_pcallk(state, 0, -1, 1, 0, null) === 0;
  if (!ok) dialect.work += INSTRUCTIONS_PER_ERROR;
  return [booleanCell(ok), ...state.stack.slice(state.ci.funcOff + 2, state.top).map(copyOf)];
}

function translatedError(error: Cell): Cell {
  return typeOf(error) === TYPE.string ? textCell(toEarlierMessage(textIn(error))) : error;
}

function error(call: Call): never {
  const level = call.integerOr(2, 1);
  const cell = call.count === 0 ? NIL : call.cell(1);
  const text = level > 0 ? textOrUndefined(cell) : undefined;
  return call.raise(text === undefined ? cell : textCell(call.where(level) + text));
}

function assert(call: Call): Cell[] {
  if (isTruthy(call.any(1))) return call.cells(1);
  return call.fail(call.isAbsent(2) ? "assertion failed!" : call.text(2));
}

function tostring(call: Call): Cell {
  const cell = call.any(1);
  const own = metatableOf(call, cell);
  const convert = own === undefined ? NIL : fieldOf(call.state, own, TO_TEXT);
  // Whatever that is.
  if (typeOf(convert) !== TYPE.nil) return call.invoke(convert, [cell], 1)[0] ?? NIL;
  if (typeOf(cell) === TYPE.string) return cell;
  if (typeOf(cell) === TYPE.number) return textCell(numberToText(cell.value as number));
  if (cell.type === NULL_POINTER.type && cell.value === null) return textCell("userdata: (nil)");
  const text = textOf(auxiliary.luaL_tolstring(call.state, 1));
  // `__name`, which may stand before the address, is of 5.3.
  return textCell(text.replace(/^[\s\S]*(?=: 0x[0-9a-f]+$)/, typeNameOf(cell)));
}

const TO_TEXT = textCell("__tostring");

function tonumber(call: Call): Cell {
  const base = call.integerOr(2, 10);
  if (base === 10) {
    const value = numberOf(call.any(1));
    return value === undefined ? NIL : numberCell(value);
  }
  const text = call.text(1);
  spend(text.length * INSTRUCTIONS_PER_LETTER);
  if (base < 2 || base > 36) call.badArgument(2, "base out of range");
  const value = textToUint64(text, base);
  return value === undefined ? NIL : numberCell(Number(value));
}

function next(call: Call): Cell[] | Cell {
  const table = call.table(1);
  const { state } = call;
  vm.lua_settop(state, 2);
  const keyAt = state.ci.funcOff + 2;
  state.stack[state.top] = copyOf(NIL);
  state.top += 1;
  if (!tables.luaH_next(state, table, keyAt)) return NIL;
  return [asDouble(state.stack[keyAt] as Cell), state.stack[keyAt + 1] as Cell];
}

/** Whole keys are integers inside fengari's tables. */
function asDouble(cell: Cell): Cell {
  return typeOf(cell) === TYPE.number ? numberCell(cell.value as number) : cell;
}

const NEXT = functionCell(hostFunction(next));
const NEXT_ITEM = functionCell(
  hostFunction((call) => {
    const at = call.integer(2) + 1;
    const item = itemOf(call.table(1), at);
    return typeOf(item) === TYPE.nil ? NIL : [numberCell(at), item];
  }),
);

function setmetatable(call: Call): Cell {
  const table = call.table(1);
  const type = typeOf(call.cell(2));
  if (type !== TYPE.table && (type !== TYPE.nil || call.count < 2))
    call.badArgument(2, "nil or table expected");
  if (table.readonly === true) call.raise(textCell("Attempt to modify a readonly table"));
  if (table.metatable !== null && typeOf(fieldOf(call.state, table.metatable, PROTECTED)) !== TYPE.nil) {
    call.fail("cannot change a protected metatable");
  }
  table.metatable = type === TYPE.nil ? null : (call.cell(2).value as LuaTable);
  return call.cell(1);
}

const PROTECTED = textCell("__metatable");

function metatableOf({ state }: Call, cell: Cell): LuaTable | undefined {
  const own = typeOf(cell) === TYPE.table ? (cell.value as LuaTable).metatable : state.l_G.mt[typeOf(cell)];
  return own ?? undefined;
}

function getmetatable(call: Call): Cell {
  const own = metatableOf(call, call.any(1));
  if (own === undefined) return NIL;
  const shown = fieldOf(call.state, own, PROTECTED);
  return typeOf(shown) === TYPE.nil ? { type: TYPE.table, value: own } : shown;
}

function rawset(call: Call): Cell {
  const table = call.table(1);
  call.any(2);
  call.any(3);
  call.set(table, call.cell(2), call.cell(3));
  return call.cell(1);
}

function select(call: Call): Cell | Cell[] {
  const first = call.cell(1);
  if (typeOf(first) === TYPE.string && textIn(first) === "#") return numberCell(call.count - 1);
  const at = call.wrappedInteger(1);
  const from = at < 0 ? call.count + at : at;
  if (from < 1) call.badArgument(1, "index out of range");
  return call.cells(from + 1);
}

export function unpack(call: Call): Cell[] {
  const table = call.table(1);
  const from = call.integerOr(2, 1);
  const to = call.isAbsent(3) ? tables.luaH_getn(table) : call.integer(3);
  if (to - from >= UNPACK_MAX) call.fail("too many results to unpack");
  spend(Math.max(0, to - from) * INSTRUCTIONS_PER_ITEM);
  const cells: Cell[] = [];
  for (let at = from; at <= to; at += 1) cells.push(itemOf(table, at));
  return cells;
}

function loaded(call: Call, source: string, name: string): Cell | Cell[] {
  spend(source.length * INSTRUCTIONS_PER_LETTER);
  const failure = loadText(call.state, source, name);
  return failure === undefined ? (call.state.stack[call.state.top - 1] as Cell) : [NIL, textCell(failure)];
}

function loadstring(call: Call): Cell | Cell[] {
  const source = call.text(1);
  return loaded(call, source, call.isAbsent(2) ? source : call.text(2));
}

function load(call: Call): Cell | Cell[] {
  const reader = call.function(1);
  const name = call.isAbsent(2) ? "=(load)" : call.text(2);
  // Not one string that grows: of a million pieces it would be a tree as high.
  const pieces: string[] = [];
  for (;;) {
    spend(INSTRUCTIONS_PER_PIECE);
    const [piece = NIL] = call.invoke(reader, [], 1);
    const text = textOrUndefined(piece);
    if (text === undefined && typeOf(piece) !== TYPE.nil)
      return [NIL, textCell("reader function must return a string")];
    if (text === undefined || text === "") break;
    pieces.push(text);
  }
  return loaded(call, pieces.join(""), name);
}

/** Memory is the host's business: what it says here means nothing. */
function collectgarbage(call: Call): Cell {
  const option = call.isAbsent(1) ? "collect" : call.text(1);
  if (option === "count") return numberCell(64);
  if (!COLLECT_OPTIONS.has(option)) call.badArgument(1, `invalid option '${option}'`);
  return option === "step" ? TRUE : numberCell(0);
}

const COLLECT_OPTIONS = new Set(["stop", "restart", "collect", "count", "step", "setpause", "setstepmul"]);

export const BASE_LIBRARY: Library = {
  _VERSION: textCell("Lua 5.1"),
  assert,
  collectgarbage,
  error,
  gcinfo: () => numberCell(64),
  getmetatable,
  ipairs: (call) => [NEXT_ITEM, { type: TYPE.table, value: call.table(1) }, numberCell(0)],
  load,
  loadstring,
  next: NEXT,
  pairs: (call) => [NEXT, { type: TYPE.table, value: call.table(1) }, NIL],
  pcall,
  rawequal: (call) => {
    call.any(1);
    call.any(2);
    return booleanCell(Boolean(vm.lua_rawequal(call.state, 1, 2)));
  },
  rawget: (call) => {
    const table = call.table(1);
    return fieldOf(call.state, table, call.any(2));
  },
  rawset,
  select,
  setmetatable,
  tonumber,
  tostring,
  type: (call) => textCell(typeNameOf(call.any(1))),
  unpack,
  xpcall,
};
