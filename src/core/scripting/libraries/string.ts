/** Lua 5.1's string library. Patterns are fengari's own; what differs between 5.1 and 5.3 is done here. */
import type { Call, Library } from "../call.ts";
import { bytesCell, bytesIn, numberCell, TYPE, textCell, textIn, typeOf } from "../cells.ts";
import { LUA_STRING_MAX } from "../dialect.ts";
import { adopted, openLibrary } from "../library.ts";
import { type Cell, type LuaState, openString } from "../lua-vm.ts";
import { format } from "./string-format.ts";

function rep(call: Call): Cell {
  const bytes = call.bytes(1);
  const times = Math.max(0, call.integer(2));
  const length = bytes.length * times;
  if (length > LUA_STRING_MAX) call.fail("resulting string too large");
  const repeated = new Uint8Array(length);
  // Doubling: copies of what is there already.
  if (length > 0) repeated.set(bytes);
  for (let done = bytes.length; done < length; done *= 2) {
    repeated.copyWithin(done, 0, Math.min(done, length - done));
  }
  return bytesCell(repeated);
}

function char(call: Call): Cell {
  const bytes = new Uint8Array(call.count);
  for (let at = 1; at <= call.count; at += 1) {
    const code = call.integer(at);
    if (code < 0 || code > 255) call.badArgument(at, "invalid value");
    bytes[at - 1] = code;
  }
  return bytesCell(bytes);
}

function byte(call: Call): Cell[] {
  const bytes = call.bytes(1);
  const from = place(call.integerOr(2, 1), bytes.length);
  const to = place(call.integerOr(3, from), bytes.length);
  const codes: Cell[] = [];
  for (let at = Math.max(1, from); at <= Math.min(bytes.length, to); at += 1) {
    codes.push(numberCell(bytes[at - 1] as number));
  }
  if (codes.length > 8000) call.fail("string slice too long");
  return codes;
}

function sub(call: Call): Cell {
  const bytes = call.bytes(1);
  const from = Math.max(1, place(call.integer(2), bytes.length));
  const to = Math.min(bytes.length, place(call.integerOr(3, -1), bytes.length));
  return bytesCell(from > to ? new Uint8Array() : bytes.slice(from - 1, to));
}

/** Negative positions count from the end; before the beginning is 0. */
function place(at: number, length: number): number {
  if (at >= 0) return at;
  return Math.max(0, length + at + 1);
}

function mapped(call: Call, from: number, to: number, by: number): Cell {
  return bytesCell(call.bytes(1).map((code) => (code >= from && code <= to ? code + by : code)));
}

/** In 5.1 `%` before any other letter than a digit stands for that letter. */
function easeReplacement(state: LuaState): void {
  const at = state.ci.funcOff + 3;
  if (at >= state.top) return;
  const cell = state.stack[at] as Cell;
  if (typeOf(cell) !== TYPE.string || !bytesIn(cell).includes(PERCENT)) return;
  state.stack[at] = textCell(
    textIn(cell).replace(/%([\s\S])/g, (pair, letter) => (/[0-9%]/.test(letter) ? pair : letter)),
  );
}

const PERCENT = 37;

export function stringLibrary(state: LuaState): Library {
  const own = openLibrary(state, openString);
  const gmatch = adopted(own("gmatch"));
  return {
    byte,
    char,
    dump: (call) => {
      call.function(1);
      return call.fail("unable to dump given function");
    },
    find: adopted(own("find"), [3]),
    format,
    gfind: gmatch,
    gmatch,
    gsub: adopted(own("gsub"), [4], easeReplacement),
    len: (call) => numberCell(call.bytes(1).length),
    lower: (call) => mapped(call, 65, 90, 32),
    match: adopted(own("match"), [3]),
    rep,
    reverse: (call) => bytesCell(call.bytes(1).slice().reverse()),
    sub,
    upper: (call) => mapped(call, 97, 122, -32),
  };
}
