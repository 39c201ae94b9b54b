/**
 * Makes fengari, a Lua 5.3, behave as the Lua 5.1 that Redis embeds: every number is a double and prints as `%.14g`, the
 * operators that 5.1 does not have are refused, `goto` is a name, unknown escapes stand for their letter, tables can be
 * read-only.
 *
 * fengari has no switch for that, so a few of its functions are replaced. Each replacement asks `dialect.active` first:
 * other users of fengari in this process see it unchanged.
 */
import { InterrexError } from "../../base/errors.ts";
import { bytesOf, textOf } from "./bytes.ts";
import { modulo } from "./fengari.ts";
import {
  api,
  type Cell,
  calls,
  type DeadEntries,
  debugging,
  type LuaString,
  type LuaTable,
  lexer,
  objects,
  strings,
  type TableEntry,
  tables,
} from "./lua-vm.ts";
import { numberToText, textToNumber } from "./numerals.ts";

/** Longest string that a script may build; the machine has no account of memory of its own. */
export const LUA_STRING_MAX: number = 64 * 1024 * 1024;

/**
 * Whether the machine that runs now is ours, and its work beside instructions, in instructions: bytes copied, keys
 * added to tables, calls of functions. `ending`: the script has been told to end; none of its error handlers runs.
 */
export const dialect: {
  active: boolean;
  work: number;
  /** How much work there may be before `check` is asked again; `Infinity` while no script runs. */
  checkAt: number;
  /** @throws ScriptEnd when the script must end. */
  check: () => void;
  ending: boolean;
} = { active: false, work: 0, checkAt: Number.POSITIVE_INFINITY, check: () => {}, ending: false };

/** Thrown through the machine: the script has done too much, and must end with `message`. */
export class ScriptEnd extends Error {}

/**
 * Counts work that no instruction stands for, in instructions. To be called before the work is done, or in pieces of no more
 * than some milliseconds.
 *
 * @throws ScriptEnd
 */
export function spend(instructions: number): void {
  dialect.work += instructions;
  if (dialect.work > dialect.checkAt) dialect.check();
}

export const BYTES_PER_INSTRUCTION = 64;
/** Strings of this length are worth a look at the budget, each by itself. */
export const LONG_BYTES = 4096;
export const INSTRUCTIONS_PER_KEY = 60;
export const INSTRUCTIONS_PER_CALL = 40;
/** An error that is caught. */
export const INSTRUCTIONS_PER_ERROR = 100;
const INSTRUCTIONS_PER_STRING = 5;
/** To write a number that is not whole, and to read one. */
const INSTRUCTIONS_PER_FRACTION = 40;
const INSTRUCTIONS_PER_NUMERAL = 10;

const READONLY_TABLE: Uint8Array = bytesOf("Attempt to modify a readonly table");
const UNEXPECTED_SYMBOL: Uint8Array = bytesOf("unexpected symbol");

function install(): void {
  keepNumbersDouble();
  divideByFloor();
  refuseLaterSyntax();
  obeyReadonly();
  accountForStrings();
  keepListsInOrder();
  measureLists();
  makeTablesCheap();
  accountForCalls();
  makeRoomForErrors();
  accountForComparisons();
  keepKeysApart();
}

function keepNumbersDouble(): void {
  const cell = objects.TValue.prototype;
  const { setivalue } = cell;
  cell.setivalue = function (this: typeof cell, value: number): void {
    if (dialect.active) this.setfltvalue(value);
    else setivalue.call(this, value);
  };
  const { luaO_tostring, luaO_str2num, luaO_pushvfstring } = objects;
  // The machine's own messages count lines with integers.
  const pushText: typeof luaO_pushvfstring = (state, format, values) => {
    const { active } = dialect;
    dialect.active = false;
    try {
      return luaO_pushvfstring(state, format, values);
    } finally {
      dialect.active = active;
    }
  };
  objects.luaO_pushvfstring = pushText;
  objects.luaO_pushfstring = (state, format, ...values): Uint8Array => pushText(state, format, values);
  objects.luaO_tostring = (state, number): void => {
    if (!dialect.active) return luaO_tostring(state, number);
    if (!Number.isInteger(number.value)) dialect.work += INSTRUCTIONS_PER_FRACTION;
    number.setsvalue(strings.luaS_bless(state, bytesOf(numberToText(number.value as number))));
  };
  objects.luaO_str2num = (text, number): number => {
    if (!dialect.active) return luaO_str2num(text, number);
    if (text.length > LONG_BYTES) spend(text.length);
    else dialect.work += INSTRUCTIONS_PER_NUMERAL;
    const value = textToNumber(textOf(text));
    if (value === undefined) return 0;
    number.setfltvalue(value);
    return text.length + 1;
  };
}

