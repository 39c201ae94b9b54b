/**
 * Members in order of score, those of one score in order of their bytes; each one's rank, and the one at a rank, in
 * O(log n). A B+ tree: compact in memory, and a range is read leaf by leaf. It knows no member's score by itself: who
 * removes one must say it.
 */
import { boundOf, type IsBefore, ScoreBranch, type ScoreNode } from "./score-branch.ts";
import { type FrozenRun, NODE_MAX, NODE_MIN, ScoreLeaf } from "./score-leaf.ts";

/** To remove one member costs as much as to take so many over into new leaves. */
const TAKEN_PER_REMOVED = 32;
/** How full new nodes are: some may go, and some come, before one is merged or split. */
const NODE_FILL: number = NODE_MAX - NODE_MIN;

export class ScoreTree {
  #root: ScoreNode = new ScoreLeaf();

  get size(): number {
    return this.#root.size;
  }

  /** Adds a member that is not here. */
  insert(score: number, member: string): void {
    const left = this.#root;
    const right = left.insert(score, member);
    if (right === undefined) return;
    const root = new ScoreBranch();
    // The first bound is never used.
    root.append(left, 0, "");
    if (right instanceof ScoreBranch) {
      root.append(right, right.lowScores[0] as number, right.lowMembers[0] as string);
    } else {
      root.append(right, right.scores[0] as number, right.members[0] as string);
    }
    this.#root = root;
  }

  /** @returns whether it was here, with that score. */
  remove(score: number, member: string): boolean {
    if (!this.#root.remove(score, member)) return false;
    this.#lower();
    return true;
  }

  /** Removes the one that has so many before it. @param rank one of 0 to size - 1. @returns its member. */
  removeAt(rank: number): string {
    const removed = this.#root.removeAt(rank);
    this.#lower();
    return removed;
  }

  /** Removes `count` members from the one at `rank` on: of many at once it keeps the others instead. */
  removeRanks(rank: number, count: number): void {
    if (count === 1 || count * TAKEN_PER_REMOVED < this.size) {
      for (let left = count; left > 0; left -= 1) this.removeAt(rank);
      return;
    }
    const scores: number[] = [];
    const members: string[] = [];
    const keep = (score: number, member: string): void => {
      scores.push(score);
      members.push(member);
    };
    const behind = rank + count;
    this.walk(0, rank, false, keep);
    this.walk(behind, this.size - behind, false, keep);
    this.#root = rootOf(leavesOf(scores, members));
  }

  /** Changes the score of a member that is here: within its leaf if it stays there, else by moving it. */
  change(score: number, member: string, wanted: number): void {
    const removed = this.#root.changeOrRemove(score, member, wanted);
    if (removed === undefined) return;
    this.#lower();
    // The same text goes back in: an equal one of the command would make the tree keep a second one.
    this.insert(wanted, removed);
  }

  /** Number of members that come before this one. */
  rankOf(score: number, member: string): number {
    let node = this.#root;
    let rank = 0;
    while (node instanceof ScoreBranch) {
      const child = node.childFor(score, member);
      rank += node.sizeBefore(child);
      node = node.children[child] as ScoreNode;
    }
    return rank + node.placeOf(score, member);
  }

  /** Number of members before a boundary. */
  countBefore(isBefore: IsBefore): number {
    let node = this.#root;
    let count = 0;
    while (node instanceof ScoreBranch) {
      const child = node.childAtBoundary(isBefore);
      count += node.sizeBefore(child);
      node = node.children[child] as ScoreNode;
    }
    let low = 0;
    let high = node.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(node.scores[middle] as number, node.members[middle] as string)) low = middle + 1;
      else high = middle;
    }
    return count + low;
  }

  /** As `countBefore`, by bytes alone; among several scores by halving ranks, whatever shape the tree has. */
  countBeforeMember(isBefore: (member: string) => boolean): number {
    const [first] = this.#at(0);
    const [last] = this.#at(this.size - 1);
    if (first === last) return this.countBefore((_score, member) => isBefore(member));
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.#at(middle)[1])) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Visits `count` members from the one at `rank` on, or back from it. The tree must not change meanwhile.
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
    let [leaf, place] = this.#seek(rank);
    for (let left = count; left > 0; left -= 1) {
      visit(leaf.scores[place] as number, leaf.members[place] as string);
      place += backwards ? -1 : 1;
      if (place >= 0 && place < leaf.size) continue;
      const neighbour = backwards ? leaf.previous : leaf.next;
      if (neighbour === undefined) return;
      leaf = neighbour;
      place = backwards ? leaf.size - 1 : 0;
    }
  }

  /** All in order. The tree must not change meanwhile. */
  *entries(): IterableIterator<[member: string, score: number]> {
    for (let leaf: ScoreLeaf | undefined = this.#seek(0)[0]; leaf !== undefined; leaf = leaf.next) {
      for (let place = 0; place < leaf.size; place += 1) {
        yield [leaf.members[place] as string, leaf.scores[place] as number];
      }
    }
  }

  /** Those of now in order, whatever changes meanwhile. */
  frozenEntries(): IterableIterator<[member: string, score: number]> {
    const runs: FrozenRun[] = [];
    for (let leaf: ScoreLeaf | undefined = this.#seek(0)[0]; leaf !== undefined; leaf = leaf.next) {
      runs.push(leaf.frozen());
    }
    return pairs(runs);
  }

  /** A tree of the same members and the same shape, that changes on its own. No member is moved or compared. */
  clone(): ScoreTree {
    const copy = new ScoreTree();
    const leaves: ScoreLeaf[] = [];
    copy.#root = cloneOf(this.#root, leaves);
    link(leaves);
    return copy;
  }

  /** The member's score, found by looking at each: for small trees. */
  search(member: string): number | undefined {
    for (let leaf: ScoreLeaf | undefined = this.#seek(0)[0]; leaf !== undefined; leaf = leaf.next) {
      const place = leaf.members.indexOf(member);
      if (place !== -1) return leaf.scores[place];
    }
    return undefined;
  }

  /** A root that has one child alone gives way to it. */
  #lower(): void {
    const root = this.#root;
    if (root instanceof ScoreBranch && root.width === 1) this.#root = root.children[0] as ScoreNode;
  }

  #at(rank: number): [score: number, member: string] {
    const [leaf, place] = this.#seek(rank);
    return [leaf.scores[place] as number, leaf.members[place] as string];
  }

  #seek(rank: number): [ScoreLeaf, number] {
    let node = this.#root;
    let left = rank;
    while (node instanceof ScoreBranch) {
      let child = 0;
      while (child < node.width - 1 && left >= (node.sizes[child] as number)) {
        left -= node.sizes[child] as number;
        child += 1;
      }
      node = node.children[child] as ScoreNode;
    }
    return [node, left];
  }
}

