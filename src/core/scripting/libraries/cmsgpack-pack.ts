/** Lua values to MessagePack, as lua-cmsgpack 0.4 writes them. */
import type { Call } from "../call.ts";
import { bytesIn, entriesOf, itemOf, TYPE, typeOf } from "../cells.ts";
import { BYTES_PER_INSTRUCTION, LUA_STRING_MAX, spend } from "../dialect.ts";
import type { Cell, LuaTable } from "../lua-vm.ts";

const INSTRUCTIONS_PER_VALUE = 20;
/** What is nested deeper becomes nil. */
const NESTING_MAX = 16;

/** Bytes that grow. */
class Bytes {
  readonly #call: Call;
  #bytes: Buffer = Buffer.allocUnsafe(64);
  #length = 0;

  constructor(call: Call) {
    this.#call = call;
  }

  room(size: number): Buffer {
    if (this.#length + size > LUA_STRING_MAX) this.#call.fail("not enough memory");
    if (this.#length + size > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + size));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    this.#length += size;
    return this.#bytes.subarray(this.#length - size, this.#length);
  }

  taken(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(0, this.#length));
  }
}

export function packAll(call: Call): Uint8Array {
  const out = new Bytes(call);
  for (const cell of call.cells(1)) pack(out, cell, 0);
  return out.taken();
}

function pack(out: Bytes, cell: Cell, level: number): void {
  spend(INSTRUCTIONS_PER_VALUE);
  switch (typeOf(cell)) {
    case TYPE.string:
      packString(out, bytesIn(cell));
      return;
    case TYPE.boolean:
      out.room(1)[0] = cell.value === true ? 0xc3 : 0xc2;
      return;
    case TYPE.number:
      packNumber(out, cell.value as number);
      return;
    case TYPE.table:
      if (level === NESTING_MAX) break;
      packTable(out, cell.value as LuaTable, level + 1);
      return;
    default:
  }
  out.room(1)[0] = 0xc0;
}

function packNumber(out: Bytes, value: number): void {
  if (Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63) {
    packInteger(out, value);
  } else if (Math.fround(value) === value) {
    const room = out.room(5);
    room[0] = 0xca;
    room.writeFloatBE(value, 1);
  } else {
    const room = out.room(9);
    room[0] = 0xcb;
    room.writeDoubleBE(value, 1);
  }
}

function packInteger(out: Bytes, value: number): void {
  if (value >= 0) {
    if (value <= 127) out.room(1)[0] = value;
    else if (value <= 0xff) packSized(out, 0xcc, 1, value);
    else if (value <= 0xffff) packSized(out, 0xcd, 2, value);
    else if (value <= 0xffffffff) packSized(out, 0xce, 4, value);
    else packLong(out, 0xcf, value);
  } else if (value >= -32) out.room(1)[0] = value & 0xff;
  else if (value >= -128) packSized(out, 0xd0, 1, value & 0xff);
  else if (value >= -32768) packSized(out, 0xd1, 2, value & 0xffff);
  else if (value >= -(2 ** 31)) packSized(out, 0xd2, 4, value >>> 0);
  else packLong(out, 0xd3, value);
}

function packSized(out: Bytes, mark: number, size: number, value: number): void {
  const room = out.room(1 + size);
  room[0] = mark;
  room.writeUIntBE(value, 1, size);
}

function packLong(out: Bytes, mark: number, value: number): void {
  const room = out.room(9);
  room[0] = mark;
  room.writeBigUInt64BE(BigInt.asUintN(64, BigInt(value)), 1);
}

function packString(out: Bytes, bytes: Uint8Array): void {
  const { length } = bytes;
  if (length < 32) out.room(1)[0] = 0xa0 | length;
  else if (length <= 0xff) packSized(out, 0xd9, 1, length);
  else if (length <= 0xffff) packSized(out, 0xda, 2, length);
  else packSized(out, 0xdb, 4, length);
  spend(length / BYTES_PER_INSTRUCTION);
  out.room(length).set(bytes);
}

function packTable(out: Bytes, table: LuaTable, level: number): void {
  const { size } = table.strong;
  if (isArray(table)) {
    packCount(out, 0x90, 0xdc, size);
    for (let at = 1; at <= size; at += 1) pack(out, itemOf(table, at), level);
    return;
  }
  packCount(out, 0x80, 0xde, size);
  for (const [key, value] of entriesOf(table)) {
    pack(out, key, level);
    pack(out, value, level);
  }
}

function packCount(out: Bytes, short: number, long: number, count: number): void {
  if (count <= 15) out.room(1)[0] = short | count;
  else if (count <= 0xffff) packSized(out, long, 2, count);
  else packSized(out, long + 1, 4, count);
}

/** All keys from 1 to their number, in any order. */
function isArray(table: LuaTable): boolean {
  const { size } = table.strong;
  for (const [key] of entriesOf(table)) {
    const index = key.value as number;
    if (typeOf(key) !== TYPE.number || !Number.isInteger(index) || index < 1 || index > size) return false;
  }
  return true;
}
