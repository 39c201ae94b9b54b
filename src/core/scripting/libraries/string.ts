/** Lua 5.1's string library, but for what searches and what formats. */
import type { Call, Library } from "../call.ts";
import { bytesCell, numberCell } from "../cells.ts";
import { BYTES_PER_INSTRUCTION, LUA_STRING_MAX, spend } from "../dialect.ts";
import type { Cell } from "../lua-vm.ts";
import { format } from "./string-format.ts";
import { SEARCH_LIBRARY } from "./string-search.ts";

/** As many as fit Lua's stack. */
const BYTE_RESULTS_MAX = 8000;
const BYTES_MAPPED_PER_INSTRUCTION = 4;

function rep(call: Call): Cell {
  const bytes = call.bytes(1);
  const times = Math.max(0, call.integer(2));
  const length = bytes.length * times;
  if (length > LUA_STRING_MAX) call.fail("resulting string too large");
  spend(length / BYTES_PER_INSTRUCTION);
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
  if (Math.min(bytes.length, to) - Math.max(1, from) >= BYTE_RESULTS_MAX)
    call.fail("stack overflow (string slice too long)");
  const codes: Cell[] = [];
  for (let at = Math.max(1, from); at <= Math.min(bytes.length, to); at += 1) {
    codes.push(numberCell(bytes[at - 1] as number));
  }
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
  const bytes = call.bytes(1);
  spend(bytes.length / BYTES_MAPPED_PER_INSTRUCTION);
  return bytesCell(bytes.map((code) => (code >= from && code <= to ? code + by : code)));
}

export const STRING_LIBRARY: Library = {
  ...SEARCH_LIBRARY,
  byte,
  char,
  dump: (call) => {
    call.function(1);
    return call.fail("unable to dump given function");
  },
  format,
  len: (call) => numberCell(call.bytes(1).length),
  lower: (call) => mapped(call, 65, 90, 32),
  rep,
  reverse: (call) => {
    const bytes = call.bytes(1);
    spend(bytes.length / BYTES_MAPPED_PER_INSTRUCTION);
    return bytesCell(bytes.slice().reverse());
  },
  sub,
  upper: (call) => mapped(call, 97, 122, -32),
};
