/** `string.format` as Lua 5.1 has it: C's conversions d i o u x X c e E f g G q s. */

import { fixed, general, scientific } from "../../../base/printf.ts";
import { textOf } from "../bytes.ts";
import type { Call } from "../call.ts";
import { textCell } from "../cells.ts";
import { LUA_STRING_MAX, spend } from "../dialect.ts";
import type { Cell } from "../lua-vm.ts";
import { toInt64, toUint64 } from "../numerals.ts";
import { escaped, escapesOf } from "./escapes.ts";

interface Conversion {
  readonly flags: string;
  readonly width: number;
  /** -1 when none is given. */
  readonly precision: number;
  readonly letter: string;
}

const CONVERSION = /([-+ #0]*)(\d*)(?:(\.)(\d*))?([\s\S]?)/y;
const FLAGS_MAX = 5;
const INSTRUCTIONS_PER_PIECE = 10;

export function format(call: Call): Cell {
  const template = call.text(1);
  let text = "";
  let at = 0;
  let argument = 1;
  for (;;) {
    spend(INSTRUCTIONS_PER_PIECE);
    const percent = template.indexOf("%", at);
    text += template.slice(at, percent < 0 ? undefined : percent);
    if (text.length > LUA_STRING_MAX) call.fail("not enough memory");
    if (percent < 0) return textCell(text);
    if (template[percent + 1] === "%") {
      text += "%";
      at = percent + 2;
      continue;
    }
    const conversion = parse(call, template, percent + 1);
    at = CONVERSION.lastIndex;
    argument += 1;
    if (argument > call.count) call.badArgument(argument, "no value");
    text += convert(call, argument, conversion);
  }
}

function parse(call: Call, template: string, from: number): Conversion {
  CONVERSION.lastIndex = from;
  const [, flags = "", width = "", dot, precision = "", letter = ""] = CONVERSION.exec(template) ?? [];
  if (flags.length > FLAGS_MAX) call.fail("invalid format (repeated flags)");
  if (width.length > 2 || precision.length > 2) call.fail("invalid format (width or precision too long)");
  return {
    flags,
    width: Number(width),
    precision: dot === undefined ? -1 : Number(precision),
    letter,
  };
}

function convert(call: Call, at: number, conversion: Conversion): string {
  const { letter, precision } = conversion;
  switch (letter) {
    case "c":
      return toZero(padded(String.fromCharCode(charCodeOf(call.number(at))), conversion, false));
    case "d":
    case "i":
      return signed(toInt64(call.number(at)), conversion);
    case "o":
    case "u":
    case "x":
    case "X":
      return unsigned(call.number(at), conversion);
    case "e":
    case "E":
    case "f":
    case "g":
    case "G":
      return double(call.number(at), conversion);
    case "q":
      return `"${textOf(escaped(call, call.bytes(at), QUOTED))}"`;
    case "s": {
      const text = call.text(at);
      if (precision < 0 && text.length >= 100) return text;
      const shown = toZero(text);
      return padded(precision < 0 ? shown : shown.slice(0, precision), conversion, false);
    }
    default:
      return call.fail(`invalid option '%${letter}' to 'format'`);
  }
}

/** A C cast to int, and from there to a byte: what no int holds is 0. */
function charCodeOf(number: number): number {
  return Math.abs(Math.trunc(number)) < 2 ** 31 ? number & 0xff : 0;
}

/** C's strings end there. */
function toZero(text: string): string {
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

function signed(value: bigint, conversion: Conversion): string {
  const digits = withPrecision(String(value < 0n ? -value : value), conversion);
  return padded(sign(value < 0n, conversion) + digits, conversion, conversion.precision < 0);
}

function unsigned(number: number, conversion: Conversion): string {
  const value = toUint64(number);
  const { letter, flags } = conversion;
  const radix = letter === "o" ? 8 : letter === "u" ? 10 : 16;
  let digits = withPrecision(value.toString(radix), conversion);
  if (flags.includes("#") && value !== 0n) {
    if (radix === 16) digits = `0x${digits}`;
    if (radix === 8 && !digits.startsWith("0")) digits = `0${digits}`;
  }
  return padded(letter === "X" ? digits.toUpperCase() : digits, conversion, conversion.precision < 0);
}

function double(value: number, conversion: Conversion): string {
  const { letter, flags } = conversion;
  const precision = conversion.precision < 0 ? 6 : conversion.precision;
  const negative = value < 0 || Object.is(value, -0);
  const size = Math.abs(value);
  const kind = letter.toLowerCase();
  let digits: string;
  if (Number.isNaN(value)) digits = "-nan";
  else if (kind === "e") digits = withPoint(scientific(size, precision), conversion);
  else if (kind === "f") digits = withPoint(fixed(size, precision), conversion);
  else digits = withPoint(general(size, precision, flags.includes("#")), conversion);
  const text = Number.isNaN(value) ? digits : sign(negative, conversion) + digits;
  return padded(letter === kind ? text : text.toUpperCase(), conversion, Number.isFinite(value));
}

/** With the flag # there is always a point. */
function withPoint(digits: string, { flags }: Conversion): string {
  if (!flags.includes("#") || digits.includes(".")) return digits;
  return digits.replace(/^\d+/, "$&.");
}

function sign(negative: boolean, { flags }: Conversion): string {
  if (negative) return "-";
  if (flags.includes("+")) return "+";
  return flags.includes(" ") ? " " : "";
}

function withPrecision(digits: string, { precision }: Conversion): string {
  if (precision === 0 && digits === "0") return "";
  return precision > 0 ? digits.padStart(precision, "0") : digits;
}

/** @param byZeros whether the flag 0 counts. */
function padded(text: string, { flags, width }: Conversion, byZeros: boolean): string {
  if (text.length >= width) return text;
  if (flags.includes("-")) return text.padEnd(width, " ");
  if (!byZeros || !flags.includes("0")) return text.padStart(width, " ");
  const prefix = /^[-+ ]?(0[xX])?/.exec(text)?.[0] ?? "";
  return prefix + text.slice(prefix.length).padStart(width - prefix.length, "0");
}

const QUOTED = escapesOf({
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\\n",
  "\r": "\\r",
  "\0": "\\000",
});
