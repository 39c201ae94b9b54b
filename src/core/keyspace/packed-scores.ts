/**
 * The members of a small sorted set in one text, in order of score, those of one score in order of their bytes, and their
 * scores in an array: V8 keeps no object for any member, and a copy shares both. It does what a `ScoreTree` does, and decides
 * what still counts as small.
 */
import { flat, ownText } from "../../base/flat-text.ts";
import { endOf, isTextAt, prefixed, textAt } from "./length-prefixed.ts";
import { stringBytes } from "./memory-model.ts";
import type { IsBefore } from "./score-branch.ts";
import { insertAt } from "./score-leaf.ts";

/** Few enough that to go through all of them, or to copy them for a change, takes a microsecond or so. */
const MEMBERS_MAX = 128;
const BYTES_MAX = 4096;

/** An object with a text and an array. */
const OBJECT_BYTES = 90;
const SCORE_BYTES = 8;

export class PackedScores {
  #text = "";
  /** Never changed, but replaced: nothing is left over at its end, as there is in one that grows, and others may have it. */
  #scores: readonly number[] = [];

  get size(): number {
    return this.#scores.length;
  }

  get bytes(): number {
    return OBJECT_BYTES + this.size * SCORE_BYTES + stringBytes(this.#text.length);
  }

  /** Whether it is still small with this member, which is not here. */
  mayAdd(member: string): boolean {
    return this.size < MEMBERS_MAX && this.#text.length + member.length + 2 <= BYTES_MAX;
  }

  /** Adds a member that is not here, and that `mayAdd` has let in. */
  insert(score: number, member: string): void {
    const text = this.#text;
    const place = this.rankOf(score, member);
    const at = this.#memberAt(place);
    // Its parts would keep the former text alive.
    this.#text = flat(text.slice(0, at) + prefixed(member) + text.slice(at));
    const scores = this.#scores.slice();
    insertAt(scores, place, score);
    this.#scores = scores.slice();
  }

  /** @returns whether it was here, with that score. */
  remove(score: number, member: string): boolean {
    const place = this.rankOf(score, member);
    if (this.#scores[place] !== score || !isTextAt(this.#text, this.#memberAt(place), member)) return false;
    this.removeRanks(place, 1);
    return true;
  }

  removeRanks(rank: number, count: number): void {
    const text = this.#text;
    const from = this.#memberAt(rank);
    const to = this.#memberAt(rank + count);
    // One part alone is no text of its own for V8, but a view of the former one.
    this.#text = ownText(text.slice(0, from) + text.slice(to));
    const scores = this.#scores.slice();
    scores.splice(rank, count);
    this.#scores = scores;
  }

  /** Changes a member's score: in its place if that stays the same, as it often does. */
  change(score: number, member: string, wanted: number): void {
    const place = this.rankOf(score, member);
    const scores = this.#scores;
    const fits = (scores[place - 1] ?? -Infinity) < wanted && wanted < (scores[place + 1] ?? Infinity);
    if (fits) {
      const changed = scores.slice();
      changed[place] = wanted;
      this.#scores = changed;
      return;
    }
    this.remove(score, member);
    this.insert(wanted, member);
  }

  /** Number of members that come before this one. */
  rankOf(score: number, member: string): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#scores[middle] as number) < score) low = middle + 1;
      else high = middle;
    }
    if (low === this.size || (this.#scores[low] as number) !== score) return low;
    let at = this.#memberAt(low);
    while (low < this.size && (this.#scores[low] as number) === score && textAt(this.#text, at) < member) {
      at = endOf(this.#text, at);
      low += 1;
    }
    return low;
  }

  /** Number of members before a boundary. */
  countBefore(isBefore: IsBefore): number {
    let at = 0;
    for (let place = 0; place < this.size; place += 1) {
      if (!isBefore(this.#scores[place] as number, textAt(this.#text, at))) return place;
      at = endOf(this.#text, at);
    }
    return this.size;
  }

  /** As `countBefore`, by bytes alone; among several scores by halving ranks, as `ScoreTree` does. */
  countBeforeMember(isBefore: (member: string) => boolean): number {
    const members = this.#members();
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(members[middle] as string)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Visits `count` members from the one at `rank` on, or back from it. Not to be kept: a member may hold on to all of them.
   *
   * @param rank one of 0 to size - 1, unless `count` is 0. @param count as many as there are, at most.
   */
  walk(
    rank: number,
    count: number,
    backwards: boolean,
    visit: (score: number, member: string) => void,
  ): void {
    if (count <= 0) return;
    if (backwards) {
      const members = this.#members();
      const end = Math.max(-1, rank - count);
      for (let place = rank; place > end; place -= 1)
        visit(this.#scores[place] as number, members[place] as string);
      return;
    }
    const end = Math.min(this.size, rank + count);
    let at = this.#memberAt(rank);
    for (let place = rank; place < end; place += 1) {
      visit(this.#scores[place] as number, textAt(this.#text, at));
      at = endOf(this.#text, at);
    }
  }

  /** Those of now in order, whatever changes meanwhile, before the first one is read as well. Not to be kept, as for `walk`. */
  entries(): IterableIterator<[member: string, score: number]> {
    return pairs(this.#text, this.#scores);
  }

  clone(): PackedScores {
    const copy = new PackedScores();
    copy.#text = this.#text;
    copy.#scores = this.#scores;
    return copy;
  }

  /** The member's score. */
  search(member: string): number | undefined {
    const text = this.#text;
    let at = 0;
    for (let place = 0; place < this.size; place += 1) {
      if (isTextAt(text, at, member)) return this.#scores[place];
      at = endOf(text, at);
    }
    return undefined;
  }

  /** Where the member of this rank stands; the end of the text for the one behind the last. */
  #memberAt(rank: number): number {
    let at = 0;
    for (let left = rank; left > 0; left -= 1) at = endOf(this.#text, at);
    return at;
  }

  #members(): string[] {
    const members: string[] = [];
    const text = this.#text;
    for (let at = 0; at < text.length; at = endOf(text, at)) members.push(textAt(text, at));
    return members;
  }
}

function* pairs(text: string, scores: readonly number[]): IterableIterator<[member: string, score: number]> {
  let at = 0;
  for (const score of scores) {
    yield [textAt(text, at), score];
    at = endOf(text, at);
  }
}
