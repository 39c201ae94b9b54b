/**
 * XCLAIM and XAUTOCLAIM: delivered entries change their consumer. What is replicated is what they have come to: XCLAIM
 * with time and count for what was claimed, XACK for what is not in the stream any more. Replayed, such an XCLAIM
 * decides nothing: it makes the deliveries that it names, and the consumer, seen at its time.
 */
import { LongText } from "../../base/long-text.ts";
import { encodeCommand } from "../../protocol/resp/command-encoder.ts";
import { arrayHeader, bulk, bulkArray, EMPTY_ARRAY } from "../../protocol/resp/reply.ts";
import { type ExactInteger, int64, sum } from "../keyspace/exact-integer.ts";
import type { Consumer, StreamGroup } from "../keyspace/stream-group.ts";
import { compareIds, formatId, ID_ZERO, type StreamId } from "../keyspace/stream-id.ts";
import type { StreamEntry } from "../keyspace/stream-node.ts";
import type { StreamSearch } from "../keyspace/stream-search.ts";
import { StreamValue } from "../keyspace/stream-value.ts";
import { type Argv, arg, type CommandSpec, ONE_KEY } from "./command.ts";
import type { CommandContext } from "./context.ts";
import * as errors from "./errors.ts";
import { parseIndex, parseInteger } from "./numbers.ts";
import { readSource } from "./read-source.ts";
import { type ClaimOptions, parseClaimOptions } from "./stream-claim-options.ts";
import { claimBytes, mayName, meet, propagateConsumer, propagatePosition } from "./stream-deliveries.ts";
import { parseStart } from "./stream-ids.ts";
import { ENOUGH_BYTES, entryReply } from "./stream-replies.ts";

/** As Redis, which must allocate as many IDs. */
const AUTOCLAIM_COUNT_MAX = 576460752303423487n;
const AUTOCLAIM_COUNT = 100;
/** XAUTOCLAIM looks at so many entries for each that it may claim. */
const ATTEMPTS_PER_CLAIM = 10;
/** How often key and group are propagated beside the claims: for the consumer, for what is gone, and for the position. */
const NAMED_BESIDES = 3;

interface Target {
  readonly key: string;
  readonly stream: StreamValue;
  readonly group: StreamGroup;
}

/** @returns the group that is named behind the key, or an encoded error. */
function findTarget(context: CommandContext, argv: Argv): Target | string {
  const [key, name] = [arg(argv, 1), arg(argv, 2)];
  const stream = readSource(context, key)?.value;
  if (stream !== undefined && !(stream instanceof StreamValue)) return errors.WRONG_TYPE;
  const group = stream?.group(name);
  if (stream === undefined || group === undefined) return errors.noKeyOrGroup(key, name);
  return { key, stream, group };
}

/** One claiming command: its changes, its reply, its effects. */
class ClaimRun {
  readonly claimed: StreamId[] = [];
  /** Delivered once, but not in the stream any more. */
  readonly gone: StreamId[] = [];
  /** In the stream. */
  readonly search: StreamSearch;
  readonly #context: CommandContext;
  readonly #target: Target;
  readonly #justIds: boolean;
  readonly #consumerName: string;
  #consumer: Consumer | undefined;
  #isChanged = false;
  #isPositionChanged = false;
  readonly #text = new LongText();

  constructor(context: CommandContext, target: Target, consumerName: string, justIds: boolean) {
    this.#context = context;
    this.#target = target;
    this.#consumerName = consumerName;
    this.#justIds = justIds;
    this.search = target.stream.search();
  }

