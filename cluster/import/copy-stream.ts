/** Copies one stream: its entries with their ids, what it remembers of removed ones, its consumer groups and what is pending in them. */
import { type Argument, type CommandClient, fieldsOf, listOf, write } from "./commands.ts";

type Entry = readonly [id: Buffer, fields: Buffer[]];
type PendingEntry = readonly [id: Buffer, consumer: Buffer, idleMs: number, deliveries: number];

const PAGE = 100;
const ID_PART_MAX = 2n ** 64n - 1n;
/** Makes a stream without entries, and is removed at once. */
const MAKING_GROUP = "interrex:import";

/**
 * @param key which the target must not have.
 * @param page entries that travel at once.
 */
export async function copyStream(
  source: CommandClient,
  target: CommandClient,
  key: Buffer,
  page: number,
): Promise<void> {
  await write(target, "XGROUP", "CREATE", key, MAKING_GROUP, "0", "MKSTREAM");
  await write(target, "XGROUP", "DESTROY", key, MAKING_GROUP);
  await pages<Entry>(
    (from) => listOf(source, "XRANGE", key, from, "+", "COUNT", page),
    async (entries) => {
      await Promise.all(entries.map(([id, fields]) => write(target, "XADD", key, id, ...fields)));
    },
  );
  // After the entries: of a stream that grows, what it was before them would be behind those that are copied.
  await write(target, "XSETID", key, ...endOf(fieldsOf(await listOf(source, "XINFO", "STREAM", key))));
  for (const group of await listOf<unknown[]>(source, "XINFO", "GROUPS", key)) {
    await copyGroup(source, target, key, fieldsOf(group));
  }
}

/** XSETID's arguments; servers before 7.0 know the last id alone. */
function endOf(about: ReadonlyMap<string, unknown>): Argument[] {
  const lastId = about.get("last-generated-id") as Buffer;
  const added = about.get("entries-added");
  const deletedId = about.get("max-deleted-entry-id");
  if (added === undefined || deletedId === undefined) return [lastId];
  return [lastId, "ENTRIESADDED", Number(added), "MAXDELETEDID", deletedId as Buffer];
}

async function copyGroup(
  source: CommandClient,
  target: CommandClient,
  key: Buffer,
  group: ReadonlyMap<string, unknown>,
): Promise<void> {
  const name = group.get("name") as Buffer;
  const read = group.get("entries-read");
  const lastId = group.get("last-delivered-id") as Buffer;
  await write(
    target,
    "XGROUP",
    "CREATE",
    key,
    name,
    lastId,
    ...(read == null ? [] : ["ENTRIESREAD", Number(read)]),
  );
  for (const consumer of await listOf<unknown[]>(source, "XINFO", "CONSUMERS", key, name)) {
    await write(target, "XGROUP", "CREATECONSUMER", key, name, fieldsOf(consumer).get("name") as Buffer);
  }
  await pages<PendingEntry>(
    (from) => listOf(source, "XPENDING", key, name, from, "+", PAGE),
    async (entries) => {
      await Promise.all(
        entries.map(([id, consumer, idleMs, deliveries]) => {
          const state = ["IDLE", idleMs, "RETRYCOUNT", deliveries];
          return write(target, "XCLAIM", key, name, consumer, 0, id, ...state, "FORCE", "JUSTID");
        }),
      );
    },
  );
}

/** All of what is ordered by ids, from the first one on. */
async function pages<Item extends readonly [id: Buffer, ...unknown[]]>(
  read: (from: string) => Promise<Item[]>,
  take: (items: readonly Item[]) => Promise<void>,
): Promise<void> {
  let from: string | null = "-";
  while (from !== null) {
    const items: Item[] = await read(from);
    const last = items.at(-1);
    if (last === undefined) return;
    await take(items);
    from = idAfter(String(last[0]));
  }
}

/** `null` behind the greatest. By hand: `(` for "from there, but without it" came with Redis 6.2 only. */
function idAfter(id: string): string | null {
  const [ms = 0n, sequence = 0n] = id.split("-").map(BigInt);
  if (sequence < ID_PART_MAX) return `${ms}-${sequence + 1n}`;
  return ms < ID_PART_MAX ? `${ms + 1n}-0` : null;
}
