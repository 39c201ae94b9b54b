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
    insertAt(this.scores, place, score);
    insertAt(this.members, place, member);
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
    this.#own();
    this.scores.splice(place, 1);
    this.members.splice(place, 1);
    return true;
  }

  /** Changes a score if its neighbours here show that no order changes by that. @returns whether it did. */
  adjust(score: number, member: string, wanted: number): boolean {
    const place = this.placeOf(score, member);
    if (place === 0 || place + 1 >= this.width) return false;
    const fits = (this.scores[place - 1] as number) < wanted && wanted < (this.scores[place + 1] as number);
    if (!fits) return false;
    this.#own();
    this.scores[place] = wanted;
    return true;
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
