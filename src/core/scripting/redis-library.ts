/** The `redis` table of scripts: checks its arguments as Redis 7.0 does, and hands everything on to the running script. */
import { createHash } from "node:crypto";
import { formatDouble, type RespVersion } from "../../protocol/resp/reply.ts";
import * as errors from "../commands/errors.ts";
import { type Call, type Library, numberOf, textOrUndefined } from "./call.ts";
import {
  FALSE,
  newTable,
  numberCell,
  setField,
  TRUE,
  TYPE,
  tableCell,
  textCell,
  textIn,
  typeOf,
} from "./cells.ts";
import { spend } from "./dialect.ts";
import type { Cell } from "./lua-vm.ts";
import { errorTable, ReplyReader } from "./reply-to-lua.ts";

/** What the library needs of the script that runs. */
export interface RunningScript {
  readonly redisVersion: string;
  /** Runs a command. @returns its encoded reply, or an encoded error. */
  call(argv: readonly string[]): string;
  setProtocol(version: RespVersion): void;
  mayRun(argv: readonly string[]): boolean | undefined;
  log(level: number, message: string): void;
}

/** REPL_AOF and REPL_REPLICA. */
const REPL_ALL = 3;
const LOG_LEVELS = 3;
const BYTES_HASHED_PER_INSTRUCTION = 8;
const BYTES_LOGGED_PER_INSTRUCTION = 1;

export function redisLibrary(script: RunningScript): Library {
  const [major = 0, minor = 0, patch = 0] = script.redisVersion.split(".").map(Number);
  return {
    LOG_DEBUG: numberCell(0),
    LOG_VERBOSE: numberCell(1),
    LOG_NOTICE: numberCell(2),
    LOG_WARNING: numberCell(3),
    REDIS_VERSION: textCell(script.redisVersion),
    REDIS_VERSION_NUM: numberCell((major << 16) | (minor << 8) | patch),
    REPL_NONE: numberCell(0),
    REPL_AOF: numberCell(1),
    REPL_SLAVE: numberCell(2),
    REPL_REPLICA: numberCell(2),
    REPL_ALL: numberCell(REPL_ALL),
    acl_check_cmd: (call) => mayRun(call, script),
    breakpoint: () => FALSE,
    call: (call) => runCommand(call, script, true),
    debug: () => undefined,
    error_reply: (call) => taggedReply(call, "err", withCode),
    log: (call) => log(call, script),
    pcall: (call) => runCommand(call, script, false),
    replicate_commands: () => TRUE,
    set_repl: setRepl,
    setresp: (call) => setresp(call, script),
    sha1hex: (call) => {
      if (call.count !== 1) fail(call, errors.SCRIPT_ARGUMENT_COUNT);
      const text = textOrUndefined(call.cell(1)) ?? "";
      spend(text.length / BYTES_HASHED_PER_INSTRUCTION);
      return textCell(createHash("sha1").update(text, "latin1").digest("hex"));
    },
    status_reply: (call) => taggedReply(call, "ok", (text) => text),
  };
}

function runCommand(call: Call, script: RunningScript, raises: boolean): Cell {
  const argv = argumentsOf(call);
  if (typeof argv === "string") {
    const refusal = errorTable(call.state, argv);
    return raises ? call.raise(refusal) : refusal;
  }
  const reply = script.call(argv);
  const value = new ReplyReader(call.state, reply).next();
  return raises && reply.startsWith("-") ? call.raise(value) : value;
}

/** @returns an error text when they are no command. */
function argumentsOf(call: Call): string[] | string {
  if (call.count === 0) return errors.SCRIPT_NO_COMMAND;
  const argv: string[] = [];
  for (let at = 1; at <= call.count; at += 1) {
    const cell = call.cell(at);
    const type = typeOf(cell);
    if (type === TYPE.string) argv.push(textIn(cell));
    else if (type === TYPE.number) argv.push(numberArgument(cell.value as number));
    else return errors.SCRIPT_BAD_ARGUMENT;
  }
  return argv;
}

function numberArgument(value: number): string {
  return Number.isNaN(value) ? "-nan" : formatDouble(value);
}

function mayRun(call: Call, script: RunningScript): Cell {
  const argv = argumentsOf(call);
  if (typeof argv === "string") return fail(call, argv);
  const allowed = script.mayRun(argv);
  if (allowed === undefined) fail(call, errors.SCRIPT_ACL_UNKNOWN);
  return allowed ? TRUE : FALSE;
}

function taggedReply(call: Call, name: string, shape: (text: string) => string): Cell {
  const cell = call.cell(1);
  if (call.count !== 1 || typeOf(cell) !== TYPE.string) {
    return tagged(call, "err", errors.SCRIPT_REPLY_ARGUMENT);
  }
  return tagged(call, name, shape(textIn(cell)));
}

function tagged(call: Call, name: string, text: string): Cell {
  const table = newTable(call.state);
  setField(table, name, textCell(text));
  return tableCell(table);
}

/** An error of one word has no code yet, whether "-" leads or not. */
function withCode(text: string): string {
  const body = text.startsWith("-") ? text.slice(1) : text;
  return body.includes(" ") ? body : `ERR ${body}`;
}

function log(call: Call, script: RunningScript): undefined {
  if (call.count < 2) fail(call, errors.SCRIPT_LOG_ARGUMENTS);
  const level = numberOf(call.cell(1)) ?? fail(call, errors.SCRIPT_LOG_LEVEL_TYPE);
  const value = Math.trunc(level);
  if (!(value >= 0 && value <= LOG_LEVELS)) fail(call, errors.SCRIPT_LOG_LEVEL);
  const parts: string[] = [];
  for (let at = 2; at <= call.count; at += 1) {
    const text = textOrUndefined(call.cell(at));
    if (text !== undefined) parts.push(text);
    spend((text?.length ?? 0) / BYTES_LOGGED_PER_INSTRUCTION);
  }
  script.log(value, parts.join(" "));
}

/** All members must stay equal, so that what it chooses has no effect; wrong choices are refused as in Redis. */
function setRepl(call: Call): undefined {
  if (call.count !== 1) fail(call, errors.SCRIPT_SET_REPL_ARGUMENTS);
  const flags = Math.trunc(numberOf(call.cell(1)) ?? 0);
  if ((flags & ~REPL_ALL) !== 0) fail(call, errors.SCRIPT_SET_REPL_FLAGS);
}

function setresp(call: Call, script: RunningScript): Cell | undefined {
  if (call.count !== 1) fail(call, errors.SCRIPT_SETRESP_ARGUMENTS);
  const version = Math.trunc(numberOf(call.cell(1)) ?? 0);
  if (version !== 2 && version !== 3) return fail(call, errors.SCRIPT_SETRESP_VERSION);
  script.setProtocol(version);
  return undefined;
}

function fail(call: Call, text: string): never {
  return call.raise(errorTable(call.state, text));
}
