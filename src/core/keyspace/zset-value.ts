/** A sorted set: members with scores, in order of score and then of bytes. It knows nothing of keys, expiry or clients. */
import { formatDouble } from "../../protocol/resp/reply.ts";
import { ChunkedArray } from "./chunked-array.ts";
import { addDigest, DIGEST_BYTES, digestOf } from "./digest.ts";
import { encodingLimits } from "./encoding-limits.ts";
import { MemberTable } from "./member-table.ts";
import { MEMBER_BYTES, SCORE_BYTES, stringBytes, ZSET_BYTES } from "./memory-model.ts";
import { piecesOf } from "./rebuild-pieces.ts";
import type { IsBefore } from "./score-branch.ts";
import { ScoreTree } from "./score-tree.ts";
import type { Collection } from "./value.ts";

/** Whether so many members, of so many bytes at most, are kept compactly. */
export function isCompact(members: number, longest: number): boolean {
  return members <= encodingLimits.zsetEntriesMax && longest <= encodingLimits.zsetValueBytesMax;
}

interface WideParts {
  readonly table: MemberTable;
  /** Of each member of the table, at the same position. */
  readonly scores: ChunkedArray<number>;
}

export class ZsetValue implements Collection {
  readonly type = "zset" as const;
  accountedBytes = 0;
  /** Of the members. */
  #textBytes = 0;
  #tree = new ScoreTree();
  /** Once wide, always wide, as in Redis; a compact one is searched through for a member's score. */
  #wide: WideParts | undefined;

  constructor(wide = false) {
    if (wide) this.#widen();
  }

  get size(): number {
    return this.#tree.size;
  }

  get encoding(): "listpack" | "skiplist" {
    return this.#wide === undefined ? "listpack" : "skiplist";
  }

  get bytes(): number {
    const table = this.#wide?.table;
    // The table counts the members' texts as well; they are the same ones.
    if (table === undefined) return ZSET_BYTES + this.#textBytes + this.size * MEMBER_BYTES * 2;
    return ZSET_BYTES + table.bytes + this.size * SCORE_BYTES;
  }

  score(member: string): number | undefined {
    if (this.#wide === undefined) return this.#tree.search(member);
    const { table, scores } = this.#wide;
    const position = table.find(member);
    return position === -1 ? undefined : scores.at(position);
  }

  /** Adds the member, or changes its score. @param score not NaN. @param known its score now, as `score` tells. */
  set(member: string, score: number, known: number | undefined): void {
    if (this.#wide === undefined && !isCompact(this.size + (known === undefined ? 1 : 0), member.length)) {
      this.#widen();
    }
    const wide = this.#wide;
    // A compact one in Redis makes no difference between 0 and -0. Here none does: what is rebuilt from a snapshot begins as a compact one.
    const kept = score === 0 ? 0 : score;
    if (known === undefined) {
      this.#tree.insert(kept, member);
      this.#textBytes += stringBytes(member.length);
    } else {
      this.#tree.change(known, member, kept);
    }
    if (wide === undefined) return;
    if (known === undefined) {
      wide.table.add(member);
      wide.scores.push(kept);
    } else {
      wide.scores.put(wide.table.find(member), kept);
    }
  }

  /** @returns whether the member was there. */
  delete(member: string): boolean {
    const score = this.score(member);
    if (score === undefined) return false;
    this.#tree.remove(score, member);
    this.#forget(member);
    return true;
  }

  /** Number of members before this one; `undefined` when it is not here. */
  rank(member: string): number | undefined {
    const score = this.score(member);
    return score === undefined ? undefined : this.#tree.rankOf(score, member);
  }

  /** Number of members before a boundary. */
  countBefore(isBefore: IsBefore): number {
    return this.#tree.countBefore(isBefore);
  }

  /**
   * Number of members before a boundary that is told by bytes alone, which is meant for members of one score. Among
   * several scores it is found among ranks, so that it depends on the members, not on how the tree has grown.
   */
  countBeforeMember(isBefore: (member: string) => boolean): number {
    return this.#tree.countBeforeMember(isBefore);
  }

  /** Removes `count` members from the one at `rank` on; fewer than all. */
  deleteRanks(rank: number, count: number): void {
    this.walk(rank, count, false, (_score, member) => this.#forget(member));
    this.#tree.removeRanks(rank, count);
  }

  /** Visits `count` members from the one at `rank` on, or back from it. The set must not change meanwhile. */
  walk(
    rank: number,
    count: number,
    backwards: boolean,
    visit: (score: number, member: string) => void,
  ): void {
    this.#tree.walk(rank, count, backwards, visit);
  }

  /** All in order. The set must not change meanwhile. */
  entries(): IterableIterator<[member: string, score: number]> {
    return this.#tree.entries();
  }

  /** One page of ZSCAN: every member present throughout is returned. A compact set comes as one page. */
  scan(
    cursor: number,
    count: number,
  ): { readonly cursor: number; readonly items: [member: string, score: number][] } {
    if (this.#wide === undefined) return { cursor: 0, items: [...this.entries()] };
    const { table, scores } = this.#wide;
    const page = table.page(cursor, count);
    const items: [string, number][] = [];
    for (let at = page.from; at >= page.to; at -= 1) items.push([table.at(at), scores.at(at)]);
    return { cursor: page.cursor, items };
  }

  clone(): ZsetValue {
    const copy = new ZsetValue();
    if (this.#wide === undefined) {
      for (const [member, score] of this.entries()) copy.set(member, score, undefined);
      return copy;
    }
    copy.#tree = this.#tree.clone();
    copy.#wide = { table: this.#wide.table.clone(), scores: this.#wide.scores.clone() };
    copy.#textBytes = this.#textBytes;
    return copy;
  }

  rebuild(key: string): IterableIterator<string> {
    return piecesOf("ZADD", key, argumentsOf(this.#tree.frozenEntries()), 2);
  }

  digest(): Buffer {
    const sum = Buffer.alloc(DIGEST_BYTES);
    for (const [member, score] of this.entries()) addDigest(sum, digestOf(member, formatDouble(score)));
    return sum;
  }

  /** All but the tree is without it. @param member one that is here. */
  #forget(member: string): void {
    this.#textBytes -= stringBytes(member.length);
    if (this.#wide === undefined) return;
    const { table, scores } = this.#wide;
    const position = table.remove(member);
    const last = scores.pop();
    if (position < scores.length) scores.put(position, last);
  }

  #widen(): void {
    const wide = { table: new MemberTable(), scores: new ChunkedArray<number>() };
    for (const [member, score] of this.entries()) {
      wide.table.add(member);
      wide.scores.push(score);
    }
    this.#wide = wide;
  }
}

function* argumentsOf(
  entries: Iterable<readonly [member: string, score: number]>,
): IterableIterator<readonly string[]> {
  for (const [member, score] of entries) yield [formatDouble(score), member];
}
