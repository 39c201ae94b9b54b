/**
 * The one Lua machine of a node: a sandbox with Redis's globals. It compiles sources and runs functions, each with fresh
 * KEYS, ARGV, random numbers and cjson settings; everything else that a script can reach is read-only.
 * What redis.call does, and when a script has run for too long, its owner decides.
 */
import "./arg-table.ts";
import "./earlier-metamethods.ts";
import { bytesOf, textOf } from "./bytes.ts";
import { Call, hostFunction, type Library } from "./call.ts";
import {
  copyOf,
  fieldOf,
  functionCell,
  listCell,
  NIL,
  newTable,
  setField,
  TYPE,
  tableCell,
  textCell,
  textIn,
  typeOf,
} from "./cells.ts";
import { BYTES_PER_INSTRUCTION, dialect, INSTRUCTIONS_PER_KEY, ScriptEnd } from "./dialect.ts";
import { toEarlierMessage } from "./earlier-words.ts";
import { BASE_LIBRARY, loadText } from "./libraries/base.ts";
import { BIT_LIBRARY } from "./libraries/bit.ts";
import { cjsonLibrary } from "./libraries/cjson.ts";
import { type CjsonConfig, defaultCjsonConfig } from "./libraries/cjson-config.ts";
import { CMSGPACK_LIBRARY } from "./libraries/cmsgpack.ts";
import { mathLibrary, ScriptRandom } from "./libraries/math.ts";
import { STRING_LIBRARY } from "./libraries/string.ts";
import { STRUCT_LIBRARY } from "./libraries/struct.ts";
import { TABLE_LIBRARY } from "./libraries/table.ts";
import { adopted, fill, openLibrary, tableOf } from "./library.ts";
import {
  type Cell,
  debugging,
  type HostFunction,
  LuaDebug,
  type LuaState,
  type LuaTable,
  openCoroutine,
  tables,
  vm,
} from "./lua-vm.ts";

const CHUNK = "@user_script";
/** Instructions between two looks at the budget. */
const CHECK_EVERY = 1000;
/** The same for work of host functions, which no hook sees. */
const CHECK_WORK_EVERY = 100_000;
/** Slots of the stack; fengari itself would go on for seconds. */
const STACK_MAX = 100_000;
const COUNT_EVENTS = 1 << 3;
/** Where the registry keeps the globals. */
const GLOBALS = 2;

export type Outcome =
  | { readonly ok: true; readonly value: Cell }
  /** `place` is `source:line`, where it is known. */
  | { readonly ok: false; readonly error: Cell; readonly place: string | undefined };

export interface MachineOwner {
  /** The `redis` table. */
  readonly redis: Library;
  randomSeed(): number;
  /** Asked after every so many instructions. @returns why the script must end now. */
  overrun(instructions: number): string | undefined;
}