/** Of 5.1, by its definition: -10 % 5 is 0, not -0. */
function divideByFloor(): void {
  const { run } = modulo;
  modulo.run = (state, one, other): number =>
    dialect.active ? one - Math.floor(one / other) * other : run(state, one, other);
}

function refuseLaterSyntax(): void {
  const { luaX_next, RESERVED } = lexer;
  const token = (name: string): number => {
    const found = RESERVED[name];
    if (found === undefined)
      throw new InterrexError("LUA_VERSION", `This fengari has no token ${name}; use 0.1.5`);
    return found;
  };
  const code = (symbol: string): number => symbol.charCodeAt(0);
  // Of two letters 5.1 would have taken the first, and stopped at the second.
  const refused = new Map([
    ...["&", "|", "~"].map((symbol) => [code(symbol), code(symbol)] as const),
    [token("TK_IDIV"), code("/")],
    [token("TK_SHL"), code("<")],
    [token("TK_SHR"), code(">")],
    [token("TK_DBCOLON"), code(":")],
  ]);
  const gotoToken = token("TK_GOTO");
  const nameToken = token("TK_NAME");
  lexer.luaX_next = (state): void => {
    luaX_next(state);
    if (!dialect.active) return;
    const { t } = state;
    const shown = refused.get(t.token);
    if (shown !== undefined) {
      t.token = shown;
      lexer.luaX_syntaxerror(state, UNEXPECTED_SYMBOL);
    }
    if (t.token !== gotoToken) return;
    t.token = nameToken;
    t.seminfo.ts = strings.luaS_bless(state.L, bytesOf("goto"));
  };
}

function obeyReadonly(): void {
  const { luaH_setfrom } = tables;
  tables.luaH_setfrom = (state, table, key, value): void => {
    if (table.readonly === true) debugging.luaG_runerror(state, READONLY_TABLE);
    const last = table.l;
    luaH_setfrom(state, table, key, value);
    if (table.l !== last) dialect.work += INSTRUCTIONS_PER_KEY;
  };
}

/** Past the protection: for the machine's own tables. */
export const setUnprotected: (table: LuaTable, key: Cell, value: Cell) => void = (() => {
  const { luaH_setfrom } = tables;
  return (table, key, value) => {
    dialect.work += INSTRUCTIONS_PER_KEY;
    luaH_setfrom(undefined as never, table, key, value);
    tables.invalidateTMcache(table);
  };
})();

function accountForStrings(): void {
  const { setsvalue2s } = objects;
  objects.setsvalue2s = (state, at, text): void => {
    if (dialect.active && text.realstring.length > LUA_STRING_MAX) {
      debugging.luaG_runerror(state, bytesOf("not enough memory"));
    }
    // Of a short one somebody else will ask: errors are put together here, too.
    if (text.realstring.length > LONG_BYTES) spend(text.realstring.length / BYTES_PER_INSTRUCTION);
    else dialect.work += INSTRUCTIONS_PER_STRING + text.realstring.length / BYTES_PER_INSTRUCTION;
    setsvalue2s(state, at, text);
  };
}

function accountForCalls(): void {
  const { luaD_precall } = calls;
  calls.luaD_precall = (state, at, results): boolean => {
    dialect.work += INSTRUCTIONS_PER_CALL;
    return luaD_precall(state, at, results);
  };
}

/** Two long strings are compared byte by byte, in one instruction. */
function accountForComparisons(): void {
  const cell = objects.TValue.prototype;
  // Of these two nobody compares anything, and they need not be strings that are looked into.
  cell.svalue = function (this: Cell): Uint8Array {
    return (this.value as LuaString).realstring;
  };
  cell.vslen = function (this: Cell): number {
    return (this.value as LuaString).realstring.length;
  };
  let before = 0;
  cell.tsvalue = function (this: Cell): LuaString {
    const text = this.value as LuaString;
    const { length } = text.realstring;
    if (length > LONG_BYTES && before > LONG_BYTES && dialect.active) {
      spend(Math.min(length, before) / BYTES_COMPARED_PER_INSTRUCTION);
    }
    before = length;
    return text;
  };
}

