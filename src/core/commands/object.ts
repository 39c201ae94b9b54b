/** OBJECT: what is known about a key besides its value. Looking counts neither as use nor as a miss. */
import { bulk, integer, nil } from "../../protocol/resp/reply.ts";
import type { Database } from "../keyspace/database.ts";
import type { Entry } from "../keyspace/entry.ts";
import { countsUses } from "../keyspace/memory-settings.ts";
import { decayed } from "../keyspace/use-frequency.ts";
import { type Argv, arg, type CommandSpec, type Handler } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { helpReply } from "./help.ts";
import { parseInteger } from "./numbers.ts";

/** 0 to 9999. */
const SHARED_INTEGER = /^(0|[1-9]\d{0,3})$/;
const SHARED_REFERENCES = 2 ** 31 - 1;
/** Longest string that Redis keeps in one allocation with its header; a longer one is "raw" in any case. */
export const EMBEDDED_BYTES_MAX = 44;

/** Of a string: its form where that was noted, else by the value alone. */
export function encodingOf(db: Database, key: string, { value }: Entry): string {
  if (typeof value !== "string") return value.encoding;
  const form = db.formOf(key);
  if (form !== undefined) return form;
  if (value.length <= 20 && parseInteger(value) !== undefined) return "int";
  return value.length <= EMBEDDED_BYTES_MAX ? "embstr" : "raw";
}

/** As Redis counts: its small integers are shared by all keys, and their count stands still. */
export function referencesTo(db: Database, key: string, entry: Entry): number {
  const { value } = entry;
  const shared =
    typeof value === "string" && SHARED_INTEGER.test(value) && encodingOf(db, key, entry) === "int";
  return shared ? SHARED_REFERENCES : 1;
}

function about(tell: (context: CommandContext, entry: Entry, key: string) => string): Handler {
  return (context: CommandContext, argv: Argv) => {
    context.keyspace.onlyReads = false;
    const key = arg(argv, 2);
    const entry = context.db.peek(key);
    return entry === undefined ? nil(context.version) : tell(context, entry, key);
  };
}

function frequency({ keyspace }: CommandContext, entry: Entry): string {
  const { memory, nowSec } = keyspace;
  if (!countsUses(memory.policy)) return errors.NO_LFU;
  return integer(decayed(entry.frequency, entry.usedSec, nowSec, memory.lfuDecayMinutes));
}

function idleTime({ keyspace }: CommandContext, entry: Entry): string {
  if (countsUses(keyspace.memory.policy)) return errors.NO_LRU;
  return integer(Math.max(0, keyspace.nowSec - entry.usedSec));
}

const HELP = helpReply("OBJECT", [
  ["ENCODING <key>", "How the key's value is stored."],
  ["FREQ <key>", "Access frequency; kept under an LFU policy only."],
  ["IDLETIME <key>", "Seconds since the key was last used."],
  ["REFCOUNT <key>", "Number of references to the value."],
]);

const KEYED = {
  arity: 3,
  flags: ["readonly"],
  keys: { first: 2, last: 2, step: 1 },
  categories: ["keyspace"],
} as const;

export const OBJECT_COMMANDS: readonly CommandSpec[] = [
  {
    name: "object",
    arity: -2,
    flags: [],
    subcommands: [
      {
        name: "encoding",
        ...KEYED,
        handler: about((context, entry, key) => bulk(encodingOf(context.db, key, entry))),
      },
      { name: "freq", ...KEYED, handler: about(frequency) },
      {
        name: "idletime",
        ...KEYED,
        handler: about(idleTime),
      },
      {
        name: "refcount",
        ...KEYED,
        handler: about((context, entry, key) => integer(referencesTo(context.db, key, entry))),
      },
      { name: "help", arity: 2, flags: ["loading", "stale"], categories: ["keyspace"], handler: () => HELP },
    ],
  },
];
