/**
 * Chooses the key that gives way next, as Redis does: the idlest, or the least used, of a few picked at random and of the
 * best that were picked before; the one that expires first; or any. It removes nothing.
 */
import { unreachable } from "../../base/errors.ts";
import type { Randomness } from "../../base/randomness.ts";
import type { Database } from "./database.ts";
import type { Entry } from "./entry.ts";
import { countsUses, type MemorySettings } from "./memory-settings.ts";
import { decayed } from "./use-frequency.ts";

/** Candidates that are remembered from one choice to the next. */
const POOL_SIZE = 16;

interface Victim {
  readonly database: Database;
  readonly key: string;
  readonly entry: Entry;
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
      const victim = sample(database, settings, random);
      if (victim !== undefined) return victim;
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
        // It may be gone, be another one by now, or have been used since: then it must prove itself again.
        const isHere = best.database.entryOf(best.key) === best.entry;
        if (isHere && scoreOf(best.entry, settings, nowSec) >= best.score) return best;
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
        const victim = sample(database, settings, random);
        if (victim === undefined) break;
        found = true;
        this.#offer(victim, scoreOf(victim.entry, settings, nowSec));
      }
    }
    return found;
  }

  #offer({ database, key, entry }: Victim, score: number): void {
    const pool = this.#pool;
    const isFull = pool.length === POOL_SIZE;
    if (isFull && score <= (pool[0] as Candidate).score) return;
    if (pool.some((candidate) => candidate.entry === entry)) return;
    const at = pool.findIndex((candidate) => candidate.score >= score);
    pool.splice(at === -1 ? pool.length : at, 0, { database, key, entry, score });
    if (isFull) pool.shift();
  }
}

function scoreOf(entry: Entry, settings: MemorySettings, nowSec: number): number {
  if (!countsUses(settings.policy)) return nowSec - entry.usedSec;
  return -decayed(entry.frequency, entry.usedSec, nowSec, settings.lfuDecayMinutes);
}

function sample(database: Database, settings: MemorySettings, random: Randomness): Victim | undefined {
  const key = settings.policy.startsWith("allkeys")
    ? database.sampleKey(random)
    : database.sampleExpiring(random);
  const entry = key === undefined ? undefined : database.entryOf(key);
  return key === undefined || entry === undefined ? undefined : { database, key, entry };
}

function firstToExpire(databases: readonly Database[]): Victim | undefined {
  let first: Victim | undefined;
  for (const database of databases) {
    const key = database.firstToExpire();
    const entry = key === undefined ? undefined : database.entryOf(key);
    if (key === undefined || entry === undefined) continue;
    const isFirst =
      first === undefined || database.expireAtMs(entry) < first.database.expireAtMs(first.entry);
    if (isFirst) first = { database, key, entry };
  }
  return first;
}
