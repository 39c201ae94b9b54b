/** MEMORY: what keys take in memory, by the same estimate that `maxmemory` goes by. It changes nothing. */
import { double, integer, map, nil, OK, verbatim } from "../../protocol/resp/reply.ts";
import { bytesOf } from "../keyspace/memory-account.ts";
import { EMPTY_BYTES } from "../keyspace/memory-model.ts";
import { type Argv, arg, type CommandSpec } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { helpReply } from "./help.ts";
import { percent, ratio, reportMemory } from "./memory-report.ts";
import { parseInteger } from "./numbers.ts";

/** Below this the doctor has nothing to say, as in Redis. */
const WORTH_A_LOOK_BYTES = 5 * 1024 * 1024;
/** More than this of the process for each byte of data is worth a word, once it is so many bytes in all. */
const OVERHEAD_RATIO_MAX = 2;
const OVERHEAD_BYTES_MAX = 128 * 1024 * 1024;
const PEAK_RATIO_MAX = 1.5;

/** All elements are always counted, so that SAMPLES makes no difference. */
function usage(context: CommandContext, argv: Argv): string {
  for (let at = 3; at < argv.length; at += 2) {
    if (arg(argv, at).toUpperCase() !== "SAMPLES" || at + 1 === argv.length) return errors.SYNTAX_ERROR;
    const samples = parseInteger(arg(argv, at + 1));
    if (samples === undefined) return errors.NOT_AN_INTEGER;
    if (samples < 0) return errors.SYNTAX_ERROR;
  }
  // Looking counts as no miss.
  context.keyspace.onlyReads = false;
  const key = arg(argv, 2);
  const { table } = context.db;
  return context.db.peek(key) === undefined ? nil(context.version) : integer(bytesOf(table, table.find(key)));
}

function stats(context: CommandContext): string {
  const { version } = context;
  const { usedBytes, peakBytes, overheadBytes, rssBytes, keys, databases } = reportMemory(context);
  const datasetBytes = usedBytes - overheadBytes;
  const perDatabase = databases.map(({ index, keysBytes, expiriesBytes }): [string, string] => [
    `db.${index}`,
    map(
      [
        ["overhead.hashtable.main", integer(keysBytes)],
        ["overhead.hashtable.expires", integer(expiriesBytes)],
        ["overhead.hashtable.slot-to-keys", integer(0)],
      ],
      version,
    ),
  ]);
  return map(
    [
      ["peak.allocated", integer(peakBytes)],
      ["total.allocated", integer(usedBytes)],
      ["startup.allocated", integer(EMPTY_BYTES)],
      ...perDatabase,
      ["overhead.total", integer(overheadBytes)],
      ["keys.count", integer(keys)],
      ["keys.bytes-per-key", integer(Math.floor(ratio(usedBytes, keys)))],
      ["dataset.bytes", integer(datasetBytes)],
      ["dataset.percentage", double(percent(datasetBytes, usedBytes), version)],
      ["peak.percentage", double(percent(usedBytes, peakBytes), version)],
      ["fragmentation", double(ratio(rssBytes, usedBytes), version)],
      ["fragmentation.bytes", integer(rssBytes - usedBytes)],
    ],
    version,
  );
}

function doctor(context: CommandContext): string {
  const { usedBytes, peakBytes, rssBytes } = reportMemory(context);
  return verbatim(`${findings(usedBytes, peakBytes, rssBytes).join("\n")}\n`, context.version);
}

function findings(usedBytes: number, peakBytes: number, rssBytes: number): string[] {
  if (usedBytes < WORTH_A_LOOK_BYTES) return ["There is too little data here to tell."];
  const found: string[] = [];
  if (peakBytes > usedBytes * PEAK_RATIO_MAX) {
    found.push("* Keys and values have taken far more memory than now; the process may still hold on to it.");
  }
  if (rssBytes > usedBytes * OVERHEAD_RATIO_MAX && rssBytes - usedBytes > OVERHEAD_BYTES_MAX) {
    found.push("* The process takes more than twice what its keys and values are estimated to take.");
  }
  return found.length > 0 ? found : ["Nothing is wrong with this node's memory."];
}

function processMemory(context: CommandContext): string {
  const lines = context.host.info("memory").map(([name, value]) => `${name}:${value}\n`);
  return verbatim(lines.join(""), context.version);
}

const HELP = helpReply("MEMORY", [
  ["DOCTOR", "What is unusual about the memory of this node."],
  ["MALLOC-STATS", "What the process knows of its memory."],
  ["PURGE", "Does nothing: memory is given back by itself."],
  ["STATS", "How much memory is taken by what."],
  ["USAGE <key> [SAMPLES <count>]", "An estimate of what the key and its value take."],
]);

export const MEMORY_COMMANDS: readonly CommandSpec[] = [
  {
    name: "memory",
    arity: -2,
    flags: [],
    subcommands: [
      { name: "doctor", arity: 2, flags: [], handler: doctor },
      { name: "help", arity: 2, flags: ["loading", "stale"], handler: () => HELP },
      { name: "malloc-stats", arity: 2, flags: [], handler: processMemory },
      { name: "purge", arity: 2, flags: [], handler: () => OK },
      { name: "stats", arity: 2, flags: [], handler: stats },
      {
        name: "usage",
        arity: -3,
        flags: ["readonly"],
        keys: { first: 2, last: 2, step: 1 },
        handler: usage,
      },
    ],
  },
];
