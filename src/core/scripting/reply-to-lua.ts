/** What a command replied, as a script sees it: Redis 7.0's conversion of RESP2 and RESP3 to Lua values. */

import { bytesOf } from "./bytes.ts";
import {
  booleanCell,
  bytesCell,
  FALSE,
  NIL,
  newTable,
  numberCell,
  setField,
  TRUE,
  tableCell,
  textCell,
} from "./cells.ts";
import { spend } from "./dialect.ts";
import { type Cell, type LuaState, type LuaTable, tables } from "./lua-vm.ts";

const INSTRUCTIONS_PER_VALUE = 10;

export class ReplyReader {
  readonly #state: LuaState;
  readonly #reply: string;
  #at = 0;

  constructor(state: LuaState, reply: string) {
    this.#state = state;
    this.#reply = reply;
  }

  /** @throws ScriptEnd when all that it has come to is too much. */
  next(): Cell {
    spend(INSTRUCTIONS_PER_VALUE);
    const mark = this.#reply[this.#at];
    const line = this.#line();
    switch (mark) {
      case "+":
        return this.#tagged("ok", textCell(line));
      case "-":
        return errorTable(this.#state, line);
      case ":":
        return numberCell(Number(line));
      case "$":
        return line === "-1" ? FALSE : bytesCell(bytesOf(this.#take(Number(line))));
      case "*":
      case ">":
        return line === "-1" ? FALSE : this.#list(Number(line));
      case "_":
        return NIL;
      case "#":
        return booleanCell(line === "t");
      case ",":
        return this.#tagged("double", numberCell(toDouble(line)));
      case "(":
        return this.#tagged("big_number", textCell(line));
      case "=":
        return this.#verbatim(Number(line));
      case "%":
        return this.#tagged("map", this.#pairs(Number(line), true));
      case "~":
        return this.#tagged("set", this.#pairs(Number(line), false));
      case "|":
        this.#pairs(Number(line), true);
        return this.next();
      default:
        throw new Error(`a command replied with an unknown type ${mark}`);
    }
  }

  #line(): string {
    const end = this.#reply.indexOf("\r\n", this.#at);
    const line = this.#reply.slice(this.#at + 1, end);
    this.#at = end + 2;
    return line;
  }

  #take(length: number): string {
    const text = this.#reply.slice(this.#at, this.#at + length);
    this.#at += length + 2;
    return text;
  }

  #list(count: number): Cell {
    const table = newTable(this.#state);
    for (let at = 1; at <= count; at += 1) tables.luaH_setint(table, at, this.next());
    return tableCell(table);
  }

  #pairs(count: number, withValues: boolean): Cell {
    const table = newTable(this.#state);
    for (let at = 0; at < count; at += 1) {
      const key = this.next();
      tables.luaH_setfrom(this.#state, table, key, withValues ? this.next() : TRUE);
    }
    return tableCell(table);
  }

  #verbatim(length: number): Cell {
    const text = this.#take(length);
    const table = newTable(this.#state);
    setField(table, "format", textCell(text.slice(0, 3)));
    setField(table, "string", textCell(text.slice(4)));
    return this.#tagged("verbatim_string", tableCell(table));
  }

  #tagged(name: string, value: Cell): Cell {
    const table = newTable(this.#state);
    setField(table, name, value);
    return tableCell(table);
  }
}

/** @param text without the leading "-". */
export function errorTable(state: LuaState, text: string): Cell {
  const table: LuaTable = newTable(state);
  setField(table, "err", textCell(text));
  setField(table, "ignore_error_stats_update", TRUE);
  return tableCell(table);
}

function toDouble(text: string): number {
  if (text === "inf") return Number.POSITIVE_INFINITY;
  return text === "-inf" ? Number.NEGATIVE_INFINITY : Number(text);
}
