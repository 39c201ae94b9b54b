/** A sorted set: members with scores, in order of score and then of bytes. It knows nothing of keys, expiry or clients. */
import { ownText } from "../../base/flat-text.ts";
import { formatDouble } from "../../protocol/resp/reply.ts";
import { ChunkedArray } from "./chunked-array.ts";
import { addDigest, DIGEST_BYTES, digestOf } from "./digest.ts";
import { encodingLimits } from "./encoding-limits.ts";
import { MemberTable } from "./member-table.ts";
import { MEMBER_BYTES, SCORE_BYTES, stringBytes, ZSET_BYTES, ZSET_TREE_BYTES } from "./memory-model.ts";
import { PackedScores } from "./packed-scores.ts";
import { piecesOf } from "./rebuild-pieces.ts";
import type { IsBefore } from "./score-branch.ts";
import { ScoreTree } from "./score-tree.ts";
import type { Collection } from "./value.ts";

/** Whether so many members, of so many bytes at most, are kept compactly. */
export function isCompact(members: number, longest: number): boolean {
  return members <= encodingLimits.zsetEntriesMax && longest <= encodingLimits.zsetValueBytesMax;
}

export interface ScoredMember {
  readonly member: string;
  readonly score: number;
}

interface WideParts {
  readonly table: MemberTable;
  /** Of each member of the table, at the same position. */
  readonly scores: ChunkedArray<number>;
  /** Where the member stood whose score was asked for last: it is mostly the one that changes next. */
  sought: number;
}

export class ZsetValue implements Collection {
  readonly type = "zset" as const;
  accountedBytes = 0;
  /** Of a tree's members. */
  #textBytes = 0;
  /** Few are packed, until they are too many or wide. */
  #order: PackedScores | ScoreTree = new PackedScores();
  /** Once wide, always wide, as in Redis; a compact one is searched through for a member's score. */
  #wide: WideParts | undefined;

  constructor(wide = false) {
    if (wide) this.#widen();
  }

  get size(): number {
    return this.#order.size;
  }

  get encoding(): "listpack" | "skiplist" {
    return this.#wide === undefined ? "listpack" : "skiplist";
  }

  get bytes(): number {
    const order = this.#order;
    if (order instanceof PackedScores) return ZSET_BYTES + order.bytes;
    const table = this.#wide?.table;
    const bytes = ZSET_BYTES + ZSET_TREE_BYTES;
    // The table counts the members' texts as well; they are the same ones.
    if (table === undefined) return bytes + this.#textBytes + this.size * MEMBER_BYTES * 2;
    return bytes + table.bytes + this.size * SCORE_BYTES;
  }

