/** Lua BitOp: 32-bit operations on numbers, results signed. */
import type { Call, Library } from "../call.ts";
import { numberCell, textCell } from "../cells.ts";
import type { Cell } from "../lua-vm.ts";

/** Added to a number it moves that number's lowest 32 bits to the end of the double, rounded; ties to even. */
const BIAS = 2 ** 52 + 2 ** 51;

const double = new DataView(new ArrayBuffer(8));

/** As BitOp: beyond 2^51 the double has no room for all bits, and hash functions that multiply get what is left of them. */
function bits(call: Call, at: number): number {
  double.setFloat64(0, call.number(at) + BIAS);
  return double.getInt32(4);
}

function folded(combine: (one: number, other: number) => number): (call: Call) => Cell {
  return (call) => {
    let value = bits(call, 1);
    for (let at = 2; at <= call.count; at += 1) value = combine(value, bits(call, at));
    return numberCell(value | 0);
  };
}

function shifted(shift: (value: number, by: number) => number): (call: Call) => Cell {
  return (call) => numberCell(shift(bits(call, 1), bits(call, 2) & 31) | 0);
}

function tohex(call: Call): Cell {
  const value = bits(call, 1) >>> 0;
  const wanted = call.isAbsent(2) ? 8 : bits(call, 2);
  const digits = Math.min(8, Math.abs(wanted));
  const text = digits === 0 ? "" : value.toString(16).padStart(8, "0").slice(-digits);
  return textCell(wanted < 0 ? text.toUpperCase() : text);
}

function bswap(value: number): number {
  return (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
}

export const BIT_LIBRARY: Library = {
  arshift: shifted((value, by) => value >> by),
  band: folded((one, other) => one & other),
  bnot: (call) => numberCell(~bits(call, 1)),
  bor: folded((one, other) => one | other),
  bswap: (call) => numberCell(bswap(bits(call, 1)) | 0),
  bxor: folded((one, other) => one ^ other),
  lshift: shifted((value, by) => value << by),
  rol: shifted((value, by) => (value << by) | (value >>> ((32 - by) & 31))),
  ror: shifted((value, by) => (value >>> by) | (value << ((32 - by) & 31))),
  rshift: shifted((value, by) => value >>> by),
  tobit: (call) => numberCell(bits(call, 1)),
  tohex,
};
