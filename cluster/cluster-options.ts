/** What a caller may choose about a cluster inside this process, and what holds otherwise. */
import { InterrexError } from "../src/base/errors.ts";
import type { LogLevel } from "../src/io/logger.ts";
import type { AppendFsync } from "../src/io/storage/member-storage.ts";
import type { ReplicationMode } from "../src/rules/group-record.ts";
import { LOG_LEVELS } from "./config/fields.ts";
import { shownText, shownValue } from "./config/shown.ts";
import { suggest } from "./config/suggest.ts";

export interface ClusterOptions {
  /** How many data nodes (`n1`, `n2`, ...), or one by one what is special about each. Default: 3. */
  readonly nodes?: number | readonly NodeChoices[];
  /** How many sentinels (`s1`, `s2`, ...). Default: 3. */
  readonly sentinels?: number;
  /** Name of the group that clients ask for. Default: `mymaster`. */
  readonly group?: string;
  /** When a write is acknowledged. Default: `semi-sync`. */
  readonly replication?: ReplicationMode;
  /** W: copies of a write, the master's own included. Default: a majority of the voting nodes, 1 in async. */
  readonly copies?: number;
  /** Sentinels that must agree that the master is down. Default: a majority. */
  readonly quorum?: number;
  /** Silence that counts as down. Default: 1000. */
  readonly downAfterMs?: number;
  /** Age of an unconfirmed write at which a master that still answers counts as stalled. Default: twice `downAfterMs`. */
  readonly stallAfterMs?: number;
  /** A switchover that has not sealed the old master by then is called off. Default: 5000. */
  readonly switchoverTimeoutMs?: number;
  /** How long an executed write waits for its copies before it is answered `-UNCERTAIN`. Default: 1000. */
  readonly ackTimeoutMs?: number;
  /** False: a refused connect is no evidence of a crash. Default: true. */
  readonly crashEvidence?: boolean;
  /** Keep everything in files, one directory a member; its cluster keeps the replication, copies and nodes that it was begun with. Default: in memory, until `stop()`. */
  readonly dataDir?: string;
  /** When what is in `dataDir` is synced. Default: `everysec`. */
  readonly appendfsync?: AppendFsync;
  /** `local`: the master answers reads without confirming that it still reigns. Default: `linearizable`. */
  readonly reads?: "linearizable" | "local";
  /** Password of nodes and sentinels for Redis clients. Default: none. */
  readonly password?: string;
  /** Shared secret of the peer ports. Default: a random one. */
  readonly peerSecret?: string;
  /** Log lines go to stderr. Default: `silent`. */
  readonly logLevel?: LogLevel;
  /** How long `startCluster` waits for the first master. Default: 10000. */
  readonly startTimeoutMs?: number;
}

export interface NodeChoices {
  /** From 1; lower is preferred for promotion, at equal log positions. Default: 100. */
  readonly priority?: number;
  /** Site or rack: breaks a tie for promotion after `priority`. Default: none. */
  readonly zone?: string;
  /** False: an observer, which follows, counts nowhere and is never promoted. Default: true. */
  readonly voting?: boolean;
}

/** @throws InterrexError `BAD_OPTION` for what makes no cluster. */
export function nodeChoices({ nodes = 3 }: ClusterOptions): readonly NodeChoices[] {
  if (Array.isArray(nodes) && isMemberCount(nodes.length)) return nodes;
  if (typeof nodes === "number" && isMemberCount(nodes)) return Array.from({ length: nodes }, () => ({}));
  const got = Array.isArray(nodes) ? nodes.length : nodes;
  throw new InterrexError("BAD_OPTION", `A cluster needs 1 to 50 nodes (got ${shown(got)})`);
}

/** @throws InterrexError `BAD_OPTION` for what makes no cluster. */
export function sentinelCount({ sentinels = 3 }: ClusterOptions): number {
  if (isMemberCount(sentinels)) return sentinels;
  throw new InterrexError("BAD_OPTION", `A cluster needs 1 to 50 sentinels (got ${shown(sentinels)})`);
}

const OPTIONS: Readonly<Record<keyof ClusterOptions, true>> = {
  nodes: true,
  sentinels: true,
  group: true,
  replication: true,
  copies: true,
  quorum: true,
  downAfterMs: true,
  stallAfterMs: true,
  switchoverTimeoutMs: true,
  ackTimeoutMs: true,
  crashEvidence: true,
  dataDir: true,
  appendfsync: true,
  reads: true,
  password: true,
  peerSecret: true,
  logLevel: true,
  startTimeoutMs: true,
};

const NODE_CHOICES: Readonly<Record<keyof NodeChoices, true>> = { priority: true, zone: true, voting: true };

/** @throws InterrexError `BAD_OPTION` for what no member's schema looks at. */
export function checkOptions(options: ClusterOptions): void {
  if (!isObject(options)) {
    throw new InterrexError("BAD_OPTION", `the options must be an object (got ${shown(options)})`);
  }
  const stranger = strangerIn(options, OPTIONS);
  if (stranger !== undefined) throw new InterrexError("BAD_OPTION", `unknown option ${stranger}`);
  for (const [index, choices] of nodeChoices(options).entries()) checkChoices(choices, `nodes[${index}]`);
  const { dataDir, logLevel, startTimeoutMs } = options;
  if (dataDir !== undefined && (typeof dataDir !== "string" || dataDir === "")) {
    const way = "leave it out to keep everything in memory";
    throw new InterrexError("BAD_OPTION", `dataDir must be a directory; ${way} (got ${shown(dataDir)})`);
  }
  if (logLevel !== undefined && !LOG_LEVELS.includes(logLevel)) {
    const levels = LOG_LEVELS.join(", ");
    throw new InterrexError("BAD_OPTION", `logLevel must be one of ${levels} (got ${shown(logLevel)})`);
  }
  if (startTimeoutMs !== undefined) checkTimeout("startTimeoutMs", startTimeoutMs);
}

/** @throws InterrexError `BAD_OPTION` for what never comes to an end, or is no number. */
export function checkTimeout(name: string, timeoutMs: number): void {
  if (Number.isFinite(timeoutMs) && timeoutMs >= 0) return;
  throw new InterrexError("BAD_OPTION", `${name} must be a number of milliseconds (got ${shown(timeoutMs)})`);
}

/** The schema of a node knows more keys, such as its id and port, which are not the caller's to choose here. */
function checkChoices(choices: NodeChoices, where: string): void {
  if (!isObject(choices)) {
    const got = `got ${shown(choices)}`;
    throw new InterrexError("BAD_OPTION", `${where} must be such as { zone: "a" }, or {} (${got})`);
  }
  const stranger = strangerIn(choices, NODE_CHOICES);
  if (stranger === undefined) return;
  throw new InterrexError("BAD_OPTION", `${where} has an unknown key ${stranger}`);
}

/** The first key that isn't `known`, with what to do about it. */
function strangerIn(given: object, known: Readonly<Record<string, true>>): string | undefined {
  const stranger = Object.keys(given).find((key) => !Object.hasOwn(known, key));
  if (stranger === undefined) return undefined;
  const near = suggest(stranger, Object.keys(known));
  return `"${shownText(stranger)}"; ${near === undefined ? "remove it" : `did you mean "${near}"?`}`;
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON knows no NaN. */
function shown(value: unknown): string {
  return typeof value === "number" ? String(value) : shownValue(value);
}

function isMemberCount(count: unknown): count is number {
  return Number.isInteger(count) && Number(count) >= 1 && Number(count) <= 50;
}
