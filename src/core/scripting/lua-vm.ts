/**
 * fengari, typed as far as it is used here. Its libraries io, os, package and debug are loaded with it, but no table of
 * a script's holds anything of them. It decides nothing.
 */
import { fengari } from "./fengari.ts";

/** A tagged value: on the stack, in a table, in a constant. */
export interface Cell {
  type: number;
  value: unknown;
}

export interface LuaString {
  readonly realstring: Uint8Array;
  /** Ours: what it is as a key. */
  key?: string;
}

export interface TableEntry {
  readonly key: Cell;
  readonly value: Cell;
  /** Previous and next one. */
  p: TableEntry | null | undefined;
  n: TableEntry | undefined;
}

/** What fengari asks of a Map there. */
export interface DeadEntries {
  get(key: unknown): unknown;
  set(key: unknown, entry: unknown): unknown;
  clear(): void;
}

export interface LuaTable {
  /** First entry; they are linked in order of insertion. */
  f: TableEntry | undefined;
  /** Last one. */
  l: TableEntry | undefined;
  /** By the key, in fengari's encoding; numbers stand for themselves. */
  readonly strong: { readonly size: number; get(key: number): TableEntry | undefined };
  metatable: LuaTable | null;
  /** Entries that were deleted while someone may be walking the table. */
  dead_strong: DeadEntries;
  /** Ours: any change of it by a script is an error. */
  readonly?: boolean;
  /** Ours: the greatest index that its constructor, or a library, filled, with nil if need be. */
  listMax?: number;
}

export interface LuaState {
  readonly stack: Cell[];
  top: number;
  readonly ci: { readonly funcOff: number; top: number };
  readonly l_G: {
    readonly mt: (LuaTable | null)[];
    readonly l_registry: Cell;
    atnativeerror: HostFunction | null;
  };
}

/** Takes its arguments from the stack, leaves results there. @returns their number. */
export type HostFunction = (state: LuaState) => number;

export interface LexState {
  readonly L: LuaState;
  readonly t: { token: number; readonly seminfo: { ts: unknown } };
  /** What is being compiled. */
  readonly fs: FunctionState | null;
  /** Locals in sight, each by its place among the `locvars` of its function. */
  readonly dyd: { readonly actvar: { readonly arr: { idx: number }[]; n: number } };
}

export interface FunctionState {
  readonly f: {
    readonly is_vararg: boolean;
    readonly code: unknown[];
    readonly k: Cell[];
    readonly locvars: LocalVariable[];
  };
  /** The function around it; a chunk has none. */
  readonly prev: FunctionState | null;
  readonly pc: number;
  nk: number;
  nlocvars: number;
  nactvar: number;
  freereg: number;
  /** Ours: the register of `arg`. */
  argAt?: number;
}

interface LocalVariable {
  varname: LuaString | null;
  startpc: number;
}

export interface DebugRecord {
  readonly name: Uint8Array | null;
  readonly namewhat: Uint8Array | null;
  readonly what: Uint8Array | null;
  readonly source: Uint8Array | null;
  readonly short_src: Uint8Array | null;
  readonly currentline: number;
}

interface Machinery {
  lua_newstate(): LuaState;
  lua_load(
    state: LuaState,
    reader: (state: LuaState, data: { string: Uint8Array | null }) => Uint8Array | null,
    data: { string: Uint8Array | null },
    chunkName: Uint8Array,
    mode: Uint8Array,
  ): number;
  lua_pcallk(
    state: LuaState,
    args: number,
    results: number,
    handler: number,
    context: number,
    k: null,
  ): number;
  lua_callk(state: LuaState, args: number, results: number, context: number, k: null): void;
  lua_error(state: LuaState): never;
  /** Replaces the key on top of the stack by the field of the table at `index`, metatables included. */
  lua_gettable(state: LuaState, index: number): number;
  lua_checkstack(state: LuaState, size: number): boolean;
  lua_settop(state: LuaState, index: number): void;
  lua_rawequal(state: LuaState, one: number, other: number): number;
}

interface Api {
  lua_pushcfunction(state: LuaState, run: HostFunction): void;
}

interface Debugging {
  lua_getstack(state: LuaState, level: number, record: DebugRecord): boolean | number;
  lua_getinfo(state: LuaState, what: Uint8Array, record: DebugRecord): number;
  lua_sethook(state: LuaState, hook: HostFunction | null, mask: number, count: number): void;
  luaG_runerror(state: LuaState, message: Uint8Array): never;
}

