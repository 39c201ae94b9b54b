/** The commands within a record or a snapshot: their bytes passed a checksum, so what is wrong is an invariant's matter. */
import fc from "fast-check";
import { InvariantError } from "../../../src/base/errors.ts";
import { CommandReader } from "../../../src/core/commands/command-reader.ts";
import { encodeCommand } from "../../../src/protocol/resp/command-encoder.ts";
import { command } from "../../protocol/resp/arbitrary-requests.ts";
import { changedBytes, garbageBytes } from "../byte-mutations.ts";
import { same } from "../same.ts";
import { type FuzzTarget, fuzzTarget, type Outcome, require } from "../target.ts";

const replayed = fc
  .array(command, { maxLength: 5 })
  .map((commands) => Buffer.from(commands.map(encodeCommand).join(""), "latin1"));
const inputs = fc.oneof(
  { weight: 1, arbitrary: garbageBytes },
  { weight: 5, arbitrary: changedBytes(replayed, ["*1\r\n", "$1\r\n", "*4294967295\r\n", "*30000000\r\n"]) },
);

function check(bytes: Buffer): Outcome {
  let commands: string[][];
  try {
    commands = read(bytes);
  } catch (error) {
    if (error instanceof InvariantError) return "refused";
    throw error;
  }
  same(read(Buffer.from(commands.map(encodeCommand).join(""), "latin1")), commands, "commands read back");
  return "decoded";
}

function read(bytes: Buffer): string[][] {
  const reader = new CommandReader(bytes, 0, bytes.length);
  const commands: string[][] = [];
  for (let argv = reader.next(); argv !== undefined; argv = reader.next()) {
    require(argv.length > 0 && argv.length <= bytes.length, "a command has a name, and no more than came");
    commands.push(argv);
    require(commands.length <= bytes.length, "each command takes bytes");
  }
  return commands;
}

export const effects: FuzzTarget = fuzzTarget("effects", inputs, check);
