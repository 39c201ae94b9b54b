/** Commands for keys of any type: deleting, renaming, copying, moving, looking at. Expiry and scans have own files. */
import { bulk, integer, nil, OK, ONE, simple, ZERO } from "../../protocol/resp/reply.ts";
import { DATABASES } from "../keyspace/keyspace.ts";
import { NOTIFY } from "../keyspace/notifications.ts";
import { cloneValue, typeName } from "../keyspace/value.ts";
import { ALL_KEYS, type Argv, arg, type CommandSpec, ONE_KEY, TWO_KEYS } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { INT32_MAX, INT32_MIN, isInt32, parseInteger } from "./numbers.ts";

/** Expired keys met in a row before RANDOMKEY searches in order. */
const RANDOM_TRIES = 100;

function del(context: CommandContext, argv: Argv): string {
  let deleted = 0;
  for (let at = 1; at < argv.length; at += 1) {
    const key = arg(argv, at);
    if (context.db.read(key) === undefined) continue;
    context.db.remove(key);
    context.notify(NOTIFY.generic, "del", key);
    deleted += 1;
  }
  if (deleted > 0) context.propagateAsIs();
  return integer(deleted);
}

/** EXISTS: a key given twice counts twice. Unlike TOUCH it is no use of the key. */
function exists(context: CommandContext, argv: Argv): string {
  let count = 0;
  for (let at = 1; at < argv.length; at += 1) {
    if (context.db.peek(arg(argv, at)) !== undefined) count += 1;
  }
  return integer(count);
}

function touch(context: CommandContext, argv: Argv): string {
  let count = 0;
  for (let at = 1; at < argv.length; at += 1) {
    if (context.db.read(arg(argv, at)) !== undefined) count += 1;
  }
  return integer(count);
}

function type(context: CommandContext, argv: Argv): string {
  const entry = context.db.peek(arg(argv, 1));
  return simple(entry === undefined ? "none" : typeName(entry.value));
}

function rename(context: CommandContext, argv: Argv): string {
  return renameTo(context, arg(argv, 1), arg(argv, 2), true) ?? OK;
}

function renamenx(context: CommandContext, argv: Argv): string {
  return renameTo(context, arg(argv, 1), arg(argv, 2), false) ?? ONE;
}

/** @returns the reply when nothing was renamed. */
function renameTo(context: CommandContext, from: string, to: string, overwrite: boolean): string | undefined {
  const { db } = context;
  const entry = db.read(from);
  if (entry === undefined) return errors.NO_SUCH_KEY;
  if (from === to) return overwrite ? OK : ZERO;
  const replaced = db.read(to) !== undefined;
  if (replaced && !overwrite) return ZERO;
  const form = db.formOf(from);
  // As in Redis, who is blocked on both is served by the new name before the old one is found to be gone.
  db.wake(to);
  db.remove(from);
  db.set(to, entry.value, entry.expireAtMs);
  if (form !== undefined) db.noteForm(to, form);
  context.propagateAsIs();
  // Redis deletes what was there and adds the key anew.
  if (replaced) context.notify(NOTIFY.created, "new", to);
  context.notify(NOTIFY.generic, "rename_from", from);
  context.notify(NOTIFY.generic, "rename_to", to);
  return undefined;
}

interface CopyOptions {
  readonly db: number;
  readonly replace: boolean;
}

/** @returns the options of COPY, or an encoded error. */
function parseCopyOptions(context: CommandContext, argv: Argv): CopyOptions | string {
  let db = context.db.index;
  let replace = false;
  for (let at = 3; at < argv.length; at += 1) {
    const option = arg(argv, at).toUpperCase();
    if (option === "REPLACE") {
      replace = true;
    } else if (option === "DB" && at + 1 < argv.length) {
      at += 1;
      const index = parseDatabase(arg(argv, at));
      if (typeof index === "string") return index;
      db = index;
    } else {
      return errors.SYNTAX_ERROR;
    }
  }
  return { db, replace };
}

/** @returns the database's number, or an encoded error. */
export function parseDatabase(text: string): number | string {
  const index = parseInteger(text);
  if (index === undefined) return errors.NOT_AN_INTEGER;
  if (!isInt32(index)) return errors.notBetween(BigInt(INT32_MIN), BigInt(INT32_MAX));
  return index < 0 || index >= DATABASES ? errors.DB_OUT_OF_RANGE : Number(index);
}

