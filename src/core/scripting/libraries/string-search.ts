/**
 * Lua 5.1's find, match, gmatch and gsub. What matches is for fengari's patterns to say; where the next search begins, above all
 * behind an empty match, is decided here where 5.3 does it otherwise.
 */
import { bytesOf, textOf } from "../bytes.ts";
import { Call, hostFunction, type Library, textOrUndefined } from "../call.ts";
import {
  bytesCell,
  copyOf,
  functionCell,
  isTruthy,
  NIL,
  numberCell,
  TYPE,
  textCell,
  typeNameOf,
  typeOf,
} from "../cells.ts";
import { dialect, LUA_STRING_MAX } from "../dialect.ts";
import { adopted, BYTES_SEARCHED_PER_INSTRUCTION } from "../library.ts";
import { type Cell, type HostFunction, type LuaState, objects, vm } from "../lua-vm.ts";

interface Match {
  /** The bytes from `start` up to, not including, `end`. */
  readonly start: number;
  readonly end: number;
  /** What the pattern captures; without parentheses nothing. */
  readonly captures: readonly Cell[];
}

/** `%b` and its two letters; or a class of 5.3 that 5.1 does not have, where `%` stands for the letter itself. */
const LATER_CLASSES = /(%b[\s\S]{2}|%[^gG])|%([gG])/g;

function earlierPattern(pattern: string): string {
  return pattern.replace(LATER_CLASSES, (whole, kept) => kept ?? whole.slice(1));
}

/** An item of a pattern and how often it comes; without it what surrounds captures, and what takes no room. */
const PATTERN_ITEM =
  /%b[\s\S]{2}|\(|\)|%f\[\^?\]?(?:%[\s\S]|[^\]%])*\]|%\d|(?:\[\^?\]?(?:%[\s\S]|[^\]%])*\]|%[\s\S]|[\s\S])([*?+-]?)/g;

/** Whether each match is sure to have a byte: 5.1 and 5.3 then find the same ones. A pattern of which that is not clear has none. */
function takesRoom(pattern: string): boolean {
  for (const [item, often] of pattern.replace(/^\^|\$$/g, "").matchAll(PATTERN_ITEM)) {
    // A class without an end: fengari says so. To look for the end of each such again and again would take too long.
    if (item.startsWith("[") && !item.includes("]")) return true;
    if (item.startsWith("%b") || often === "" || often === "+") return true;
  }
  return false;
}

/** Before functions of fengari's: the pattern as 5.1 reads it. */
function preparePattern(state: LuaState): void {
  const call = new Call(state);
  const pattern = textOrUndefined(call.cell(2));
  if (pattern !== undefined && /%g/i.test(pattern)) call.replace(2, textCell(earlierPattern(pattern)));
}

/** Before find and match: no search from beyond the end, either. */
function prepare(state: LuaState): void {
  const call = new Call(state);
  const isPlain = call.count >= 4 && isTruthy(call.cell(4));
  if (!isPlain) preparePattern(state);
  if (call.isAbsent(3)) return;
  const { length } = call.bytes(1);
  if (call.integer(3) > length + 1) call.replace(3, numberCell(length + 1));
}

/** One text searched for one pattern, by host functions whose arguments are not needed any more: they are overwritten. */
class Search {
  readonly text: Uint8Array;
  readonly #find: HostFunction;
  readonly #textCell: Cell;
  readonly #patternCell: Cell;

  constructor(find: HostFunction, text: Uint8Array, pattern: string) {
    this.text = text;
    this.#find = find;
    this.#textCell = bytesCell(text);
    this.#patternCell = textCell(pattern);
  }

