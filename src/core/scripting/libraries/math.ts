/** Lua 5.1's math library, with Redis's random numbers: after `math.randomseed(n)` the same sequence as there. */
import type { Call, Library } from "../call.ts";
import { numberCell } from "../cells.ts";
import type { Cell } from "../lua-vm.ts";

const MASK = 2n ** 48n - 1n;
const RANDOM_MAX = 2 ** 31 - 1;

/** drand48's generator. */
export class ScriptRandom {
  #seed = 0;
  /** Made of the seed when the first number is wanted. */
  #state: bigint | undefined;

  seed(value: number): void {
    this.#seed = Math.trunc(value);
    this.#state = undefined;
  }

  /** 31 bits. */
  next(): number {
    const state = this.#state ?? (BigInt.asUintN(32, BigInt(this.#seed)) << 16n) | 0x330en;
    this.#state = (state * 0x5deece66dn + 0xbn) & MASK;
    return Number(this.#state >> 17n);
  }
}

type Unary = (value: number) => number;

const UNARY: Readonly<Record<string, Unary>> = {
  abs: Math.abs,
  acos: Math.acos,
  asin: Math.asin,
  atan: Math.atan,
  ceil: Math.ceil,
  cos: Math.cos,
  cosh: Math.cosh,
  deg: (value) => value * (180 / Math.PI),
  exp: Math.exp,
  floor: Math.floor,
  log: Math.log,
  log10: Math.log10,
  rad: (value) => value * (Math.PI / 180),
  sin: Math.sin,
  sinh: Math.sinh,
  sqrt: Math.sqrt,
  tan: Math.tan,
  tanh: Math.tanh,
};

const BINARY: Readonly<Record<string, (one: number, other: number) => number>> = {
  atan2: Math.atan2,
  fmod: (one, other) => one % other,
  ldexp: (mantissa, exponent) => mantissa * 2 ** Math.trunc(exponent),
  mod: (one, other) => one % other,
  // Of 1 and -1 C knows it also where JavaScript does not.
  pow: (base, exponent) =>
    base === 1 || (base === -1 && Math.abs(exponent) === Number.POSITIVE_INFINITY) ? 1 : base ** exponent,
};

function random(source: ScriptRandom): (call: Call) => Cell {
  return (call) => {
    const part = (source.next() % RANDOM_MAX) / RANDOM_MAX;
    if (call.count === 0) return numberCell(part);
    if (call.count > 2) call.fail("wrong number of arguments");
    const low = call.count === 1 ? 1 : call.wrappedInteger(1);
    const high = call.wrappedInteger(call.count);
    if (low > high) call.badArgument(call.count, "interval is empty");
    return numberCell(Math.floor(part * (high - low + 1)) + low);
  };
}

function extreme(choose: (one: number, other: number) => boolean): (call: Call) => Cell {
  return (call) => {
    let found = call.number(1);
    for (let at = 2; at <= call.count; at += 1) {
      const value = call.number(at);
      if (choose(value, found)) found = value;
    }
    return numberCell(found);
  };
}

function frexp(call: Call): Cell[] {
  const value = call.number(1);
  if (value === 0 || !Number.isFinite(value)) return [numberCell(value), numberCell(0)];
  let exponent = Math.max(-1023, Math.floor(Math.log2(Math.abs(value))) + 1);
  let mantissa = value * 2 ** -exponent;
  for (; Math.abs(mantissa) < 0.5; exponent -= 1) mantissa *= 2;
  for (; Math.abs(mantissa) >= 1; exponent += 1) mantissa /= 2;
  return [numberCell(mantissa), numberCell(exponent)];
}

function modf(call: Call): Cell[] {
  const value = call.number(1);
  const whole = Math.trunc(value);
  const part = Number.isFinite(value) ? value - whole : 0;
  // Of the same sign, also where there is none.
  return [numberCell(whole), numberCell(value < 0 ? -Math.abs(part) : part)];
}

export function mathLibrary(source: ScriptRandom): Library {
  const library: Record<string, Library[string]> = {
    frexp,
    huge: numberCell(Number.POSITIVE_INFINITY),
    max: extreme((one, other) => one > other),
    min: extreme((one, other) => one < other),
    modf,
    pi: numberCell(Math.PI),
    random: random(source),
    randomseed: (call) => {
      source.seed(call.wrappedInteger(1));
      return undefined;
    },
  };
  for (const [name, run] of Object.entries(UNARY)) library[name] = (call) => numberCell(run(call.number(1)));
  for (const [name, run] of Object.entries(BINARY)) {
    library[name] = (call) => numberCell(run(call.number(1), call.number(2)));
  }
  return library;
}
