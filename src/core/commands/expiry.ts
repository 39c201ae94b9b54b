/** EXPIRE and its kin. All of them propagate as PEXPIREAT, PERSIST or DEL: replicas never compute a time. */
import type { Millis } from "../../base/ids.ts";
import { integer, ONE, ZERO } from "../../protocol/resp/reply.ts";
import { NOTIFY } from "../keyspace/notifications.ts";
import { type Argv, arg, type CommandSpec, type Handler, ONE_KEY } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { pointInTime } from "./expire-options.ts";
import { parseInteger } from "./numbers.ts";

const NO_KEY = integer(-2);
const NO_EXPIRY = integer(-1);

type Condition = "NX" | "XX" | "GT" | "LT";

/** @returns the conditions, or an encoded error. */
function parseConditions(argv: Argv): ReadonlySet<Condition> | string {
  const conditions = new Set<Condition>();
  for (let at = 3; at < argv.length; at += 1) {
    const option = arg(argv, at).toUpperCase();
    if (option !== "NX" && option !== "XX" && option !== "GT" && option !== "LT") {
      return errors.unsupportedOption(arg(argv, at));
    }
    conditions.add(option);
  }
  if (conditions.has("NX") && conditions.size > 1) return errors.NX_AND_OTHERS;
  if (conditions.has("GT") && conditions.has("LT")) return errors.GT_AND_LT;
  return conditions;
}

/** A key without an expiry counts as one that expires after any other. */
function allows(conditions: ReadonlySet<Condition>, presentMs: Millis, wantedMs: Millis): boolean {
  if (conditions.has("NX") && presentMs !== 0) return false;
  if (conditions.has("XX") && presentMs === 0) return false;
  if (conditions.has("GT") && (presentMs === 0 || wantedMs <= presentMs)) return false;
  return !(conditions.has("LT") && presentMs !== 0 && wantedMs >= presentMs);
}

function expireWith(name: string, seconds: boolean, relative: boolean): Handler {
  return (context, argv) => {
    const { db, nowMs } = context;
    const key = arg(argv, 1);
    const conditions = parseConditions(argv);
    if (typeof conditions === "string") return conditions;
    const amount = parseInteger(arg(argv, 2));
    if (amount === undefined) return errors.NOT_AN_INTEGER;
    const expireAtMs = pointInTime(amount, seconds, relative ? nowMs : 0);
    if (expireAtMs === undefined) return errors.invalidExpireTime(name);
    const entry = db.read(key);
    if (entry === undefined || !allows(conditions, entry.expireAtMs, expireAtMs)) return ZERO;
    if (expireAtMs <= nowMs && !context.keyspace.replaying) {
      db.remove(key);
      context.propagate("DEL", key);
      context.notify(NOTIFY.generic, "del", key);
    } else {
      db.setExpiry(key, expireAtMs);
      context.propagate("PEXPIREAT", key, String(expireAtMs));
      context.notify(NOTIFY.generic, "expire", key);
    }
    return ONE;
  };
}

function lookWith(seconds: boolean, relative: boolean): Handler {
  return (context, argv) => {
    const entry = context.db.peek(arg(argv, 1));
    if (entry === undefined) return NO_KEY;
    const expireAtMs = entry.expireAtMs;
    if (expireAtMs === 0) return NO_EXPIRY;
    const resultMs = relative ? Math.max(0, expireAtMs - context.nowMs) : expireAtMs;
    return integer(seconds ? Math.floor((resultMs + 500) / 1000) : resultMs);
  };
}

function persist(context: CommandContext, argv: Argv): string {
  const key = arg(argv, 1);
  const entry = context.db.read(key);
  if (entry === undefined || entry.expireAtMs === 0) return ZERO;
  context.db.setExpiry(key, 0);
  context.propagateAsIs();
  context.notify(NOTIFY.generic, "persist", key);
  return ONE;
}

const WRITES = { flags: ["write", "fast"], keys: ONE_KEY, categories: ["keyspace"] } as const;
const READS = { arity: 2, flags: ["readonly", "fast"], keys: ONE_KEY, categories: ["keyspace"] } as const;

export const EXPIRY_COMMANDS: readonly CommandSpec[] = [
  { name: "expire", arity: -3, ...WRITES, handler: expireWith("expire", true, true) },
  { name: "pexpire", arity: -3, ...WRITES, handler: expireWith("pexpire", false, true) },
  { name: "expireat", arity: -3, ...WRITES, handler: expireWith("expireat", true, false) },
  { name: "pexpireat", arity: -3, ...WRITES, handler: expireWith("pexpireat", false, false) },
  { name: "persist", arity: 2, ...WRITES, handler: persist },
  { name: "ttl", ...READS, handler: lookWith(true, true) },
  { name: "pttl", ...READS, handler: lookWith(false, true) },
  { name: "expiretime", ...READS, handler: lookWith(true, false) },
  { name: "pexpiretime", ...READS, handler: lookWith(false, false) },
];