function copy(context: CommandContext, argv: Argv): string {
  const options = parseCopyOptions(context, argv);
  if (typeof options === "string") return options;
  const from = arg(argv, 1);
  const to = arg(argv, 2);
  const target = context.keyspace.database(options.db);
  if (target === context.db && from === to) return errors.SAME_OBJECTS;
  const entry = context.db.read(from);
  if (entry === undefined) {
    context.notify(NOTIFY.miss, "keymiss", from);
    return ZERO;
  }
  const replaced = target.read(to) !== undefined;
  if (replaced && !options.replace) return ZERO;
  const form = context.db.formOf(from);
  target.set(to, cloneValue(entry.value), entry.expireAtMs);
  if (form !== undefined) target.noteForm(to, form);
  context.propagateAsIs();
  // Redis deletes what was there and adds the key anew.
  if (replaced) context.keyspace.notify(NOTIFY.created, "new", options.db, to);
  context.keyspace.notify(NOTIFY.generic, "copy_to", options.db, to);
  return ONE;
}

function move(context: CommandContext, argv: Argv): string {
  const index = parseDatabase(arg(argv, 2));
  if (typeof index === "string") return index;
  const target = context.keyspace.database(index);
  if (target === context.db) return errors.SAME_OBJECTS;
  const key = arg(argv, 1);
  const entry = context.db.read(key);
  if (entry === undefined || target.read(key) !== undefined) return ZERO;
  const form = context.db.formOf(key);
  context.db.remove(key);
  target.set(key, entry.value, entry.expireAtMs);
  if (form !== undefined) target.noteForm(key, form);
  context.propagateAsIs();
  context.notify(NOTIFY.generic, "move_from", key);
  context.keyspace.notify(NOTIFY.generic, "move_to", index, key);
  return ONE;
}

function anyLiveKey({ db, host }: CommandContext): string | undefined {
  for (let tries = 0; tries < RANDOM_TRIES && db.size > 0; tries += 1) {
    const key = db.table.keyAt(db.table.any(host.random));
    if (db.peek(key) !== undefined) return key;
  }
  for (const key of db.liveKeys()) return key;
  return undefined;
}

function randomkey(context: CommandContext): string {
  context.keyspace.sawEverything();
  const key = anyLiveKey(context);
  return key === undefined ? nil(context.version) : bulk(key);
}

const CATEGORIES = ["keyspace"];

export const KEY_COMMANDS: readonly CommandSpec[] = [
  { name: "del", arity: -2, flags: ["write"], keys: ALL_KEYS, categories: CATEGORIES, handler: del },
  {
    name: "unlink",
    arity: -2,
    flags: ["write", "fast"],
    keys: ALL_KEYS,
    categories: CATEGORIES,
    handler: del,
  },
  {
    name: "exists",
    arity: -2,
    flags: ["readonly", "fast"],
    keys: ALL_KEYS,
    categories: CATEGORIES,
    handler: exists,
  },
  {
    name: "touch",
    arity: -2,
    flags: ["readonly", "fast"],
    keys: ALL_KEYS,
    categories: CATEGORIES,
    handler: touch,
  },
  {
    name: "type",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: ONE_KEY,
    categories: CATEGORIES,
    handler: type,
  },
  { name: "rename", arity: 3, flags: ["write"], keys: TWO_KEYS, categories: CATEGORIES, handler: rename },
  {
    name: "renamenx",
    arity: 3,
    flags: ["write", "fast"],
    keys: TWO_KEYS,
    categories: CATEGORIES,
    handler: renamenx,
  },
  {
    name: "copy",
    arity: -3,
    flags: ["write", "denyoom"],
    keys: TWO_KEYS,
    categories: CATEGORIES,
    handler: copy,
  },
  { name: "move", arity: 3, flags: ["write", "fast"], keys: ONE_KEY, categories: CATEGORIES, handler: move },
  { name: "randomkey", arity: 1, flags: ["readonly"], categories: CATEGORIES, handler: randomkey },
];
