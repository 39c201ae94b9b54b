/** A leaf of a score tree: up to 64 members in order of score, those of one score in order of their bytes. */

/** A leaf or branch with more is split. */
export const NODE_MAX = 64;
/** One with fewer is merged with a neighbour, or evened out with it; only the root may have fewer. */
export const NODE_MIN = 16;

/** What a leaf held at one moment. */
export interface FrozenRun {
  readonly scores: readonly number[];
  readonly members: readonly string[];
}

export class ScoreLeaf {
  scores: number[] = [];
  members: string[] = [];
  previous: ScoreLeaf | undefined;
  next: ScoreLeaf | undefined;
  /** Its arrays are somebody else's too: they are copied before they change. */
  #isShared = false;

  /** Number of members. */
  get size(): number {
    return this.members.length;
  }

  /** What a node is filled with: members here, children in a branch. */
  get width(): number {
    return this.members.length;
  }

  /** Number of members here that come before this one. */
  placeOf(score: number, member: string): number {
    const { scores, members } = this;
    let low = 0;
    let high = members.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const known = scores[middle] as number;
      if (known < score || (known === score && (members[middle] as string) < member)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Adds a member that is not here. @returns a new right neighbour when this one was too full. */
  insert(score: number, member: string): ScoreLeaf | undefined {
    this.#own();
    const place = this.placeOf(score, member);
    const { scores, members } = this;
    const end = members.length;
    scores.push(score);
    members.push(member);
    for (let at = end; at > place; at -= 1) {
      scores[at] = scores[at - 1] as number;
      members[at] = members[at - 1] as string;
    }
    scores[place] = score;
    members[place] = member;
    if (this.width <= NODE_MAX) return undefined;
    // Members that come in order, or in reverse, leave fuller leaves behind.
    if (place === NODE_MAX && this.next === undefined) return this.#splitAt(NODE_MAX - NODE_MIN);
    if (place === 0 && this.previous === undefined) return this.#splitAt(NODE_MIN);
    return this.#splitAt(NODE_MAX / 2);
  }

  /** @returns whether it was here. */
  remove(score: number, member: string): boolean {
    const place = this.placeOf(score, member);
    if (this.members[place] !== member || this.scores[place] !== score) return false;
    this.removeAt(place);
    return true;
  }

  /** Removes the one that has so many before it here. @returns its member. */
  removeAt(place: number): string {
    this.#own();
    const { scores, members } = this;
    const removed = members[place] as string;
    if (place === 0) {
      // V8 moves all of them at once.
      scores.shift();
      members.shift();
      return removed;
    }
    const last = members.length - 1;
    for (let at = place; at < last; at += 1) {
      scores[at] = scores[at + 1] as number;
      members[at] = members[at + 1] as string;
    }
    scores.pop();
    members.pop();
    return removed;
  }

  /**
   * Changes a score if the member stays here by that, else removes the member, which is here.
   *
   * @returns the member when it was removed, in the text that the tree already has of it.
   */
  changeOrRemove(score: number, member: string, wanted: number): string | undefined {
    const { scores } = this;
    const from = this.placeOf(score, member);
    const stays = (scores[0] as number) < wanted && wanted < (scores[scores.length - 1] as number);
    if (!stays) return this.removeAt(from);
    this.#move(from, wanted);
    return undefined;
  }

  /** Takes over what `right`, the next leaf, has. @returns a new right neighbour when that is too much for one. */
  absorb(right: ScoreLeaf): ScoreLeaf | undefined {
    this.#own();
    this.scores.push(...right.scores);
    this.members.push(...right.members);
    this.next = right.next;
    if (this.next !== undefined) this.next.previous = this;
    return this.width > NODE_MAX ? this.#splitAt(this.width >>> 1) : undefined;
  }

  /** What it holds now, and nobody changes. */
  frozen(): FrozenRun {
    this.#isShared = true;
    return { scores: this.scores, members: this.members };
  }

  /** One that holds the same, and changes on its own: both share the arrays until either changes. It has no neighbours yet. */
  clone(): ScoreLeaf {
    const copy = new ScoreLeaf();
    copy.scores = this.scores;
    copy.members = this.members;
    copy.#isShared = true;
    this.#isShared = true;
    return copy;
  }

  #own(): void {
    if (!this.#isShared) return;
    this.#isShared = false;
    this.scores = this.scores.slice();
    this.members = this.members.slice();
  }

  /** Gives the member at `from` a score between the least and the greatest here. */
  #move(from: number, wanted: number): void {
    this.#own();
    const { scores, members } = this;
    const member = members[from] as string;
    const comesLater = (at: number): boolean => {
      const score = scores[at] as number;
      return score > wanted || (score === wanted && (members[at] as string) > member);
    };
    let to = from;
    for (; to > 0 && comesLater(to - 1); to -= 1) {
      scores[to] = scores[to - 1] as number;
      members[to] = members[to - 1] as string;
    }
    for (const last = members.length - 1; to < last && !comesLater(to + 1); to += 1) {
      scores[to] = scores[to + 1] as number;
      members[to] = members[to + 1] as string;
    }
    scores[to] = wanted;
    members[to] = member;
  }

  #splitAt(place: number): ScoreLeaf {
    const right = new ScoreLeaf();
    right.scores = this.scores.splice(place);
    right.members = this.members.splice(place);
    right.previous = this;
    right.next = this.next;
    if (right.next !== undefined) right.next.previous = right;
    this.next = right;
    return right;
  }
}

/** As `splice(place, 0, item)`, without the array that it returns. */
export function insertAt<Item>(items: Item[], place: number, item: Item): void {
  items.push(item);
  for (let at = items.length - 1; at > place; at -= 1) items[at] = items[at - 1] as Item;
  items[place] = item;
}