/** Linked leaves, as evenly filled as can be. @param scores of the members, which are in order. */
function leavesOf(scores: readonly number[], members: readonly string[]): ScoreLeaf[] {
  const leaves: ScoreLeaf[] = [];
  for (const [from, to] of evenParts(members.length)) {
    const leaf = new ScoreLeaf();
    leaf.scores = scores.slice(from, to);
    leaf.members = members.slice(from, to);
    leaves.push(leaf);
  }
  link(leaves);
  return leaves;
}

function link(leaves: readonly ScoreLeaf[]): void {
  for (const [at, leaf] of leaves.entries()) {
    leaf.previous = leaves[at - 1];
    leaf.next = leaves[at + 1];
  }
}

/** Builds branches over these nodes, level by level. */
function rootOf(leaves: readonly ScoreNode[]): ScoreNode {
  let nodes = leaves;
  while (nodes.length > 1) {
    nodes = evenParts(nodes.length).map(([from, to]) => {
      const branch = new ScoreBranch();
      for (const node of nodes.slice(from, to)) branch.append(node, ...boundOf(node));
      return branch;
    });
  }
  return nodes[0] ?? new ScoreLeaf();
}

/** Cuts so many items into parts of `NODE_FILL` at most, none of which is less than half of another. */
function evenParts(count: number): [from: number, to: number][] {
  const parts = Math.ceil(count / NODE_FILL);
  const start = (part: number): number => Math.floor((part * count) / parts);
  return Array.from({ length: parts }, (_, part) => [start(part), start(part + 1)]);
}

/** @param leaves takes the copies of all leaves, in order. */
function cloneOf(node: ScoreNode, leaves: ScoreLeaf[]): ScoreNode {
  if (node instanceof ScoreBranch)
    return node.cloneWith(node.children.map((child) => cloneOf(child, leaves)));
  const leaf = node.clone();
  leaves.push(leaf);
  return leaf;
}

function* pairs(runs: readonly FrozenRun[]): IterableIterator<[member: string, score: number]> {
  for (const { members, scores } of runs) {
    for (let at = 0; at < members.length; at += 1) yield [members[at] as string, scores[at] as number];
  }
}