const BYTES_COMPARED_PER_INSTRUCTION = 32;

/**
 * Strings are keys of tables, and are ordered, by the hexadecimal digits of their bytes. fengari puts them together one by one: a
 * tree of as many nodes as the string has bytes; and of a byte below 16 it takes one digit, so that different strings are one key.
 */
function keepKeysApart(): void {
  Object.defineProperty(strings.TString.prototype, "hash", {
    get(this: LuaString): string {
      this.key ??= keyOf(this.realstring);
      return this.key;
    },
    // By its constructor.
    set(): void {},
  });
}

function keyOf(bytes: Uint8Array): string {
  const { length } = bytes;
  if (length > SHORT_KEY_BYTES) {
    if (length > LONG_BYTES && dialect.active) spend(length / BYTES_PER_KEY_INSTRUCTION);
    return `|${Buffer.from(bytes.buffer, bytes.byteOffset, length).toString("hex")}`;
  }
  let key = "|";
  for (let at = 0; at < length; at += 1) key += HEXADECIMAL[bytes[at] as number];
  return key;
}

const SHORT_KEY_BYTES = 16;
const BYTES_PER_KEY_INSTRUCTION = 8;
const HEXADECIMAL: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, "0"),
);

/** fengari pushes its handler of JavaScript's errors on a stack that an instruction may have left full. */
function makeRoomForErrors(): void {
  const { lua_pushcfunction } = api;
  api.lua_pushcfunction = (state, run): void => {
    const top = state.top + ERROR_SLOTS;
    if (run === state.l_G.atnativeerror && state.ci.top < top) state.ci.top = top;
    lua_pushcfunction(state, run);
  };
}

/** For the handler and what was thrown. */
const ERROR_SLOTS = 2;

/** Most tables never lose an entry: a Map for those, cleared at each insertion, would be half of a table's cost. */
function makeTablesCheap(): void {
  const { luaH_new } = tables;
  tables.luaH_new = (state): LuaTable => {
    const table = luaH_new(state);
    dialect.work += INSTRUCTIONS_PER_KEY;
    if (dialect.active) table.dead_strong = new LazyDeadEntries();
    return table;
  };
}

class LazyDeadEntries implements DeadEntries {
  #entries: Map<unknown, unknown> | undefined;

  get(key: unknown): unknown {
    return this.#entries?.get(key);
  }

  set(key: unknown, entry: unknown): void {
    this.#entries ??= new Map();
    this.#entries.set(key, entry);
  }

  clear(): void {
    this.#entries = undefined;
  }
}

/** fengari fills a list from its end; `pairs` must still begin at 1, as scripts expect. */
function keepListsInOrder(): void {
  const { luaH_setint } = tables;
  tables.luaH_setint = (table, key, value): void => {
    const last = table.l;
    luaH_setint(table, key, value);
    if (!dialect.active) return;
    const { listMax = 0 } = table;
    table.listMax = Math.max(listMax, key);
    const added = table.l;
    if (added === undefined || added === last) return;
    dialect.work += INSTRUCTIONS_PER_KEY;
    const next = itemBehind(table, key, listMax);
    if (next === undefined) return;
    table.l = added.p ?? undefined;
    if (table.l !== undefined) table.l.n = undefined;
    added.p = next.p;
    added.n = next;
    if (next.p) next.p.n = added;
    else table.f = added;
    next.p = added;
  };
}

/** Beyond the holes that a constructor leaves: no more than it fills at once. */
function itemBehind(table: LuaTable, key: number, listMax: number): TableEntry | undefined {
  for (let at = key + 1; at <= listMax; at += 1) {
    const entry = table.strong.get(at);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/** Of a list with holes `#` may be before any of them; scripts know which one it is in 5.1, for what a constructor made. */
function measureLists(): void {
  const { luaH_getn } = tables;
  tables.luaH_getn = (table): number => {
    const { listMax = 0, strong } = table;
    if (!dialect.active || listMax === 0) return luaH_getn(table);
    if (strong.get(listMax) !== undefined)
      return strong.get(listMax + 1) === undefined ? listMax : luaH_getn(table);
    let present = 0;
    let absent = listMax;
    while (absent - present > 1) {
      const middle = Math.floor((present + absent) / 2);
      if (strong.get(middle) === undefined) absent = middle;
      else present = middle;
    }
    return present;
  };
}

install();
