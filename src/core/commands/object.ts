/** OBJECT: what is known about a key besides its value. Looking counts neither as use nor as a miss. */
import { bulk, integer, nil, ONE } from "../../protocol/resp/reply.ts";
import type { Entry } from "../keyspace/entry.ts";
import { countsUses } from "../keyspace/memory-settings.ts";
import { decayed } from "../keyspace/use-frequency.ts";
import type { Value } from "../keyspace/value.ts";
import { type Argv, arg, type CommandSpec, type Handler } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { helpReply } from "./help.ts";
import { parseInteger } from "./numbers.ts";

/** Longest string that Redis keeps in one allocation with its header. */
const EMBEDDED_BYTES_MAX = 44;

/** By the value alone: Redis also says "raw" for a short string that was once appended to. */
export function encodingOf(value: Value): string {
  if (typeof value !== "string") return value.encoding;
  if (value.length <= 20 && parseInteger(value) !== undefined) return "int";
  return value.length <= EMBEDDED_BYTES_MAX ? "embstr" : "raw";
}

function about(tell: (context: CommandContext, entry: Entry) => string): Handler {
  return (context: CommandContext, argv: Argv) => {
    context.keyspace.onlyReads = false;
    const entry = context.db.peek(arg(argv, 2));
    return entry === undefined ? nil(context.version) : tell(context, entry);
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
      { name: "encoding", ...KEYED, handler: about((_context, entry) => bulk(encodingOf(entry.value))) },
      { name: "freq", ...KEYED, handler: about(frequency) },
      {
        name: "idletime",
        ...KEYED,
        handler: about(idleTime),
      },
      { name: "refcount", ...KEYED, handler: about(() => ONE) },
      { name: "help", arity: 2, flags: ["loading", "stale"], categories: ["keyspace"], handler: () => HELP },
    ],
  },
];
