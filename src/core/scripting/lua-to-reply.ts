/** What a script returned, as its client sees it: Redis 7.0's conversion of Lua values to RESP, up to a length and an effort. */
import { LongText } from "../../base/long-text.ts";
import {
  array,
  bool,
  bulk,
  double,
  error,
  integer,
  mapHeader,
  nil,
  ONE,
  type RespVersion,
  setHeader,
  simple,
} from "../../protocol/resp/reply.ts";
import { LUA_STACK_LIMIT } from "../commands/errors.ts";
import { bytesIn, entriesOf, fieldOf, itemOf, TYPE, textCell, textIn, typeOf } from "./cells.ts";
import type { Cell, LuaState, LuaTable } from "./lua-vm.ts";
import { toInt64 } from "./numerals.ts";

const DEPTH_MAX = 1000;
/**
 * What a reply may cost to encode, in instructions; without tables in it that are used again and again no script comes near.
 * Those may make a reply of millions of values out of a few.
 */
const INSTRUCTIONS_MAX = 20_000_000;
const INSTRUCTIONS_PER_VALUE = 20;
/** Around a value's text, at least. */
const AROUND_VALUE_BYTES = 4;
/** Each is asked for a dozen fields. */
const INSTRUCTIONS_PER_TABLE = 80;

const FIELDS = {
  err: textCell("err"),
  ok: textCell("ok"),
  double: textCell("double"),
  map: textCell("map"),
  set: textCell("set"),
  bigNumber: textCell("big_number"),
  verbatim: textCell("verbatim_string"),
  string: textCell("string"),
  format: textCell("format"),
} as const;

export interface ReplyVersions {
  /** The client's. */
  readonly client: RespVersion;
  /** What the script chose with redis.setresp. */
  readonly script: RespVersion;
}

/** What is no number has a sign there, as `tostring` writes it. */
function doubleOf(value: number, client: RespVersion): string {
  if (!Number.isNaN(value)) return double(value, client);
  return client === 3 ? ",-nan\r\n" : bulk("-nan");
}

/** Encodes one reply. */
export class ReplyWriter {
  readonly #state: LuaState;
  readonly #versions: ReplyVersions;
  #bytesLeft: number;
  #instructionsLeft = INSTRUCTIONS_MAX;

  constructor(state: LuaState, versions: ReplyVersions, bytesMax: number) {
    this.#state = state;
    this.#versions = versions;
    this.#bytesLeft = bytesMax;
  }

  /** @throws RangeError when the reply would be too long, or too long in the making. */
  write(cell: Cell, depth = 0): string {
    if (depth > DEPTH_MAX) return LUA_STACK_LIMIT;
    const { client, script } = this.#versions;
    this.#spend(INSTRUCTIONS_PER_VALUE, 0);
    switch (typeOf(cell)) {
      case TYPE.string:
        return this.#bulk(cell);
      case TYPE.number:
        return integer(toInt64(cell.value as number));
      case TYPE.boolean:
        if (script === 3) return bool(cell.value === true, client);
        return cell.value === true ? ONE : nil(client);
      case TYPE.table:
        return this.#table(cell.value as LuaTable, depth);
      default:
        return nil(client);
    }
  }

  #bulk(cell: Cell): string {
    this.#spend(0, bytesIn(cell).length);
    return bulk(textIn(cell));
  }

  #spend(instructions: number, bytes: number): void {
    this.#instructionsLeft -= instructions;
    this.#bytesLeft -= bytes + AROUND_VALUE_BYTES;
    if (this.#instructionsLeft < 0 || this.#bytesLeft < 0) throw new RangeError("the reply is too long");
  }

  #table(table: LuaTable, depth: number): string {
    this.#spend(INSTRUCTIONS_PER_TABLE, 0);
    const { client } = this.#versions;
    const field = (name: keyof typeof FIELDS): Cell => fieldOf(this.#state, table, FIELDS[name]);
    // Of strings alone: a number there is no error and no status.
    const text = (name: keyof typeof FIELDS): string | undefined => this.#stringIn(field(name));
    const err = text("err");
    if (err !== undefined) return error(err);
    const ok = text("ok");
    if (ok !== undefined) return simple(ok.replace(/[\r\n]/g, " "));
    const number = field("double");
    if (typeOf(number) === TYPE.number) return doubleOf(number.value as number, client);
    const map = field("map");
    if (typeOf(map) === TYPE.table) return this.#entries(map.value as LuaTable, depth, true);
    const set = field("set");
    if (typeOf(set) === TYPE.table) return this.#entries(set.value as LuaTable, depth, false);
    const bigNumber = text("bigNumber")?.replace(/[\r\n]/g, " ");
    if (bigNumber !== undefined) {
      return client === 3 ? `(${bigNumber}\r\n` : bulk(bigNumber);
    }
    const verbatim = field("verbatim");
    if (typeOf(verbatim) === TYPE.table) {
      const reply = this.#verbatim(verbatim.value as LuaTable);
      if (reply !== undefined) return reply;
    }
    const items: string[] = [];
    for (let at = 1; ; at += 1) {
      const item = itemOf(table, at);
      if (typeOf(item) === TYPE.nil) return array(items);
      items.push(this.write(item, depth + 1));
    }
  }

  #stringIn(cell: Cell): string | undefined {
    if (typeOf(cell) !== TYPE.string) return undefined;
    this.#spend(0, bytesIn(cell).length);
    return textIn(cell);
  }

  #entries(table: LuaTable, depth: number, withValues: boolean): string {
    const { client } = this.#versions;
    const body = new LongText();
    let count = 0;
    for (const [key, value] of entriesOf(table)) {
      body.add(this.write(key, depth + 1));
      if (withValues) body.add(this.write(value, depth + 1));
      count += 1;
    }
    return (withValues ? mapHeader(count, client) : setHeader(count, client)) + body.toString();
  }

  #verbatim(table: LuaTable): string | undefined {
    const string = this.#stringIn(fieldOf(this.#state, table, FIELDS.string));
    const format = this.#stringIn(fieldOf(this.#state, table, FIELDS.format));
    if (string === undefined || format === undefined) return undefined;
    if (this.#versions.client === 2) return bulk(string);
    return `=${string.length + 4}\r\n${format.slice(0, 3).padEnd(3, " ")}:${string}\r\n`;
  }
}
