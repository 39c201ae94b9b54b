/** Keyspace notifications: which events are wanted, as `notify-keyspace-events` spells it. It publishes nothing itself. */

/** Bits of a selection. An event goes out when its class and one of the two channels are selected. */
export const NOTIFY = {
  /** `__keyspace@<db>__:<key>`, with the event as the message. */
  keyspace: 1,
  /** `__keyevent@<db>__:<event>`, with the key as the message. */
  keyevent: 2,
  generic: 4,
  string: 8,
  list: 16,
  set: 32,
  hash: 64,
  zset: 128,
  expired: 256,
  evicted: 512,
  stream: 1024,
  module: 2048,
  miss: 4096,
  created: 8192,
} as const;

/** In the order in which Redis prints them. */
const CLASSES: readonly (readonly [string, number])[] = [
  ["g", NOTIFY.generic],
  ["$", NOTIFY.string],
  ["l", NOTIFY.list],
  ["s", NOTIFY.set],
  ["h", NOTIFY.hash],
  ["z", NOTIFY.zset],
  ["x", NOTIFY.expired],
  ["e", NOTIFY.evicted],
  ["t", NOTIFY.stream],
  ["d", NOTIFY.module],
];
const ALL = CLASSES.reduce((flags, [, flag]) => flags | flag, 0);
const NOT_IN_ALL: readonly (readonly [string, number])[] = [["n", NOTIFY.created]];
const CHANNELS: readonly (readonly [string, number])[] = [
  ["K", NOTIFY.keyspace],
  ["E", NOTIFY.keyevent],
  ["m", NOTIFY.miss],
];
const LETTERS: ReadonlyMap<string, number> = new Map([["A", ALL], ...CLASSES, ...NOT_IN_ALL, ...CHANNELS]);

/** @returns the selection, or `undefined` when a letter is unknown. */
export function parseNotifyEvents(text: string): number | undefined {
  let flags = 0;
  for (const letter of text) {
    const flag = LETTERS.get(letter);
    if (flag === undefined) return undefined;
    flags |= flag;
  }
  return flags;
}

/** As CONFIG GET shows it; like Redis, it leaves `n` out beside `A`. */
export function formatNotifyEvents(flags: number): string {
  const spell = (letters: readonly (readonly [string, number])[]): string =>
    letters.map(([letter, flag]) => ((flags & flag) === 0 ? "" : letter)).join("");
  const classes = (flags & ALL) === ALL ? "A" : spell([...CLASSES, ...NOT_IN_ALL]);
  return classes + spell(CHANNELS);
}

export interface Publication {
  readonly channel: string;
  readonly message: string;
}

/** The messages of one event, the one by key first. */
export function* notificationsOf(
  flags: number,
  db: number,
  event: string,
  key: string,
): IterableIterator<Publication> {
  if ((flags & NOTIFY.keyspace) !== 0) yield { channel: `__keyspace@${db}__:${key}`, message: event };
  if ((flags & NOTIFY.keyevent) !== 0) yield { channel: `__keyevent@${db}__:${event}`, message: key };
}
