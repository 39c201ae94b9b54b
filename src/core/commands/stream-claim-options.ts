/** The arguments of XCLAIM behind the consumer: IDs, as far as there are any, and then options. */
import type { Millis } from "../../base/ids.ts";
import type { ExactInteger } from "../keyspace/exact-integer.ts";
import { ID_ZERO, type StreamId } from "../keyspace/stream-id.ts";
import { type Argv, arg } from "./command.ts";
import * as errors from "./errors.ts";
import { parseIndex, parseInteger } from "./numbers.ts";
import { parseId } from "./stream-ids.ts";

export interface ClaimOptions {
  readonly minIdleMs: Millis;
  readonly ids: readonly StreamId[];
  /** When the entries are to count as delivered. */
  readonly atMs: Millis;
  /** `undefined` to count one more, unless only the IDs are asked for. */
  readonly retryCount: ExactInteger | undefined;
  /** Claim also what was not delivered to anybody. */
  readonly force: boolean;
  readonly justIds: boolean;
  /** The group has read at least so far. */
  readonly lastId: StreamId;
}

type Given = { -readonly [Name in keyof ClaimOptions]: ClaimOptions[Name] };

/** @param nowMs `undefined` to take times and counts as they are. @returns the options, or an encoded error. */
export function parseClaimOptions(argv: Argv, nowMs: Millis | undefined): ClaimOptions | string {
  const minIdleMs = parseIndex(arg(argv, 4));
  if (minIdleMs === undefined) return errors.invalidArgument("min-idle-time", "XCLAIM");
  const ids: StreamId[] = [];
  for (let at = 5; at < argv.length; at += 1) {
    const id = parseId(arg(argv, at));
    if (id === undefined) break;
    ids.push(id);
  }
  const given: Given = {
    minIdleMs: Math.max(0, minIdleMs),
    ids,
    atMs: nowMs ?? 0,
    retryCount: undefined,
    force: false,
    justIds: false,
    lastId: ID_ZERO,
  };
  for (let at = 5 + ids.length; at < argv.length; ) {
    const next = parseOption(argv, at, nowMs ?? 0, given);
    if (typeof next === "string") return next;
    at = next;
  }
  // Redis takes a time that makes no sense for now: clients reckon it by clocks of their own.
  if (nowMs === undefined) return given;
  if (given.atMs < 0 || given.atMs > nowMs) given.atMs = nowMs;
  if (given.retryCount !== undefined && given.retryCount < 0) given.retryCount = undefined;
  return given;
}

/** @returns where the next option is, or an encoded error. */
function parseOption(argv: Argv, at: number, nowMs: Millis, given: Given): number | string {
  const option = arg(argv, at).toUpperCase();
  if (option === "FORCE") given.force = true;
  else if (option === "JUSTID") given.justIds = true;
  else return parseOptionWithValue(argv, at, nowMs, given);
  return at + 1;
}

function parseOptionWithValue(argv: Argv, at: number, nowMs: Millis, given: Given): number | string {
  const option = at + 1 < argv.length ? arg(argv, at).toUpperCase() : "";
  const value = argv[at + 1] ?? "";
  switch (option) {
    case "IDLE":
    case "TIME": {
      const ms = parseIndex(value);
      if (ms === undefined) return errors.invalidArgument(`${option} option`, "XCLAIM");
      given.atMs = option === "IDLE" ? nowMs - ms : ms;
      break;
    }
    case "RETRYCOUNT": {
      const count = parseInteger(value);
      if (count === undefined) return errors.invalidArgument("RETRYCOUNT option", "XCLAIM");
      given.retryCount = count;
      break;
    }
    case "LASTID": {
      const id = parseId(value);
      if (id === undefined) return errors.INVALID_STREAM_ID;
      given.lastId = id;
      break;
    }
    default:
      return errors.unknownClaimOption(arg(argv, at));
  }
  return at + 2;
}
