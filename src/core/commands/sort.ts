/** SORT and SORT_RO: the elements of a list, set or sorted set in another order, or what other keys say about them. */
import { LongText } from "../../base/long-text.ts";
import { encodeCommand } from "../../protocol/resp/command-encoder.ts";
import { arrayHeader, bulkOrNil, integer, ZERO } from "../../protocol/resp/reply.ts";
import { ListValue } from "../keyspace/list-value.ts";
import { NOTIFY } from "../keyspace/notifications.ts";
import { SetValue } from "../keyspace/set-value.ts";
import { ZsetValue } from "../keyspace/zset-value.ts";
import { type Argv, arg, type CommandSpec, type Handler, ONE_KEY } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { parseWeight } from "./doubles.ts";
import * as errors from "./errors.ts";
import { readSource } from "./read-source.ts";
import { lookUpPattern, parseSortOptions, type SortOptions, sortKeys } from "./sort-options.ts";

type Sortable = ListValue | SetValue | ZsetValue;

/** How many elements one RPUSH of a stored result carries. */
const PIECE_ELEMENTS = 128;

function elementsOf(value: Sortable | undefined, descending: boolean): string[] {
  // What is not sorted otherwise stays in its order, or is turned round.
  if (value instanceof ListValue) return [...value.elements(descending ? "last" : "first")];
  if (value instanceof SetValue) return [...value.members()];
  const members: string[] = [];
  if (value === undefined) return members;
  value.walk(descending ? value.size - 1 : 0, value.size, descending, (_score, member) =>
    members.push(value.lasting(member)),
  );
  return members;
}

/** @returns the elements in the order asked for, or an encoded error. */
function sorted(context: CommandContext, elements: string[], options: SortOptions): string[] | string {
  const { by, descending } = options;
  const direction = descending ? -1 : 1;
  const subjectOf = (element: string): string | undefined =>
    by === undefined ? element : lookUpPattern(context, by, element);
  if (options.alpha) {
    const items = elements.map((element) => ({ element, subject: subjectOf(element) }));
    items.sort((one, other) => direction * compareSubjects(one.subject, other.subject));
    return items.map(({ element }) => element);
  }
  const items = elements.map((element) => {
    const subject = subjectOf(element);
    return { element, weight: subject === undefined ? 0 : (parseWeight(subject) ?? Number.NaN) };
  });
  if (items.some(({ weight }) => Number.isNaN(weight))) return errors.NOT_ALL_DOUBLES;
  items.sort((one, other) => {
    if (one.weight !== other.weight) return one.weight < other.weight ? -direction : direction;
    return direction * compareSubjects(one.element, other.element);
  });
  return items.map(({ element }) => element);
}

/** By bytes; what is missing comes first. */
function compareSubjects(one: string | undefined, other: string | undefined): number {
  if (one === other) return 0;
  if (one === undefined || other === undefined) return one === undefined ? -1 : 1;
  return one < other ? -1 : 1;
}

/** @returns the elements that are asked for, or an encoded error. */
function select(context: CommandContext, key: string, options: SortOptions): string[] | string {
  const value = readSource(context, key)?.value;
  const fits =
    value === undefined ||
    value instanceof ListValue ||
    value instanceof SetValue ||
    value instanceof ZsetValue;
  if (!fits) return errors.WRONG_TYPE;
  const elements = elementsOf(value, options.descending);
  const end = options.limit < 0 ? undefined : options.offset + options.limit;
  let asked = options;
  if (options.unsorted) {
    const ordered = options.store !== undefined || context.scripts.running;
    if (!(value instanceof SetValue && ordered)) return elements.slice(options.offset, end);
    // A set has no order of its own: what is stored, or what a script does, must not depend on how it has grown.
    asked = { ...options, by: undefined, alpha: true };
  }
  const result = sorted(context, elements, asked);
  return typeof result === "string" ? result : result.slice(options.offset, end);
}

function sortWith(mayStore: boolean): Handler {
  return (context, argv) => {
    const options = parseSortOptions(argv, mayStore);
    if (typeof options === "string") return options;
    const elements = select(context, arg(argv, 1), options);
    if (typeof elements === "string") return elements;
    const gets = options.get.length === 0 ? ["#"] : options.get;
    const results: (string | undefined)[] = [];
    for (const element of elements) {
      for (const pattern of gets) results.push(lookUpPattern(context, pattern, element));
    }
    if (options.store !== undefined) {
      return store(
        context,
        options.store,
        results.map((result) => result ?? ""),
      );
    }
    const reply = new LongText(arrayHeader(results.length));
    for (const result of results) reply.add(bulkOrNil(result, context.version));
    return reply.toString();
  };
}

/** Propagated element by element: replicas look nothing up, and sort nothing. */
function store(context: CommandContext, key: string, elements: Argv): string {
  const { db } = context;
  const entry = db.read(key);
  if (elements.length === 0) {
    if (entry === undefined) return ZERO;
    context.propagate("DEL", key);
    db.remove(key);
    context.notify(NOTIFY.generic, "del", key);
    return ZERO;
  }
  const pieces: string[] = [];
  let bytes = 0;
  for (let at = 0; at < elements.length; at += PIECE_ELEMENTS) {
    const piece = encodeCommand(["RPUSH", key, ...elements.slice(at, at + PIECE_ELEMENTS)]);
    pieces.push(piece);
    bytes += piece.length;
  }
  if (!context.fits(0, bytes)) return errors.REPLY_TOO_LONG;
  if (entry !== undefined) context.propagate("DEL", key);
  const list = new ListValue();
  for (const element of elements) list.push("last", element);
  db.set(key, list, 0);
  for (const piece of pieces) context.propagateFound(piece);
  context.notify(NOTIFY.list, "sortstore", key);
  return integer(elements.length);
}

const SHARED = {
  arity: -2,
  categories: ["list", "set", "sortedset", "dangerous"],
} as const;

export const SORT_COMMANDS: readonly CommandSpec[] = [
  {
    name: "sort",
    ...SHARED,
    flags: ["write", "denyoom", "movablekeys"],
    keys: { ...ONE_KEY, find: sortKeys },
    handler: sortWith(true),
  },
  { name: "sort_ro", ...SHARED, keys: ONE_KEY, flags: ["readonly", "movablekeys"], handler: sortWith(false) },
];
