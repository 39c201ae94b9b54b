/**
 * Asks for metamethods as Lua 5.1 does: none for the length of a table or the name of its type, and none compares two values that
 * do not agree on it. Which value has which metatable it leaves alone.
 */
import { NIL, TYPE, typeOf } from "./cells.ts";
import { dialect } from "./dialect.ts";
import { type Cell, comparing, metamethods } from "./lua-vm.ts";

const { TM_LEN, TM_EQ } = metamethods.TMS;

function install(): void {
  ignoreLengths();
  agreeOnEquality();
  agreeOnOrder();
  nameTypesPlainly();
}

function ignoreLengths(): void {
  const { fasttm } = metamethods;
  metamethods.fasttm = (state, metatable, event): Cell | null =>
    event === TM_LEN && dialect.active ? null : fasttm(state, metatable, event);
}

/** fengari asks the first value for `__eq`, the second where the first has none, and calls what it was told at once. */
function agreeOnEquality(): void {
  const { fasttm, luaT_callTM } = metamethods;
  let isSecond = false;
  let found: Cell | null = null;
  metamethods.fasttm = (state, metatable, event): Cell | null => {
    if (event !== TM_EQ || !dialect.active) return fasttm(state, metatable, event);
    found = isSecond ? null : fasttm(state, metatable, event);
    isSecond = !isSecond && found === null;
    return found;
  };
  metamethods.luaT_callTM = (state, run, one, other, result, hasResult): void => {
    const isEquality = run === found;
    found = null;
    if (!isEquality || isSame(run, metamethods.luaT_gettmbyobj(state, other, TM_EQ)))
      luaT_callTM(state, run, one, other, result, hasResult);
    else Object.assign(result, { type: TYPE.boolean, value: false });
  };
}

function agreeOnOrder(): void {
  const { luaT_callorderTM, luaT_gettmbyobj } = metamethods;
  metamethods.luaT_callorderTM = (state, one, other, event): boolean | null => {
    if (dialect.active) {
      if (typeOf(one) !== typeOf(other)) return null;
      const [run = NIL, same = NIL] = [one, other].map((value) => luaT_gettmbyobj(state, value, event));
      if (!isSame(run, same)) return null;
    }
    return luaT_callorderTM(state, one, other, event);
  };
}

function isSame(one: Cell, other: Cell): boolean {
  return comparing.luaV_rawequalobj(one, other) !== 0;
}

function nameTypesPlainly(): void {
  const { luaT_objtypename } = metamethods;
  metamethods.luaT_objtypename = (state, value): Uint8Array =>
    dialect.active ? metamethods.ttypename(typeOf(value)) : luaT_objtypename(state, value);
}

install();
