/** lua-cjson 2.1, as Redis 7.0 has it. Its settings last for one script. */
import type { Call, Library } from "../call.ts";
import {
  booleanCell,
  isTruthy,
  NULL_POINTER,
  numberCell,
  TYPE,
  tableCell,
  textCell,
  typeOf,
} from "../cells.ts";
import { tableOf } from "../library.ts";
import type { Cell } from "../lua-vm.ts";
import { type CjsonConfig, defaultCjsonConfig } from "./cjson-config.ts";
import { JsonDecoder } from "./cjson-decode.ts";
import { JsonEncoder } from "./cjson-encode.ts";

const INT32_MAX = 2 ** 31 - 1;

function onlyArgument(call: Call): void {
  if (call.count !== 1) call.badArgument(1, "expected 1 argument");
}

/** Of the settings, which are asked for without arguments. */
function onlyOneMore(call: Call): void {
  if (call.count > 1) call.badArgument(2, "found too many arguments");
}

function numberSetting(call: Call, at: number, least: number, greatest: number): number {
  const value = call.integer(at);
  if (value < least || value > greatest) {
    call.badArgument(at, `expected integer between ${least} and ${greatest}`);
  }
  return value;
}

function boolSetting(call: Call, at: number, value: boolean): boolean {
  if (call.isAbsent(at)) return value;
  const cell = call.cell(at);
  if (typeOf(cell) === TYPE.boolean) return isTruthy(cell);
  const text = call.text(at);
  if (text !== "on" && text !== "off") call.badArgument(at, `invalid option '${text}'`);
  return text === "on";
}

function sparseArray(call: Call, config: CjsonConfig): Cell[] {
  if (call.count > 3) call.badArgument(4, "found too many arguments");
  config.sparseConvert = boolSetting(call, 1, config.sparseConvert);
  if (!call.isAbsent(2)) config.sparseRatio = numberSetting(call, 2, 0, INT32_MAX);
  if (!call.isAbsent(3)) config.sparseSafe = numberSetting(call, 3, 0, INT32_MAX);
  return [booleanCell(config.sparseConvert), numberCell(config.sparseRatio), numberCell(config.sparseSafe)];
}

function invalidNumbers(call: Call, config: CjsonConfig): Cell {
  onlyOneMore(call);
  if (!call.isAbsent(1)) {
    const isNull = typeOf(call.cell(1)) === TYPE.string && call.text(1) === "null";
    config.encodeInvalidNumbers = isNull ? "null" : boolSetting(call, 1, false) ? "on" : "off";
  }
  const value = config.encodeInvalidNumbers;
  return value === "null" ? textCell("null") : booleanCell(value === "on");
}

/** @param config reset between scripts by its owner. */
export function cjsonLibrary(config: CjsonConfig): Library {
  const setting = (name: "encodeMaxDepth" | "decodeMaxDepth" | "encodeNumberPrecision", greatest: number) => {
    return (call: Call): Cell => {
      onlyOneMore(call);
      if (!call.isAbsent(1)) config[name] = numberSetting(call, 1, 1, greatest);
      return numberCell(config[name]);
    };
  };
  const toggle = (name: "decodeInvalidNumbers" | "encodeKeepBuffer") => {
    return (call: Call): Cell => {
      onlyOneMore(call);
      config[name] = boolSetting(call, 1, config[name]);
      return booleanCell(config[name]);
    };
  };
  return {
    _NAME: textCell("cjson"),
    _VERSION: textCell("2.1.0"),
    decode: (call) => {
      onlyArgument(call);
      return new JsonDecoder(call, config, call.text(1)).decode();
    },
    decode_invalid_numbers: toggle("decodeInvalidNumbers"),
    decode_max_depth: setting("decodeMaxDepth", INT32_MAX),
    encode: (call) => {
      onlyArgument(call);
      return textCell(new JsonEncoder(call, config).encode(call.cell(1)));
    },
    encode_invalid_numbers: (call) => invalidNumbers(call, config),
    encode_keep_buffer: toggle("encodeKeepBuffer"),
    encode_max_depth: setting("encodeMaxDepth", INT32_MAX),
    encode_number_precision: setting("encodeNumberPrecision", 14),
    encode_sparse_array: (call) => sparseArray(call, config),
    new: (call) => tableCell(tableOf(call.state, cjsonLibrary(defaultCjsonConfig()))),
    null: NULL_POINTER,
  };
}