  score(member: string): number | undefined {
    if (this.#wide === undefined) return this.#order.search(member);
    const { table, scores } = this.#wide;
    const position = table.find(member);
    if (position === -1) return undefined;
    this.#wide.sought = position;
    return scores.at(position);
  }

  /** Adds the member, or changes its score. @param score not NaN. @param known its score now, as `score` tells. */
  set(member: string, score: number, known: number | undefined): void {
    if (this.#wide === undefined && !isCompact(this.size + (known === undefined ? 1 : 0), member.length)) {
      this.#widen();
    } else if (known === undefined && this.#order instanceof PackedScores && !this.#order.mayAdd(member)) {
      this.#grow();
    }
    const wide = this.#wide;
    // A compact one in Redis makes no difference between 0 and -0. Here none does: what is rebuilt from a snapshot begins as a compact one.
    const kept = score === 0 ? 0 : score;
    if (known === undefined) {
      this.#order.insert(kept, member);
      this.#textBytes += stringBytes(member.length);
    } else {
      this.#order.change(known, member, kept);
    }
    if (wide === undefined) return;
    if (known === undefined) {
      wide.table.append(member);
      wide.scores.push(kept);
    } else {
      wide.scores.put(positionOf(wide, member), kept);
    }
  }

  /** @returns whether the member was there. */
  delete(member: string): boolean {
    const score = this.#wide === undefined ? this.#order.search(member) : forget(this.#wide, member);
    if (score === undefined) return false;
    this.#order.remove(score, member);
    this.#textBytes -= stringBytes(member.length);
    return true;
  }

  /** Number of members before this one; `undefined` when it is not here. */
  rank(member: string): number | undefined {
    const score = this.score(member);
    return score === undefined ? undefined : this.#order.rankOf(score, member);
  }

  /** Number of members before a boundary. */
  countBefore(isBefore: IsBefore): number {
    return this.#order.countBefore(isBefore);
  }

  /**
   * Number of members before a boundary that is told by bytes alone, which is meant for members of one score. Among
   * several scores it is found among ranks, so that it depends on the members, not on how the tree has grown.
   */
  countBeforeMember(isBefore: (member: string) => boolean): number {
    return this.#order.countBeforeMember(isBefore);
  }

  /** Removes `count` members from the one at `rank` on; fewer than all. */
  deleteRanks(rank: number, count: number): void {
    this.walk(rank, count, false, (_score, member) => this.#forget(member));
    this.#order.removeRanks(rank, count);
  }

  /**
   * Removes `count` members from the low end on, or from the high end back; fewer than all. In this order, which decides
   * where others stand in the table.
   */
  deleteEnd(end: "low" | "high", count: number): void {
    const isHigh = end === "high";
    const order = this.#order;
    // By far most pops take one.
    if (count === 1 && order instanceof ScoreTree) {
      this.#forget(order.removeAt(isHigh ? this.size - 1 : 0));
      return;
    }
    this.walk(isHigh ? this.size - 1 : 0, count, isHigh, (_score, member) => this.#forget(member));
    this.#order.removeRanks(isHigh ? this.size - count : 0, count);
  }

  /**
   * Visits `count` members from the one at `rank` on, or back from it. The set must not change meanwhile. Not to be kept: a member
   * of a compact set may hold on to the text of all; see `lasting`.
   */
  walk(
    rank: number,
    count: number,
    backwards: boolean,
    visit: (score: number, member: string) => void,
  ): void {
    this.#order.walk(rank, count, backwards, visit);
  }

  /** What may be kept of a member that this set gave. */
  lasting(member: string): string {
    return this.#order instanceof PackedScores ? ownText(member) : member;
  }

  /** All in order. The set must not change meanwhile. Not to be kept, as for `walk`. */
  entries(): IterableIterator<[member: string, score: number]> {
    return this.#order.entries();
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
    copy.#order = this.#order.clone();
    copy.#textBytes = this.#textBytes;
    if (this.#wide !== undefined) {
      copy.#wide = { table: this.#wide.table.clone(), scores: this.#wide.scores.clone(), sought: 0 };
    }
    return copy;
  }

  rebuild(key: string): IterableIterator<string> {
    const order = this.#order;
    return piecesOf(
      "ZADD",
      key,
      argumentsOf(order instanceof PackedScores ? order.entries() : order.frozenEntries()),
      2,
    );
  }

  digest(): Buffer {
    const sum = Buffer.alloc(DIGEST_BYTES);
    for (const [member, score] of this.entries()) addDigest(sum, digestOf(member, formatDouble(score)));
    return sum;
  }

  /** All but the order is without it. @param member one that is here. */
  #forget(member: string): void {
    this.#textBytes -= stringBytes(member.length);
    if (this.#wide !== undefined) forget(this.#wide, member);
  }

  /** Too many to be packed. */
  #grow(): void {
    const order = this.#order;
    if (order instanceof ScoreTree) return;
    const tree = new ScoreTree();
    for (const [member, score] of order.entries()) tree.insert(score, ownText(member));
    this.#order = tree;
  }

  #widen(): void {
    this.#grow();
    const wide = { table: new MemberTable(), scores: new ChunkedArray<number>(), sought: 0 };
    for (const [member, score] of this.entries()) {
      wide.table.append(member);
      wide.scores.push(score);
    }
    this.#wide = wide;
  }
}

/** @param member one that is here. */
function positionOf({ table, sought }: WideParts, member: string): number {
  return sought < table.size && table.at(sought) === member ? sought : table.find(member);
}

/** @returns the score that the member had; `undefined` when it was not here. */
function forget({ table, scores }: WideParts, member: string): number | undefined {
  const position = table.remove(member);
  if (position === -1) return undefined;
  const last = scores.pop();
  if (position === scores.length) return last;
  const score = scores.at(position);
  scores.put(position, last);
  return score;
}

function* argumentsOf(
  entries: Iterable<readonly [member: string, score: number]>,
): IterableIterator<readonly string[]> {
  for (const [member, score] of entries) yield [formatDouble(score), member];
}