export class LuaMachine {
  readonly state: LuaState;
  readonly #owner: MachineOwner;
  readonly #globals: LuaTable;
  readonly #random = new ScriptRandom();
  readonly #cjson: CjsonConfig = defaultCjsonConfig();
  /** Where the script's error came from. */
  #place: string | undefined;
  readonly #handler: Cell = functionCell(
    hostFunction((call) => {
      this.#place = placeOf(call);
      return describeError(call);
    }),
  );
  readonly #hook: HostFunction = (state) => {
    if (state.top <= STACK_MAX) return this.#onCount(state, CHECK_EVERY);
    const call = new Call(state);
    return call.raise(textCell(`${call.where(0)}stack overflow`));
  };
  readonly #check = (): void => {
    dialect.checkAt = dialect.work + CHECK_WORK_EVERY;
    const reason = this.#whyEnd();
    if (reason !== undefined) throw new ScriptEnd(reason);
  };
  readonly #hookAtEnd: HostFunction = (state) => this.#onCount(state, 1);
  #instructions = 0;
  /** Not the script's fault: it must reach the caller, whatever the script does about it. */
  #failure: { readonly cause: unknown } | undefined;

  constructor(owner: MachineOwner) {
    this.#owner = owner;
    this.state = vm.lua_newstate();
    this.state.l_G.atnativeerror = (state): number => this.#onNativeError(state);
    this.#globals = this.#build();
  }

  /** @returns the function, or why it does not compile. */
  compile(source: string): Cell | string {
    dialect.active = true;
    try {
      const failure = loadText(this.state, source, CHUNK);
      if (failure !== undefined) return failure;
      const compiled = copyOf(this.state.stack[this.state.top - 1] as Cell);
      vm.lua_settop(this.state, 0);
      return compiled;
    } finally {
      dialect.active = false;
    }
  }

  run(script: Cell, keys: readonly string[], args: readonly string[]): Outcome {
    const { state } = this;
    const refusal = this.#refuse([keys, args]);
    if (refusal !== undefined) return { ok: false, error: errorCell(state, refusal), place: undefined };
    dialect.active = true;
    try {
      this.#reset(keys, args);
      state.stack[state.top] = copyOf(this.#handler);
      state.stack[state.top + 1] = copyOf(script);
      state.top += 2;
      const status = vm.lua_pcallk(state, 0, 1, 1, 0, null);
      if (this.#failure !== undefined) throw this.#failure.cause;
      const value = copyOf(state.stack[state.top - 1] ?? NIL);
      return status === 0 ? { ok: true, value } : { ok: false, error: value, place: this.#place };
    } finally {
      dialect.active = false;
      dialect.checkAt = Number.POSITIVE_INFINITY;
      debugging.lua_sethook(state, null, 0, 0);
      vm.lua_settop(state, 0);
    }
  }

  /** The present run is to end with this, which its owner is about to throw, whatever the script does about it. */
  noteFailure(cause: unknown): void {
    this.#failure ??= { cause };
  }

  #reset(keys: readonly string[], args: readonly string[]): void {
    const { state } = this;
    this.#failure = undefined;
    this.#place = undefined;
    this.#instructions = 0;
    dialect.work = 0;
    dialect.check = this.#check;
    dialect.ending = false;
    this.#random.seed(this.#owner.randomSeed());
    Object.assign(this.#cjson, defaultCjsonConfig());
    setField(this.#globals, "KEYS", listCell(state, keys.map(textCell)));
    setField(this.#globals, "ARGV", listCell(state, args.map(textCell)));
    dialect.checkAt = CHECK_WORK_EVERY;
    debugging.lua_sethook(state, this.#hook, COUNT_EVENTS, CHECK_EVERY);
  }

  /** @returns why the script can't be given so much. */
  #refuse(given: readonly (readonly string[])[]): string | undefined {
    let work = 0;
    for (const texts of given) {
      for (const { length } of texts) work += INSTRUCTIONS_PER_KEY + length / BYTES_PER_INSTRUCTION;
    }
    return this.#owner.overrun(work);
  }

  #onCount(state: LuaState, instructions: number): number {
    this.#instructions += instructions;
    const reason = this.#whyEnd();
    if (reason === undefined) return 0;
    this.#end(state);
    return new Call(state).raise(textCell(reason));
  }

  #whyEnd(): string | undefined {
    if (this.#failure !== undefined) return "the server has failed";
    return this.#owner.overrun(this.#instructions + dialect.work);
  }

  /** From now on every instruction raises again: a script can't catch its own end. */
  #end(state: LuaState): void {
    dialect.ending = true;
    for (const each of [state, this.state]) debugging.lua_sethook(each, this.#hookAtEnd, COUNT_EVENTS, 1);
  }

  /** Something in our own code, or in the runtime, has thrown while Lua was running. */
  #onNativeError(state: LuaState): number {
    const cause = (state.stack[state.top - 1] as Cell).value;
    const isExhausted = cause instanceof RangeError;
    const isEnd = cause instanceof ScriptEnd;
    if (!isExhausted && !isEnd) this.noteFailure(cause);
    if (isEnd || this.#failure !== undefined) this.#end(state);
    let text = "not enough memory";
    if (isEnd) text = cause.message;
    else if (isExhausted && /call stack/.test(cause.message)) text = "stack overflow";
    state.stack[state.top] = textCell(text);
    state.top += 1;
    return 1;
  }

  #build(): LuaTable {
    const { state } = this;
    const globals = newTable(state);
    fill(globals, BASE_LIBRARY);
    const strings = tableOf(state, STRING_LIBRARY);
    const parts: Record<string, LuaTable> = {
      bit: tableOf(state, BIT_LIBRARY),
      cjson: tableOf(state, cjsonLibrary(this.#cjson)),
      cmsgpack: tableOf(state, CMSGPACK_LIBRARY),
      coroutine: tableOf(state, coroutineLibrary(state)),
      math: tableOf(state, mathLibrary(this.#random)),
      redis: tableOf(state, this.#owner.redis),
      string: strings,
      struct: tableOf(state, STRUCT_LIBRARY),
      table: tableOf(state, TABLE_LIBRARY),
    };
    for (const [name, part] of Object.entries(parts)) {
      part.readonly = true;
      setField(globals, name, tableCell(part));
    }
    setField(globals, "_G", tableCell(globals));
    globals.metatable = tableOf(state, { __index: missingGlobal });
    const stringMetatable = tableOf(state, { __index: tableCell(strings) });
    for (const table of [globals, globals.metatable, stringMetatable]) table.readonly = true;
    state.l_G.mt[TYPE.string] = stringMetatable;
    tables.luaH_setint(state.l_G.l_registry.value as LuaTable, GLOBALS, tableCell(globals));
    vm.lua_settop(state, 0);
    return globals;
  }
}

function missingGlobal(call: Call): never {
  const name = call.cell(2);
  const text = typeOf(name) === TYPE.string ? textIn(name) : "?";
  return call.fail(`Script attempted to access nonexistent global variable '${text}'`);
}

function coroutineLibrary(state: LuaState): Library {
  const own = openLibrary(state, openCoroutine);
  return {
    create: adopted(counted(own("create")), [], wantLuaFunction),
    resume: adopted(resumed(own("resume")), [], wantCoroutine),
    // In 5.1 the main program is no coroutine.
    running: (call) => (call.state === state ? NIL : { type: TYPE.thread, value: call.state }),
    status: adopted(own("status"), [], wantCoroutine),
    wrap: adopted(counted(own("wrap")), [], wantLuaFunction),
    yield: adopted(own("yield")),
  };
}

function wantCoroutine(state: LuaState): void {
  const call = new Call(state);
  if (typeOf(call.cell(1)) !== TYPE.thread) call.badArgument(1, "coroutine expected");
}

/** None of the host's either: these can't be resumed. */
function wantLuaFunction(state: LuaState): void {
  const call = new Call(state);
  if (call.cell(1).type !== TYPE.function) call.badArgument(1, "Lua function expected");
}

const INSTRUCTIONS_PER_COROUTINE = 200;
const INSTRUCTIONS_PER_RESUMPTION = 100;

/** It makes a stack, and what it takes to run one. */
function counted(make: HostFunction): HostFunction {
  return (state) => {
    dialect.work += INSTRUCTIONS_PER_COROUTINE;
    return make(state);
  };
}

/** What ended the coroutine comes back as a value: past pcall, that would put it into 5.1's words. */
function resumed(resume: HostFunction): HostFunction {
  return (state) => {
    dialect.work += INSTRUCTIONS_PER_RESUMPTION;
    const count = resume(state);
    const [ended, error] = state.stack.slice(state.top - count, state.top);
    if (ended?.value === false && error !== undefined && typeOf(error) === TYPE.string)
      state.stack[state.top - 1] = textCell(toEarlierMessage(textIn(error)));
    return count;
  };
}

const PLACE_WANTED: Uint8Array = bytesOf("Sl");
const ERR = textCell("err");

function placeOf(call: Call): string | undefined {
  for (const level of [1, 2]) {
    const record = new LuaDebug();
    if (!debugging.lua_getstack(call.state, level, record)) break;
    debugging.lua_getinfo(call.state, PLACE_WANTED, record);
    if (record.currentline < 0 && level === 1) continue;
    return record.source === null ? undefined : `${textOf(record.source)}:${record.currentline}`;
  }
  return undefined;
}

/** As Redis's error handler: anything that is not a table becomes one. */
function describeError(call: Call): Cell {
  const error = call.cell(1);
  if (typeOf(error) === TYPE.table) return error;
  return errorCell(call.state, toEarlierMessage(plainText(call, error)));
}

function errorCell(state: LuaState, text: string): Cell {
  const table = newTable(state);
  tables.luaH_setfrom(state, table, ERR, textCell(`ERR ${text}`));
  return tableCell(table);
}

function plainText(call: Call, error: Cell): string {
  if (typeOf(error) === TYPE.string) return textIn(error);
  const [text = NIL] = call.invoke(fieldOf(call.state, globalsOf(call.state), TOSTRING), [error], 1);
  return typeOf(text) === TYPE.string ? textIn(text) : "?";
}

const TOSTRING = textCell("tostring");

function globalsOf(state: LuaState): LuaTable {
  return tables.luaH_getint(state.l_G.l_registry.value as LuaTable, GLOBALS).value as LuaTable;
}