export interface Objects {
  readonly TValue: { new (type: number, value: unknown): Cell; readonly prototype: CellMethods };
  readonly LocVar: new () => LocalVariable;
  luaO_tostring(state: LuaState, cell: Cell & CellMethods): void;
  luaO_str2num(text: Uint8Array, cell: Cell & CellMethods): number;
  luaO_pushvfstring(state: LuaState, format: Uint8Array, values: readonly unknown[]): Uint8Array;
  luaO_pushfstring(state: LuaState, format: Uint8Array, ...values: readonly unknown[]): Uint8Array;
  setsvalue2s(state: LuaState, at: number, text: { readonly realstring: Uint8Array }): void;
}

interface CellMethods {
  svalue(): Uint8Array;
  tsvalue(): LuaString;
  vslen(): number;
  setivalue(value: number): void;
  setfltvalue(value: number): void;
  setsvalue(text: unknown): void;
}

interface Calls {
  /** @returns whether it was a host function, which has run. */
  luaD_precall(state: LuaState, at: number, results: number): boolean;
}

interface Lexer {
  luaX_next(lexer: LexState): void;
  luaX_syntaxerror(lexer: LexState, message: Uint8Array): never;
  readonly RESERVED: Readonly<Record<string, number>>;
}

interface ParserCode {
  luaK_reserveregs(fs: FunctionState, count: number): void;
  luaK_codek(fs: FunctionState, register: number, constant: number): void;
  luaK_codeABC(fs: FunctionState, operation: number, a: number, b: number, c: number): void;
}

interface Opcodes {
  readonly OpCodesI: Readonly<Record<"OP_CALL" | "OP_JMP" | "OP_LOADNIL" | "OP_VARARG", number>>;
  CREATE_ABC(operation: number, a: number, b: number, c: number): unknown;
  CREATE_ABx(operation: number, a: number, bx: number): unknown;
  /** What stands for a distance of 0. */
  readonly MAXARG_sBx: number;
}

interface Tables {
  luaH_new(state: LuaState): LuaTable;
  luaH_get(state: LuaState, table: LuaTable, key: Cell): Cell;
  luaH_getint(table: LuaTable, key: number): Cell;
  luaH_getn(table: LuaTable): number;
  luaH_setfrom(state: LuaState, table: LuaTable, key: Cell, value: Cell): void;
  luaH_setint(table: LuaTable, key: number, value: Cell): void;
  luaH_next(state: LuaState, table: LuaTable, keyAt: number): boolean;
  invalidateTMcache(table: LuaTable): void;
}

interface Comparing {
  /** 1 or 0, without metamethods. */
  luaV_rawequalobj(one: Cell, other: Cell): number;
  /** `<`, metatables included. */
  luaV_lessthan(state: LuaState, one: Cell, other: Cell): number;
}

interface Metamethods {
  /** Of `metatable`, for `event`; `null` where there is none. */
  fasttm(state: LuaState, metatable: LuaTable | null, event: number): Cell | null;
  luaT_callTM(state: LuaState, run: Cell, one: Cell, other: Cell, result: Cell, hasResult: number): void;
  /** @returns `null` where it finds none to call. */
  luaT_callorderTM(state: LuaState, one: Cell, other: Cell, event: number): boolean | null;
  luaT_gettmbyobj(state: LuaState, value: Cell, event: number): Cell;
  luaT_objtypename(state: LuaState, value: Cell): Uint8Array;
  ttypename(type: number): Uint8Array;
  readonly TMS: Readonly<Record<"TM_LEN" | "TM_EQ", number>>;
}

interface Strings {
  /** Takes the array over: nobody may change it any more. */
  luaS_bless(state: LuaState | null, bytes: Uint8Array): LuaString;
  readonly TString: { readonly prototype: LuaString };
}

interface Auxiliary {
  luaL_tolstring(state: LuaState, index: number): Uint8Array;
}

type Opener = (state: LuaState) => number;

interface CoroutineLibrary {
  readonly luaopen_coroutine: Opener;
}

interface Definitions {
  readonly lua_Debug: new () => DebugRecord;
}

export const vm = { ...(fengari.lapi as object), ...(fengari.lstate as object) } as Machinery;
export const api = fengari.lapi as Api;
export const debugging = fengari.ldebug as Debugging;
export const objects = fengari.lobject as Objects;
export const calls = fengari.ldo as Calls;
export const lexer = fengari.llex as Lexer;
export const parserCode = fengari.lcode as ParserCode;
export const opcodes = fengari.lopcodes as Opcodes;
export const tables = fengari.ltable as Tables;
export const metamethods = fengari.ltm as Metamethods;
export const comparing = fengari.lvm as Comparing;
export const strings = fengari.lstring as Strings;
export const auxiliary = fengari.lauxlib as Auxiliary;
export const LuaDebug: new () => DebugRecord = (fengari.defs as Definitions).lua_Debug;
export const openCoroutine: Opener = (fengari.lcorolib as CoroutineLibrary).luaopen_coroutine;