  /** The reply, or what is to be propagated, has become so long that the rest is left to another command. */
  get isEnough(): boolean {
    const { key, group } = this.#target;
    const found = this.claimed.length + this.gone.length;
    // One at least: a transaction that has found much before must not answer as if there were none.
    if (found === 0) return false;
    const foundBytes = (found + NAMED_BESIDES) * claimBytes(key, group.name, this.#consumerName);
    return this.#text.length >= ENOUGH_BYTES || !this.#context.fits(0, foundBytes);
  }

  get claims(): string {
    return arrayHeader(this.claimed.length) + this.#text.toString();
  }

  moveTo(lastId: StreamId): void {
    this.#beforeChange();
    this.#target.group.lastId = lastId;
    this.#isPositionChanged = true;
  }

  /** @param count as it is now; one is added unless only the IDs are asked for. @param forced what it must be. */
  claim(entry: StreamEntry, atMs: number, count: ExactInteger, forced?: ExactInteger): void {
    const { key, group } = this.#target;
    const { id } = entry;
    this.#text.add(this.#justIds ? bulk(formatId(id)) : entryReply(entry));
    this.#beforeChange();
    this.#consumer ??= meet(this.#context, key, group, this.#consumerName);
    group.deliver(id, this.#consumer, atMs, forced ?? (this.#justIds ? count : int64(sum(count, 1))));
    this.claimed.push(id);
  }

  /** Drops what was found to be gone, and propagates everything. */
  finish(): void {
    const { key, group } = this.#target;
    const context = this.#context;
    if (this.#consumer !== undefined) propagateConsumer(context, key, group, this.#consumer, this.claimed);
    if (this.gone.length > 0) {
      this.#beforeChange();
      for (const id of this.gone) group.acknowledge(id);
      context.propagateFound(encodeCommand(["XACK", key, group.name, ...this.gone.map(formatId)]));
    }
    if (this.#isPositionChanged) propagatePosition(context, key, group);
  }

  #beforeChange(): void {
    if (!this.#isChanged) this.#context.db.beforeInnerChange(this.#target.key);
    this.#isChanged = true;
  }
}

function xclaim(context: CommandContext, argv: Argv): string {
  const target = findTarget(context, argv);
  if (typeof target === "string") return target;
  const isReplayed = context.keyspace.replaying;
  const options = parseClaimOptions(argv, isReplayed ? undefined : context.nowMs);
  if (typeof options === "string") return options;
  if (isReplayed) return restore(context, target, arg(argv, 3), options);
  const { key, group } = target;
  if (!mayName(context, key, group.name, arg(argv, 3))) return errors.REPLY_TOO_LONG;
  const run = new ClaimRun(context, target, arg(argv, 3), options.justIds);
  if (compareIds(options.lastId, group.lastId) > 0) run.moveTo(options.lastId);
  for (const id of options.ids) {
    if (run.isEnough) break;
    claimOne(context, target, options, run, id);
  }
  run.finish();
  return run.claims;
}

function claimOne(
  context: CommandContext,
  { group }: Target,
  { minIdleMs, atMs, force, retryCount }: ClaimOptions,
  run: ClaimRun,
  id: StreamId,
): void {
  const delivery = group.pending.get(id);
  const entry = run.search.entry(id);
  if (entry === undefined) {
    if (delivery !== undefined) run.gone.push(id);
  } else if (delivery === undefined) {
    if (force) run.claim(entry, atMs, 1, retryCount);
  } else if (context.nowMs - delivery.atMs >= minIdleMs || minIdleMs === 0) {
    run.claim(entry, atMs, delivery.count, retryCount);
  }
}

/** What a master has propagated, or what a snapshot holds. */
function restore(
  context: CommandContext,
  { key, group }: Target,
  name: string,
  options: ClaimOptions,
): string {
  context.db.beforeInnerChange(key);
  const consumer = group.consumer(name) ?? group.addConsumer(name, options.atMs);
  consumer.seenMs = options.atMs;
  for (const id of options.ids) group.deliver(id, consumer, options.atMs, options.retryCount ?? 1);
  return EMPTY_ARRAY;
}

interface AutoClaimOptions {
  readonly minIdleMs: number;
  readonly start: StreamId;
  readonly count: number;
  readonly justIds: boolean;
}

/** @returns the options, or an encoded error. */
function parseAutoClaimOptions(argv: Argv): AutoClaimOptions | string {
  const minIdleMs = parseIndex(arg(argv, 4));
  if (minIdleMs === undefined) return errors.invalidArgument("min-idle-time", "XAUTOCLAIM");
  const start = parseStart(arg(argv, 5));
  if (typeof start === "string") return start;
  let count = AUTOCLAIM_COUNT;
  let justIds = false;
  for (let at = 6; at < argv.length; at += 1) {
    const option = arg(argv, at).toUpperCase();
    if (option === "COUNT" && at + 1 < argv.length) {
      at += 1;
      const parsed = parseInteger(arg(argv, at));
      if (parsed === undefined || parsed < 1 || parsed > AUTOCLAIM_COUNT_MAX)
        return errors.CLAIM_COUNT_NOT_POSITIVE;
      count = Number(parsed);
    } else if (option === "JUSTID") {
      justIds = true;
    } else {
      return errors.SYNTAX_ERROR;
    }
  }
  return { minIdleMs: Math.max(0, minIdleMs), start, count, justIds };
}

function xautoclaim(context: CommandContext, argv: Argv): string {
  const target = findTarget(context, argv);
  // Redis looks at the key first, and tells what it saw last.
  const options = parseAutoClaimOptions(argv);
  if (typeof options === "string") return options;
  if (typeof target === "string") return target;
  const { minIdleMs, start, count, justIds } = options;
  const { key, group } = target;
  if (!mayName(context, key, group.name, arg(argv, 3))) return errors.REPLY_TOO_LONG;
  const run = new ClaimRun(context, target, arg(argv, 3), justIds);
  let attempts = count * ATTEMPTS_PER_CLAIM;
  let next = ID_ZERO;
  for (const { id, value: delivery } of group.pending.from(start)) {
    if (attempts === 0 || run.claimed.length + run.gone.length === count || run.isEnough) {
      next = id;
      break;
    }
    attempts -= 1;
    const entry = run.search.entry(id);
    if (entry === undefined) run.gone.push(id);
    else if (context.nowMs - delivery.atMs >= minIdleMs || minIdleMs === 0) {
      run.claim(entry, context.nowMs, delivery.count);
    }
  }
  run.finish();
  return arrayHeader(3) + bulk(formatId(next)) + run.claims + bulkArray(run.gone.map(formatId));
}

const CLAIMS = { arity: -6, flags: ["write", "fast"], keys: ONE_KEY, categories: ["stream"] } as const;

export const STREAM_CLAIM_COMMANDS: readonly CommandSpec[] = [
  { name: "xclaim", ...CLAIMS, handler: xclaim },
  { name: "xautoclaim", ...CLAIMS, handler: xautoclaim },
];
