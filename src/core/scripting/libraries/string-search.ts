/**
 * Lua 5.1's find, match, gmatch and gsub: where the next search begins, above all behind an empty match, and what becomes of a
 * match. What matches is for `PatternSearch` to say.
 */
import { bytesOf } from "../bytes.ts";
import { type Call, hostFunction, type Library, textOrUndefined } from "../call.ts";
import {
  bytesCell,
  bytesIn,
  copyOf,
  functionCell,
  isTruthy,
  NIL,
  numberCell,
  TYPE,
  typeNameOf,
  typeOf,
} from "../cells.ts";
import { LUA_STRING_MAX, spend } from "../dialect.ts";
import { type Cell, type LuaState, vm } from "../lua-vm.ts";
import { type Match, PatternSearch, toZero } from "./pattern-search.ts";

const BYTES_COMPARED_PER_INSTRUCTION = 8;
const BYTES_AT_ONCE = 32_768;
/** Letters that mean something in a pattern. */
const SPECIALS: ReadonlySet<number> = new Set(bytesOf("^$*+?.([%-"));

/** Where to begin: a place behind the end is the end. */
function startOf(call: Call, length: number): number {
  const at = call.integerOr(3, 1);
  return Math.min(length, at > 0 ? at - 1 : at === 0 ? 0 : Math.max(0, length + at));
}

function find(call: Call): Cell | Cell[] {
  const text = call.bytes(1);
  const pattern = call.bytes(2);
  const from = startOf(call, text.length);
  if (isTruthy(call.cell(4)) || !toZero(pattern).some((letter) => SPECIALS.has(letter))) {
    const at = placeOf(text, pattern, from);
    return at < 0 ? NIL : [numberCell(at + 1), numberCell(at + pattern.length)];
  }
  const search = new PatternSearch(call, text, pattern);
  const found = search.next(call, from);
  if (found === undefined) return NIL;
  return [numberCell(found.start + 1), numberCell(found.end), ...search.capturesOf(found)];
}

/** Where `wanted` stands in the text, at `from` or behind it; -1 when it does not. */
function placeOf(text: Uint8Array, wanted: Uint8Array, from: number): number {
  const last = text.length - wanted.length;
  const first = wanted[0];
  if (first === undefined) return from;
  let compared = 0;
  for (let at = from; at <= last; at += 1) {
    compared += 1;
    if (text[at] === first) {
      let matching = 1;
      while (matching < wanted.length && text[at + matching] === wanted[matching]) matching += 1;
      compared += matching;
      if (matching === wanted.length) {
        spend(compared / BYTES_COMPARED_PER_INSTRUCTION);
        return at;
      }
    }
    if (compared < BYTES_AT_ONCE) continue;
    spend(compared / BYTES_COMPARED_PER_INSTRUCTION);
    compared = 0;
  }
  spend(compared / BYTES_COMPARED_PER_INSTRUCTION);
  return -1;
}

function match(call: Call): Cell | readonly Cell[] {
  const text = call.bytes(1);
  const search = new PatternSearch(call, text, call.bytes(2));
  const found = search.next(call, startOf(call, text.length));
  return found === undefined ? NIL : search.valuesOf(found);
}

function gmatch(call: Call): Cell {
  const text = call.bytes(1);
  // There is no anchor here.
  const search = new PatternSearch(call, text, call.bytes(2), false);
  let from = 0;
  return functionCell(
    hostFunction((each) => {
      const found = from > text.length ? undefined : search.next(each, from);
      if (found === undefined) return undefined;
      from = found.end === found.start ? found.end + 1 : found.end;
      return search.valuesOf(found);
    }),
  );
}

function gsub(call: Call): Cell[] {
  const text = call.bytes(1);
  const search = new PatternSearch(call, text, call.bytes(2));
  const replacement = copyOf(call.cell(3));
  const most = call.integerOr(4, text.length + 1);
  if (!REPLACEMENTS.has(typeOf(replacement))) call.badArgument(3, "string/function/table expected");
  const template = textOrUndefined(replacement);
  const parts = template === undefined ? undefined : partsOf(template);
  spend((template?.length ?? 0) / TEMPLATE_BYTES_PER_INSTRUCTION);
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
    const found = search.next(call, from);
    if (found === undefined) break;
    spend(INSTRUCTIONS_PER_REPLACEMENT);
    count += 1;
    add(text.subarray(from, found.start));
    if (parts !== undefined) fillIn(call, search, found, parts, add);
    else add(replaced(call, search, found, replacement));
    from = found.end;
    if (search.isAnchored) break;
    if (found.end > found.start) continue;
    if (from >= text.length) break;
    add(text.subarray(from, from + 1));
    from += 1;
  }
  add(text.subarray(from));
  return [bytesCell(new Uint8Array(Buffer.concat(pieces, length))), numberCell(count)];
}

const INSTRUCTIONS_PER_REPLACEMENT = 20;
const INSTRUCTIONS_PER_PART = 5;
const TEMPLATE_BYTES_PER_INSTRUCTION = 2;
const REPLACEMENTS: ReadonlySet<number> = new Set([TYPE.string, TYPE.number, TYPE.table, TYPE.function]);

/** What takes the place of a match: the match itself where the table or the function has nothing to say. */
function replaced(call: Call, search: PatternSearch, match: Match, replacement: Cell): Uint8Array {
  const values = search.valuesOf(match);
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

/** A text of a replacement that stays as it is, or which capture stands there. */
type Part = Uint8Array | number;

/** `%0` to `%9` are the match and its captures; before any other letter `%` stands for that letter. */
function partsOf(template: string): Part[] {
  const parts: Part[] = [];
  let text = "";
  for (let at = 0; at < template.length; at += 1) {
    if (template[at] !== "%") {
      text += template[at];
      continue;
    }
    at += 1;
    // At the end C finds the zero behind the text.
    const letter = template[at] ?? "\0";
    if (!/\d/.test(letter)) text += letter;
    else {
      parts.push(bytesOf(text), Number(letter));
      text = "";
    }
  }
  parts.push(bytesOf(text));
  return parts.filter((part) => typeof part === "number" || part.length > 0);
}

function fillIn(
  call: Call,
  search: PatternSearch,
  match: Match,
  parts: readonly Part[],
  add: (piece: Uint8Array) => void,
): void {
  let values: readonly Cell[] | undefined;
  for (const part of parts) {
    spend(INSTRUCTIONS_PER_PART);
    if (typeof part !== "number") {
      add(part);
      continue;
    }
    values ??= search.valuesOf(match);
    if (part === 0) {
      add(search.text.subarray(match.start, match.end));
      continue;
    }
    const value = values[part - 1] ?? call.fail("invalid capture index");
    add(typeOf(value) === TYPE.string ? bytesIn(value) : bytesOf(textOrUndefined(value) ?? ""));
  }
}

export const SEARCH_LIBRARY: Library = { find, gfind: gmatch, gmatch, gsub, match };