  /** The first match at `from` or behind it. */
  next(state: LuaState, from: number): Match | undefined {
    vm.lua_settop(state, 0);
    for (const cell of [this.#textCell, this.#patternCell, numberCell(from + 1)]) {
      state.stack[state.top] = copyOf(cell);
      state.top += 1;
    }
    const count = this.#find(state);
    const found = state.stack.slice(state.top - count, state.top).map(asDouble);
    vm.lua_settop(state, 0);
    const [first, last, ...captures] = found;
    const start = typeOf(first ?? NIL) === TYPE.number ? (first?.value as number) - 1 : undefined;
    const end = start === undefined ? this.text.length : (last?.value as number);
    dialect.work += (end - from) / BYTES_SEARCHED_PER_INSTRUCTION + INSTRUCTIONS_PER_SEARCH;
    if (dialect.work > dialect.checkAt) dialect.check();
    return start === undefined ? undefined : { start, end, captures };
  }

  /** What a match gives: its captures, or else all of it. */
  valuesOf({ start, end, captures }: Match): readonly Cell[] {
    return captures.length > 0 ? captures : [bytesCell(this.text.slice(start, end))];
  }
}

/** A search by itself takes some microseconds. */
const INSTRUCTIONS_PER_SEARCH = 60;

/** Positions come as integers, which 5.1 does not have. */
function asDouble(cell: Cell): Cell {
  return typeOf(cell) === TYPE.number ? new objects.TValue(TYPE.number, cell.value) : copyOf(cell);
}

function gmatchWith(find: HostFunction) {
  return (call: Call): Cell => {
    const text = call.bytes(1);
    const pattern = earlierPattern(call.text(2));
    // There is no anchor here.
    const search = new Search(find, text, pattern.startsWith("^") ? `%${pattern}` : pattern);
    let from = 0;
    return functionCell(
      hostFunction(({ state }) => {
        const match = from > text.length ? undefined : search.next(state, from);
        if (match === undefined) return undefined;
        from = match.end === match.start ? match.end + 1 : match.end;
        return search.valuesOf(match);
      }),
    );
  };
}

function gsubWith(find: HostFunction) {
  return (call: Call): Cell[] => {
    const text = call.bytes(1);
    const pattern = earlierPattern(call.text(2));
    const replacement = copyOf(call.cell(3));
    const most = call.integerOr(4, text.length + 1);
    if (!REPLACEMENTS.has(typeOf(replacement))) call.badArgument(3, "string/function/table expected");
    const search = new Search(find, text, pattern);
    const isAnchored = pattern.startsWith("^");
    const pieces: Uint8Array[] = [];
    let length = 0;
    const add = (piece: Uint8Array): void => {
      length += piece.length;
      if (length > LUA_STRING_MAX) call.fail("not enough memory");
      pieces.push(piece);
    };
    let count = 0;
    let from = 0;
    while (count < most) {
      const match = search.next(call.state, from);
      if (match === undefined) break;
      count += 1;
      add(text.subarray(from, match.start));
      add(replaced(call, search, match, replacement));
      from = match.end;
      if (isAnchored) break;
      if (match.end > match.start) continue;
      if (from >= text.length) break;
      add(text.subarray(from, from + 1));
      from += 1;
    }
    add(text.subarray(from));
    return [bytesCell(new Uint8Array(Buffer.concat(pieces, length))), numberCell(count)];
  };
}

const REPLACEMENTS: ReadonlySet<number> = new Set([TYPE.string, TYPE.number, TYPE.table, TYPE.function]);

/** What takes the place of a match: the match itself where the table or the function has nothing to say. */
function replaced(call: Call, search: Search, match: Match, replacement: Cell): Uint8Array {
  const values = search.valuesOf(match);
  const template = textOrUndefined(replacement);
  if (template !== undefined) return filledIn(call, search, match, template);
  const [first = NIL] = values;
  const [result = NIL] =
    typeOf(replacement) === TYPE.function
      ? call.invoke(replacement, values, 1)
      : [indexed(call.state, replacement, first)];
  if (!isTruthy(result)) return search.text.subarray(match.start, match.end);
  const text = textOrUndefined(result);
  if (text === undefined) return call.fail(`invalid replacement value (a ${typeNameOf(result)})`);
  return bytesOf(text);
}

/** A table's field, by its metatable if need be. */
function indexed(state: LuaState, table: Cell, key: Cell): Cell {
  state.stack[state.top] = copyOf(table);
  state.stack[state.top + 1] = copyOf(key);
  state.top += 2;
  vm.lua_gettable(state, -2);
  const value = copyOf(state.stack[state.top - 1] as Cell);
  vm.lua_settop(state, -3);
  return value;
}

/** `%0` to `%9` are the match and its captures; before any other letter `%` stands for that letter. */
function filledIn(call: Call, search: Search, match: Match, template: string): Uint8Array {
  if (!template.includes("%")) return bytesOf(template);
  const values = search.valuesOf(match);
  const filled = template.replace(/%([\s\S]?)/g, (_pair, letter: string) => {
    // At the end C finds the zero behind the text.
    if (!/\d/.test(letter)) return letter || "\0";
    if (letter === "0") return textOf(search.text.subarray(match.start, match.end));
    const value = values[Number(letter) - 1];
    return value === undefined ? call.fail("invalid capture index") : (textOrUndefined(value) ?? "");
  });
  return bytesOf(filled);
}

/** @param fast where matches are sure to have a byte, nothing is to be filled in, and no position captured, which fengari gives as an integer. */
function chosen(fast: Cell, slow: HostFunction): Cell {
  return functionCell((state) => {
    const call = new Call(state);
    const pattern = textOrUndefined(call.cell(2));
    const replacement = textOrUndefined(call.cell(3));
    const isFast =
      pattern !== undefined &&
      replacement?.includes("%") !== true &&
      !pattern.includes("()") &&
      takesRoom(pattern);
    return isFast ? (fast.value as HostFunction)(state) : slow(state);
  });
}

/** @param own fengari's functions, which are several times faster than what is done here. */
export function searchLibrary(own: (name: string) => HostFunction): Library {
  const find = own("find");
  const gmatch = chosen(adopted(own("gmatch"), [], preparePattern), hostFunction(gmatchWith(find)));
  return {
    find: adopted(find, [3], prepare),
    gfind: gmatch,
    gmatch,
    gsub: chosen(adopted(own("gsub"), [4], preparePattern), hostFunction(gsubWith(find))),
    match: adopted(own("match"), [3], prepare),
  };
}
