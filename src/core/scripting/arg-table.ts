/**
 * Lua 5.1's `arg`: in a function that takes `...` and does not use it, a local table of what came there, with their number as
 * `n`; in one that uses `...` a local without a value. A chunk has none.
 *
 * fengari's parser can't be told, but shows its state at each token: as it leaves the parameters of such a function the local is
 * declared, and made by a call; a later `...` turns that call into nothing.
 */
import { bytesOf } from "./bytes.ts";
import { hostFunction } from "./call.ts";
import { functionCell, listCell, numberCell, setField } from "./cells.ts";
import { dialect } from "./dialect.ts";
import {
  type FunctionState,
  type LexState,
  type LuaTable,
  lexer,
  objects,
  opcodes,
  parserCode,
  strings,
} from "./lua-vm.ts";

const NAME = bytesOf("arg");
const { OP_CALL, OP_JMP, OP_LOADNIL, OP_VARARG } = opcodes.OpCodesI;

const PACK = functionCell(
  hostFunction((call) => {
    const list = listCell(call.state, call.cells(1));
    setField(list.value as LuaTable, "n", numberCell(call.count));
    return list;
  }),
);

function install(): void {
  const { luaX_next } = lexer;
  const dots = lexer.RESERVED.TK_DOTS;
  lexer.luaX_next = (state): void => {
    const { fs } = state;
    if (dialect.active && fs?.prev && fs.f.is_vararg && fs.argAt === undefined) declare(state, fs);
    luaX_next(state);
    if (fs?.argAt !== undefined && state.t.token === dots) leaveOut(fs, fs.argAt);
  };
}

/** `local arg = PACK(...)`, as the first code of the function. */
function declare(state: LexState, fs: FunctionState): void {
  const { f, freereg } = fs;
  const variable = new objects.LocVar();
  variable.varname = strings.luaS_bless(state.L, NAME);
  f.locvars[fs.nlocvars] = variable;
  const { actvar } = state.dyd;
  actvar.arr[actvar.n] = { idx: fs.nlocvars };
  actvar.n += 1;
  fs.nlocvars += 1;
  f.k[fs.nk] = PACK;
  parserCode.luaK_reserveregs(fs, 2);
  parserCode.luaK_codek(fs, freereg, fs.nk);
  fs.nk += 1;
  // All of the rest, and one result.
  parserCode.luaK_codeABC(fs, OP_VARARG, freereg + 1, 0, 0);
  parserCode.luaK_codeABC(fs, OP_CALL, freereg, 0, 2);
  fs.freereg -= 1;
  variable.startpc = fs.pc;
  fs.nactvar += 1;
  fs.argAt = freereg;
}

/** In the place of the three instructions: nothing for the local, and a jump over the last of them. */
function leaveOut({ f }: FunctionState, argAt: number): void {
  f.code[0] = opcodes.CREATE_ABC(OP_LOADNIL, argAt, 0, 0);
  f.code[1] = opcodes.CREATE_ABx(OP_JMP, 0, opcodes.MAXARG_sBx + 1);
}

install();
