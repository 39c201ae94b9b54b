/** What servers are filled with for figures of size: small values of one width, the same on both sides. Pure. */
export interface Filling {
  /** Of one element, such as `string`. */
  readonly element: string;
  /** Elements that one command writes. */
  readonly perCommand: number;
  /** Command number `index`; writes `perCommand` elements that no other command writes. */
  readonly command: (index: number) => readonly string[];
}

const PER_COMMAND = 10;
const DAY_SEC = 86_400;
const HOUR_SEC = 3600;

/** Key and value together are 27 bytes. */
export const STRINGS: Filling = {
  element: "string",
  perCommand: 1,
  command: (index) => ["SET", stringKey(index), `value:${digits(index)}`],
};

/** Hashes of ten fields each: 26 bytes a field and value, and a key for ten of them. */
const HASH_FIELDS: Filling = {
  element: "hash field",
  perCommand: PER_COMMAND,
  command: (index) => ["HSET", `hash:${digits(index)}`, ...fieldsOf(index)],
};

/** Lists of ten elements each: 15 bytes an element, and a key for ten of them. */
const LIST_ELEMENTS: Filling = {
  element: "list element",
  perCommand: PER_COMMAND,
  command: (index) => [
    "RPUSH",
    `list:${digits(index)}`,
    ...elementsOf(index).map((element) => `element:${digits(element)}`),
  ],
};

/** Sorted sets of ten members each, and a key for ten of them. */
const SMALL_SET_MEMBERS: Filling = {
  element: "member of a small sorted set",
  perCommand: PER_COMMAND,
  command: (index) => ["ZADD", `zset:${digits(index)}`, ...membersOf(index)],
};

/** One sorted set of all members. */
const SORTED_SET_MEMBERS: Filling = {
  element: "sorted-set member",
  perCommand: PER_COMMAND,
  command: (index) => ["ZADD", "zset", ...membersOf(index)],
};

/** One hash of all fields. */
export const ONE_HASH: Filling = {
  element: "hash field",
  perCommand: PER_COMMAND,
  command: (index) => ["HSET", "hash", ...fieldsOf(index)],
};

/** A time for each key of `STRINGS`, far away. */
export const EXPIRIES: Filling = {
  element: "expiry",
  perCommand: 1,
  command: (index) => ["EXPIRE", stringKey(index), String(DAY_SEC + (index % HOUR_SEC))],
};

export const FILLINGS: readonly Filling[] = [
  STRINGS,
  HASH_FIELDS,
  LIST_ELEMENTS,
  SMALL_SET_MEMBERS,
  SORTED_SET_MEMBERS,
];

export function stringKey(index: number): string {
  return `string:${digits(index)}`;
}

/** All elements as packets of RESP, each of `commandsPerPacket` commands but the last. */
export function* packetsOf(
  filling: Filling,
  elements: number,
  commandsPerPacket: number,
): Generator<{ readonly bytes: string; readonly commands: number }> {
  const commands = Math.ceil(elements / filling.perCommand);
  for (let from = 0; from < commands; from += commandsPerPacket) {
    const to = Math.min(from + commandsPerPacket, commands);
    let bytes = "";
    for (let index = from; index < to; index += 1) bytes += request(...filling.command(index));
    yield { bytes, commands: to - from };
  }
}

export function request(...words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
}

function elementsOf(index: number): number[] {
  return Array.from({ length: PER_COMMAND }, (_, at) => index * PER_COMMAND + at);
}

/** Fields and values in turn. */
function fieldsOf(index: number): string[] {
  return elementsOf(index).flatMap((element) => [`field:${digits(element)}`, `value:${digits(element)}`]);
}

/** Scores, which come in no order, and members of 14 bytes in turn. */
function membersOf(index: number): string[] {
  return elementsOf(index).flatMap((element) => [String(scoreOf(element)), `member:${digits(element)}`]);
}

/** A step that shares no factor with the range visits each score of it before it comes back. */
function scoreOf(element: number): number {
  return (element * 7919) % 1_000_003;
}

function digits(value: number): string {
  return String(value).padStart(7, "0");
}
