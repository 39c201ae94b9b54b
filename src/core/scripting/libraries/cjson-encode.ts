/** Lua values to JSON, as lua-cjson 2.1 writes them. */

import { general } from "../../../base/printf.ts";
import { textOf } from "../bytes.ts";
import type { Call } from "../call.ts";
import { bytesIn, entriesOf, itemOf, TYPE, typeNameOf, typeOf } from "../cells.ts";
import { LUA_STRING_MAX, spend } from "../dialect.ts";
import type { Cell, LuaTable } from "../lua-vm.ts";
import type { CjsonConfig } from "./cjson-config.ts";
import { escaped, escapesOf } from "./escapes.ts";

const INSTRUCTIONS_PER_VALUE = 20;
const INT32_MAX = 2 ** 31 - 1;
const CONTROLS = [...Array(0x20).keys(), 0x7f].map((code): [string, string] => [
  String.fromCharCode(code),
  `\\u${code.toString(16).padStart(4, "0")}`,
]);
const ESCAPES = escapesOf({
  ...Object.fromEntries(CONTROLS),
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\f": "\\f",
  "\r": "\\r",
  '"': '\\"',
  "/": "\\/",
  "\\": "\\\\",
});

export class JsonEncoder {
  readonly #call: Call;
  readonly #config: CjsonConfig;
  #text = "";

  constructor(call: Call, config: CjsonConfig) {
    this.#call = call;
    this.#config = config;
  }

  encode(cell: Cell): string {
    this.#value(cell, 0);
    return this.#text;
  }

  #value(cell: Cell, depth: number): void {
    if (this.#text.length > LUA_STRING_MAX) this.#call.fail("not enough memory");
    spend(INSTRUCTIONS_PER_VALUE);
    switch (typeOf(cell)) {
      case TYPE.string:
        this.#string(cell);
        return;
      case TYPE.number:
        this.#number(cell);
        return;
      case TYPE.boolean:
        this.#text += cell.value === true ? "true" : "false";
        return;
      case TYPE.nil:
        this.#text += "null";
        return;
      case TYPE.table:
        this.#table(cell, depth + 1);
        return;
      case TYPE.lightUserdata:
        if (cell.value !== null) break;
        this.#text += "null";
        return;
      default:
    }
    this.#refuse(cell, "type not supported");
  }

  #string(cell: Cell): void {
    this.#text += `"${textOf(escaped(this.#call, bytesIn(cell), ESCAPES))}"`;
  }

  #number(cell: Cell): void {
    const value = cell.value as number;
    if (!Number.isFinite(value) && this.#config.encodeInvalidNumbers !== "on") {
      if (this.#config.encodeInvalidNumbers === "off") this.#refuse(cell, "must not be NaN or Inf");
      this.#text += "null";
      return;
    }
    this.#text += Number.isNaN(value) ? "nan" : general(value, this.#config.encodeNumberPrecision);
  }

  #table(cell: Cell, depth: number): void {
    if (depth > this.#config.encodeMaxDepth) {
      this.#call.fail(`Cannot serialise, excessive nesting (${depth})`);
    }
    const table = cell.value as LuaTable;
    const length = this.#arrayLength(cell, table);
    if (length > 0) this.#array(table, length, depth);
    else this.#object(table, depth);
  }

  /** Greatest index when all keys are indexes and not too many are missing; else 0 or less. */
  #arrayLength(cell: Cell, table: LuaTable): number {
    let greatest = 0;
    let items = 0;
    for (const [key] of entriesOf(table)) {
      const index = key.value as number;
      if (typeOf(key) !== TYPE.number || !Number.isInteger(index) || index < 1) return 0;
      // An index that no int holds becomes the smallest there: such tables are objects, as of times in milliseconds.
      if (index > greatest) greatest = index > INT32_MAX ? -INT32_MAX - 1 : index;
      items += 1;
    }
    const { sparseRatio, sparseSafe, sparseConvert } = this.#config;
    if (sparseRatio > 0 && greatest > items * sparseRatio && greatest > sparseSafe) {
      if (!sparseConvert) this.#refuse(cell, "excessively sparse array");
      return 0;
    }
    return greatest;
  }

  #array(table: LuaTable, length: number, depth: number): void {
    this.#text += "[";
    for (let at = 1; at <= length; at += 1) {
      if (at > 1) this.#text += ",";
      this.#value(itemOf(table, at), depth);
    }
    this.#text += "]";
  }

  #object(table: LuaTable, depth: number): void {
    this.#text += "{";
    let first = true;
    for (const [key, value] of entriesOf(table)) {
      if (!first) this.#text += ",";
      first = false;
      if (typeOf(key) === TYPE.number) {
        this.#text += '"';
        this.#number(key);
        this.#text += '"';
      } else if (typeOf(key) === TYPE.string) this.#string(key);
      else this.#refuse(key, "table key must be a number or string");
      this.#text += ":";
      this.#value(value, depth);
    }
    this.#text += "}";
  }

  #refuse(cell: Cell, reason: string): never {
    return this.#call.fail(`Cannot serialise ${typeNameOf(cell)}: ${reason}`);
  }
}
