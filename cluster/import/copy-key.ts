/** Copies one key of one server to another by ordinary commands, piece by piece. Decides nothing about which keys, or how often it is tried. */
import { type CommandClient, listOf, write, writeAll } from "./commands.ts";
import { copyStream } from "./copy-stream.ts";

export interface KeyToCopy {
  readonly key: Buffer;
  /** As TYPE names it. */
  readonly type: string;
  /** Unix time in ms; `null` for a key that stays. */
  readonly expiresAtMs: number | null;
  /** In the source's memory, about; 0 when it did not tell. */
  readonly bytes: number;
}

/** @param page elements that travel at once. */
type Copy = (source: CommandClient, target: CommandClient, key: Buffer, page: number) => Promise<void>;

const PAGE_MAX = 250;
const PAGE_BYTES = 8 * 1024 * 1024;
/** How many elements a key has. */
const COUNTS: Readonly<Record<string, string>> = {
  list: "LLEN",
  hash: "HLEN",
  set: "SCARD",
  zset: "ZCARD",
  stream: "XLEN",
};

const COPIES: ReadonlyMap<string, Copy> = new Map([
  ["list", copyList],
  ["hash", scanned("HSCAN", (target, key, pairs) => writeAll(target, "HSET", key, pairs, 2))],
  ["set", scanned("SSCAN", (target, key, members) => writeAll(target, "SADD", key, members, 1))],
  ["zset", scanned("ZSCAN", (target, key, pairs) => writeAll(target, "ZADD", key, scoresFirst(pairs), 2))],
  ["stream", copyStream],
] satisfies [string, Copy][]);

export function canCopy(type: string): boolean {
  return type === "string" || COPIES.has(type);
}

/**
 * What the target has under that key is replaced. Once more does no harm: it begins anew.
 *
 * @returns false when the key is gone from the source.
 * @throws what a command throws; the target may have a part of the key then.
 */
export async function copyKey(
  source: CommandClient,
  target: CommandClient,
  { key, type, expiresAtMs, bytes }: KeyToCopy,
): Promise<boolean> {
  if (type === "string") {
    const value = await source.callBuffer("GET", [key]);
    if (value === null) return false;
    await write(target, "SET", key, value as Buffer, ...(expiresAtMs === null ? [] : ["PXAT", expiresAtMs]));
    return true;
  }
  await write(target, "UNLINK", key);
  try {
    await COPIES.get(type)?.(source, target, key, await pageOf(source, key, type, bytes));
  } catch (error) {
    // XINFO of a stream that was deleted or has expired; other types are then empty.
    if (!(error instanceof Error && error.message === "ERR no such key")) throw error;
    await write(target, "UNLINK", key);
    return false;
  }
  if (expiresAtMs !== null) await write(target, "PEXPIREAT", key, expiresAtMs);
  return Number(await write(target, "EXISTS", key)) === 1;
}

/** Fewer elements where they are large. */
async function pageOf(source: CommandClient, key: Buffer, type: string, bytes: number): Promise<number> {
  const count = COUNTS[type];
  if (count === undefined || bytes <= PAGE_BYTES) return PAGE_MAX;
  const elements = Number(await source.callBuffer(count, [key]));
  return Math.min(PAGE_MAX, Math.ceil((elements * PAGE_BYTES) / bytes) || 1);
}

async function copyList(
  source: CommandClient,
  target: CommandClient,
  key: Buffer,
  page: number,
): Promise<void> {
  for (let at = 0; ; at += page) {
    const items = await listOf<Buffer>(source, "LRANGE", key, at, at + page - 1);
    if (items.length === 0) return;
    await writeAll(target, "RPUSH", key, items, 1);
  }
}

/** By cursor, so that no collection is read or written in one piece. */
function scanned(
  scan: string,
  add: (target: CommandClient, key: Buffer, items: readonly Buffer[]) => Promise<void>,
): Copy {
  return async (source, target, key, page) => {
    let cursor = "0";
    do {
      const [next, items] = (await listOf(source, scan, key, cursor, "COUNT", page)) as [Buffer, Buffer[]];
      await add(target, key, items);
      cursor = String(next);
    } while (cursor !== "0");
  };
}

/** ZSCAN names the member before its score, ZADD behind it. */
function scoresFirst(pairs: readonly Buffer[]): Buffer[] {
  const swapped: Buffer[] = [];
  for (let at = 0; at + 1 < pairs.length; at += 2) swapped.push(pairs[at + 1] as Buffer, pairs[at] as Buffer);
  return swapped;
}
