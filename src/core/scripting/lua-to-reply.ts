/** What a script returned, as its client sees it: Redis 7.0's conversion of Lua values to RESP. */
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
import { entriesOf, fieldOf, itemOf, TYPE, textCell, textIn, typeOf } from "./cells.ts";
import type { Cell, LuaState, LuaTable } from "./lua-vm.ts";
import { toInt64 } from "./numerals.ts";

const DEPTH_MAX = 1000;

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

export function toReply(state: LuaState, cell: Cell, versions: ReplyVersions, depth = 0): string {
  if (depth > DEPTH_MAX) return LUA_STACK_LIMIT;
  switch (typeOf(cell)) {
    case TYPE.string:
      return bulk(textIn(cell));
    case TYPE.number:
      return integer(toInt64(cell.value as number));
    case TYPE.boolean:
      if (versions.script === 3) return bool(cell.value === true, versions.client);
      return cell.value === true ? ONE : nil(versions.client);
    case TYPE.table:
      return tableReply(state, cell.value as LuaTable, versions, depth);
    default:
      return nil(versions.client);
  }
}

function tableReply(state: LuaState, table: LuaTable, versions: ReplyVersions, depth: number): string {
  const { client } = versions;
  const field = (name: keyof typeof FIELDS): Cell => fieldOf(state, table, FIELDS[name]);
  // Of strings alone: a number there is no error and no status.
  const text = (name: keyof typeof FIELDS): string | undefined => stringIn(field(name));
  const err = text("err");
  if (err !== undefined) return error(err);
  const ok = text("ok");
  if (ok !== undefined) return simple(ok.replace(/[\r\n]/g, " "));
  const number = field("double");
  if (typeOf(number) === TYPE.number) return double(number.value as number, client);
  const map = field("map");
  if (typeOf(map) === TYPE.table) return entriesReply(state, map.value as LuaTable, versions, depth, true);
  const set = field("set");
  if (typeOf(set) === TYPE.table) return entriesReply(state, set.value as LuaTable, versions, depth, false);
  const bigNumber = text("bigNumber")?.replace(/[\r\n]/g, " ");
  if (bigNumber !== undefined) {
    return client === 3 ? `(${bigNumber}\r\n` : bulk(bigNumber);
  }
  const verbatim = field("verbatim");
  if (typeOf(verbatim) === TYPE.table) {
    const reply = verbatimReply(state, verbatim.value as LuaTable, client);
    if (reply !== undefined) return reply;
  }
  const items: string[] = [];
  for (let at = 1; ; at += 1) {
    const item = itemOf(table, at);
    if (typeOf(item) === TYPE.nil) return array(items);
    items.push(toReply(state, item, versions, depth + 1));
  }
}

function stringIn(cell: Cell): string | undefined {
  return typeOf(cell) === TYPE.string ? textIn(cell) : undefined;
}

function entriesReply(
  state: LuaState,
  table: LuaTable,
  versions: ReplyVersions,
  depth: number,
  withValues: boolean,
): string {
  let body = "";
  let count = 0;
  for (const [key, value] of entriesOf(table)) {
    body += toReply(state, key, versions, depth + 1);
    if (withValues) body += toReply(state, value, versions, depth + 1);
    count += 1;
  }
  return (withValues ? mapHeader(count, versions.client) : setHeader(count, versions.client)) + body;
}

function verbatimReply(state: LuaState, table: LuaTable, client: RespVersion): string | undefined {
  const string = stringIn(fieldOf(state, table, FIELDS.string));
  const format = stringIn(fieldOf(state, table, FIELDS.format));
  if (string === undefined || format === undefined) return undefined;
  if (client === 2) return bulk(string);
  return `=${string.length + 4}\r\n${format.slice(0, 3).padEnd(3, " ")}:${string}\r\n`;
}
