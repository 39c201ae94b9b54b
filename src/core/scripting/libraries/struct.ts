/** Lua's struct library 0.2 by Roberto Ierusalimschy, as Redis 7.0 has it: C structs to strings and back. */
import { type Call, type Library, numberOf } from "../call.ts";
import { bytesCell, numberCell } from "../cells.ts";
import { LUA_STRING_MAX, spend } from "../dialect.ts";
import type { Cell } from "../lua-vm.ts";
import { toUint64 } from "../numerals.ts";
import { StructFormat, type StructItem } from "./struct-format.ts";

const RESULTS_MAX = 8000;
const INSTRUCTIONS_PER_PIECE = 60;

function pack(call: Call): Cell {
  const format = new StructFormat(call, call.text(1));
  const pieces: Uint8Array[] = [];
  let length = 0;
  let argument = 2;
  for (let item = format.next(0); item !== undefined; item = format.next(length)) {
    if (length + item.padding + item.size > LUA_STRING_MAX) call.fail("not enough memory");
    if (item.letter !== "x" && argument > call.count) refuseAbsent(call, argument, item);
    const piece = item.letter === "x" ? new Uint8Array(1) : packOne(call, argument, item);
    if (item.letter !== "x") argument += 1;
    spend(INSTRUCTIONS_PER_PIECE);
    if (item.padding > 0) pieces.push(new Uint8Array(item.padding));
    pieces.push(piece);
    length += item.padding + piece.length;
  }
  return bytesCell(new Uint8Array(Buffer.concat(pieces, length)));
}

/** Behind its arguments the library keeps a nil. */
function refuseAbsent(call: Call, at: number, { letter }: StructItem): never {
  const expected = letter === "s" || letter === "c" ? "string" : "number";
  return call.badArgument(at, `${expected} expected, got nil`);
}

function packOne(call: Call, at: number, item: StructItem): Uint8Array {
  const { letter, size, little } = item;
  switch (letter) {
    case "f":
    case "d": {
      const bytes = new DataView(new ArrayBuffer(size));
      if (letter === "f") bytes.setFloat32(0, call.number(at), little);
      else bytes.setFloat64(0, call.number(at), little);
      return new Uint8Array(bytes.buffer);
    }
    case "s": {
      const text = call.bytes(at);
      const bytes = new Uint8Array(text.length + 1);
      bytes.set(text);
      return bytes;
    }
    case "c": {
      const text = call.bytes(at);
      // Redis counts on before it complains.
      if (text.length < size) call.badArgument(at + 1, "string too short");
      return size === 0 ? text : text.slice(0, size);
    }
    default:
      return packInteger(call.number(at), size, little);
  }
}

function packInteger(number: number, size: number, little: boolean): Uint8Array {
  let value = toUint64(number);
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 1) {
    bytes[little ? at : size - 1 - at] = Number(value & 0xffn);
    value >>= 8n;
  }
  return bytes;
}

function unpack(call: Call): Cell[] {
  const format = new StructFormat(call, call.text(1));
  const data = call.bytes(2);
  const start = call.integerOr(3, 1);
  if (start === 0) call.badArgument(3, "offset must be 1 or greater");
  let position = start - 1;
  const values: Cell[] = [];
  for (let item = format.next(position); item !== undefined; item = format.next(position)) {
    position += item.padding;
    // One before the start is, to the library, one far behind the end.
    if (start < 0 || position + item.size > data.length) call.badArgument(2, "data string too short");
    let { size } = item;
    switch (item.letter) {
      case "x":
        break;
      case "c":
        if (size === 0) {
          size = previousSize(call, values);
          if (position + size > data.length) call.badArgument(2, "data string too short");
        }
        values.push(bytesCell(data.slice(position, position + size)));
        break;
      case "s": {
        const end = data.indexOf(0, position);
        if (end < 0) call.fail("unfinished string in data");
        values.push(bytesCell(data.slice(position, end)));
        size = end + 1 - position;
        break;
      }
      default:
        values.push(numberCell(unpackNumber(data, position, item)));
    }
    position += size;
    if (values.length > RESULTS_MAX) call.fail("stack overflow (too many results)");
  }
  return [...values, numberCell(position + 1)];
}

/** `c0`: as long as the number before says, which is taken back. */
function previousSize(call: Call, values: Cell[]): number {
  const previous = values.pop();
  const size = previous === undefined ? undefined : numberOf(previous);
  if (size === undefined) return call.fail("format 'c0' needs a previous size");
  const whole = Math.trunc(size);
  // Neither is NaN.
  if (!(whole >= 0)) call.badArgument(2, "data string too short");
  return whole;
}

function unpackNumber(data: Uint8Array, position: number, item: StructItem): number {
  const { letter, size, little } = item;
  const view = new DataView(data.buffer, data.byteOffset + position, size);
  if (letter === "f") return view.getFloat32(0, little);
  if (letter === "d") return view.getFloat64(0, little);
  let value = 0n;
  for (let at = 0; at < size; at += 1)
    value = (value << 8n) | BigInt(view.getUint8(little ? size - 1 - at : at));
  const isSigned = letter >= "a";
  const bits = Math.min(64, size * 8);
  return Number(isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(64, value));
}

function size(call: Call): Cell {
  const format = new StructFormat(call, call.text(1));
  let position = 0;
  for (let item = format.next(0); item !== undefined; item = format.next(position)) {
    if (item.letter === "s") call.badArgument(1, "option 's' has no fixed size");
    if (item.letter === "c" && item.size === 0) call.badArgument(1, "option 'c0' has no fixed size");
    position += item.padding + item.size;
  }
  return numberCell(position);
}

export const STRUCT_LIBRARY: Library = { pack, size, unpack };
