/** MessagePack to Lua values, as lua-cmsgpack 0.4 reads it. */
import { bytesCell, FALSE, NIL, newTable, numberCell, TRUE, tableCell } from "../cells.ts";
import { spend } from "../dialect.ts";
import { type Cell, type LuaState, tables } from "../lua-vm.ts";

const INSTRUCTIONS_PER_VALUE = 20;
/** Deeper input is refused, for the machine's own stack. */
const NESTING_MAX = 1000;

export type UnpackFailure = "Bad data format in input." | "Missing bytes in input.";

export class Unpacker {
  readonly #state: LuaState;
  readonly #bytes: Buffer;
  failure: UnpackFailure | undefined;
  at: number;

  constructor(state: LuaState, bytes: Uint8Array, at: number) {
    this.#state = state;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.at = at;
  }

  get isDone(): boolean {
    return this.at >= this.#bytes.length;
  }

  /** The next value; NIL with a `failure` when there is none. */
  next(depth = 0): Cell {
    spend(INSTRUCTIONS_PER_VALUE);
    const mark = this.#take(1)?.[0];
    if (mark === undefined) return NIL;
    if (mark <= 0x7f) return numberCell(mark);
    if (mark >= 0xe0) return numberCell(mark - 256);
    if (mark <= 0x8f) return this.#map(mark & 15, depth);
    if (mark <= 0x9f) return this.#array(mark & 15, depth);
    if (mark <= 0xbf) return this.#string(mark & 31);
    switch (mark) {
      case 0xc0:
        return NIL;
      case 0xc2:
        return FALSE;
      case 0xc3:
        return TRUE;
      case 0xca:
        return numberCell(this.#take(4)?.readFloatBE() ?? 0);
      case 0xcb:
        return numberCell(this.#take(8)?.readDoubleBE() ?? 0);
      case 0xcc:
      case 0xcd:
      case 0xce:
        return numberCell(this.#count(1 << (mark - 0xcc)));
      case 0xcf:
        // Redis takes it as signed, too.
        return numberCell(Number(this.#take(8)?.readBigInt64BE() ?? 0));
      case 0xd0:
      case 0xd1:
      case 0xd2: {
        const size = 1 << (mark - 0xd0);
        return numberCell(this.#take(size)?.readIntBE(0, size) ?? 0);
      }
      case 0xd3:
        return numberCell(Number(this.#take(8)?.readBigInt64BE() ?? 0));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#string(this.#count(1 << (mark - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#array(this.#count(2 << (mark - 0xdc)), depth);
      case 0xde:
      case 0xdf:
        return this.#map(this.#count(2 << (mark - 0xde)), depth);
      default:
        return this.#fail("Bad data format in input.");
    }
  }

  #take(size: number): Buffer | undefined {
    if (this.at + size > this.#bytes.length) {
      this.#fail("Missing bytes in input.");
      return undefined;
    }
    this.at += size;
    return this.#bytes.subarray(this.at - size, this.at);
  }

  #count(size: number): number {
    return this.#take(size)?.readUIntBE(0, size) ?? 0;
  }

  #string(length: number): Cell {
    const bytes = this.#take(length);
    return bytes === undefined ? NIL : bytesCell(new Uint8Array(bytes));
  }

  #array(count: number, depth: number): Cell {
    if (depth > NESTING_MAX) return this.#fail("Bad data format in input.");
    const table = newTable(this.#state);
    for (let at = 1; at <= count && this.failure === undefined; at += 1) {
      const item = this.next(depth + 1);
      if (this.failure === undefined) tables.luaH_setint(table, at, item);
    }
    return tableCell(table);
  }

  #map(count: number, depth: number): Cell {
    if (depth > NESTING_MAX) return this.#fail("Bad data format in input.");
    const table = newTable(this.#state);
    for (let at = 0; at < count && this.failure === undefined; at += 1) {
      const key = this.next(depth + 1);
      const value = this.next(depth + 1);
      // A nil or NaN key raises, as in Redis.
      if (this.failure === undefined) tables.luaH_setfrom(this.#state, table, key, value);
    }
    return tableCell(table);
  }

  #fail(failure: UnpackFailure): Cell {
    this.failure ??= failure;
    return NIL;
  }
}
