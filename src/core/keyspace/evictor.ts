/**
 * Chooses the key that gives way next, as Redis does: the idlest, or the least used, of a few picked at random and of the
 * best that were picked before; the one that expires first; or any. It removes nothing.
 */
import { unreachable } from "../../base/errors.ts";
import type { Randomness } from "../../base/randomness.ts";
import type { Database } from "./database.ts";
import { ABSENT, type KeyTable } from "./key-table.ts";
import { countsUses, type MemorySettings } from "./memory-settings.ts";
import { decayed } from "./use-frequency.ts";

/** Candidates that are remembered from one choice to the next. */
const POOL_SIZE = 16;

interface Victim {
  readonly database: Database;
  readonly key: string;
}

interface Candidate extends Victim {
  /** The greater, the better to do without. */
  readonly score: number;
}

export class Evictor {
  /** The best last. */
  readonly #pool: Candidate[] = [];
  /** Where the next random choice begins, so that each database has its turn. */
  #turn = 0;

  /** @returns `undefined` when the policy lets no key go, or there is none. */
  choose(
    databases: readonly Database[],
    settings: MemorySettings,
    random: Randomness,
    nowSec: number,
  ): Victim | undefined {
    switch (settings.policy) {
      case "noeviction":
        return undefined;
      case "volatile-ttl":
        return firstToExpire(databases);
      case "allkeys-random":
      case "volatile-random":
        return this.#any(databases, settings, random);
      case "allkeys-lru":
      case "allkeys-lfu":
      case "volatile-lru":
      case "volatile-lfu":
        return this.#best(databases, settings, random, nowSec);
      default:
        return unreachable(settings.policy);
    }
  }

  /** Other settings: what was scored by the old ones is worth nothing. */
  forget(): void {
    this.#pool.length = 0;
  }

  #any(databases: readonly Database[], settings: MemorySettings, random: Randomness): Victim | undefined {
    for (let tries = 0; tries < databases.length; tries += 1) {
      this.#turn = (this.#turn + 1) % databases.length;
      const database = databases[this.#turn] as Database;
      const at = sample(database.table, settings, random);
      if (at !== undefined) return { database, key: database.table.keyAt(at) };
    }
    return undefined;
  }

  #best(
    databases: readonly Database[],
    settings: MemorySettings,
    random: Randomness,
    nowSec: number,
  ): Victim | undefined {
    while (this.#fillPool(databases, settings, random, nowSec)) {
      for (let best = this.#pool.pop(); best !== undefined; best = this.#pool.pop()) {
        // It may be gone, or expire no more, or have been used since: then it must prove itself again.
        const { table } = best.database;
        const at = table.find(best.key);
        if (at === ABSENT || !mayGo(table, at, settings)) continue;
        if (scoreOf(table, at, settings, nowSec) >= best.score) return best;
      }
    }
    return undefined;
  }

  /** @returns false when there is nothing to choose from. */
  #fillPool(
    databases: readonly Database[],
    settings: MemorySettings,
    random: Randomness,
    nowSec: number,
  ): boolean {
    let found = false;
    for (const database of databases) {
      if (database.size === 0) continue;
      for (let left = settings.samples; left > 0; left -= 1) {
        const at = sample(database.table, settings, random);
        if (at === undefined) break;
        found = true;
        this.#offer(database, at, scoreOf(database.table, at, settings, nowSec));
      }
    }
    return found;
  }

  #offer(database: Database, address: number, score: number): void {
    const pool = this.#pool;
    const isFull = pool.length === POOL_SIZE;
    if (isFull && score <= (pool[0] as Candidate).score) return;
    const key = database.table.keyAt(address);
    if (pool.some((candidate) => candidate.key === key && candidate.database === database)) return;
    const at = pool.findIndex((candidate) => candidate.score >= score);
    pool.splice(at === -1 ? pool.length : at, 0, { database, key, score });
    if (isFull) pool.shift();
  }
}

function scoreOf(table: KeyTable, address: number, settings: MemorySettings, nowSec: number): number {
  const usedSec = table.usedSec(address);
  if (!countsUses(settings.policy)) return nowSec - usedSec;
  return -decayed(table.frequency(address), usedSec, nowSec, settings.lfuDecayMinutes);
}

function mayGo(table: KeyTable, address: number, settings: MemorySettings): boolean {
  return takesAnyKey(settings) || table.expireAtMs(address) !== 0;
}

function takesAnyKey({ policy }: MemorySettings): boolean {
  return policy.startsWith("allkeys");
}

/** @returns the address of any key that may go, each as likely as any other. */
function sample(table: KeyTable, settings: MemorySettings, random: Randomness): number | undefined {
  if (!takesAnyKey(settings)) return table.expiries.any(random);
  return table.size === 0 ? undefined : table.any(random);
}

function firstToExpire(databases: readonly Database[]): Victim | undefined {
  let first: Victim | undefined;
  let firstAtMs = Number.POSITIVE_INFINITY;
  for (const database of databases) {
    const { table } = database;
    const at = table.firstToExpire();
    if (at === ABSENT || table.expireAtMs(at) >= firstAtMs) continue;
    firstAtMs = table.expireAtMs(at);
    first = { database, key: table.keyAt(at) };
  }
  return first;
}
