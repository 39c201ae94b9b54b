/** lua-cmsgpack 0.4, as Redis 7.0 has it. */
import type { Call, Library } from "../call.ts";
import { bytesCell, numberCell, textCell } from "../cells.ts";
import type { Cell } from "../lua-vm.ts";
import { packAll } from "./cmsgpack-pack.ts";
import { Unpacker } from "./cmsgpack-unpack.ts";

const RESULTS_MAX = 8000;

function pack(call: Call): Cell {
  if (call.count === 0) call.badArgument(0, "MessagePack pack needs input.");
  return bytesCell(packAll(call));
}

/** Up to `limit` values from `offset` on; all of them for limit 0 at offset 0. */
function unpackFrom(call: Call, limit: number, offset: number): Cell[] {
  const bytes = call.bytes(1);
  if (offset < 0 || limit < 0) {
    call.fail(`Invalid request to unpack with offset of ${offset} and limit of ${bytes.length}.`);
  }
  if (offset > bytes.length) {
    call.fail(`Start offset ${offset} greater than input length ${bytes.length}.`);
  }
  const all = limit === 0 && offset === 0;
  const unpacker = new Unpacker(call.state, bytes, offset);
  const values: Cell[] = [];
  while (!unpacker.isDone && (all || values.length < limit)) {
    values.push(unpacker.next());
    if (unpacker.failure !== undefined) call.fail(unpacker.failure);
    if (values.length > RESULTS_MAX) call.fail("too many results to unpack");
  }
  return all ? values : [numberCell(unpacker.isDone ? -1 : unpacker.at), ...values];
}

export const CMSGPACK_LIBRARY: Library = {
  _COPYRIGHT: textCell("Copyright (C) 2012, Salvatore Sanfilippo"),
  _DESCRIPTION: textCell("MessagePack C implementation for Lua"),
  _NAME: textCell("cmsgpack"),
  _VERSION: textCell("lua-cmsgpack 0.4.0"),
  pack,
  unpack: (call) => unpackFrom(call, 0, 0),
  unpack_limit: (call) => unpackFrom(call, call.integer(2), call.integerOr(3, 0)),
  unpack_one: (call) => unpackFrom(call, 1, call.integerOr(2, 0)),
};
