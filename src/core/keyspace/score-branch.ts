/** A branch of a score tree: children in order, with how many members each holds, so that ranks are sums. */
import { insertAt, NODE_MAX, NODE_MIN, type ScoreLeaf } from "./score-leaf.ts";

export type ScoreNode = ScoreLeaf | ScoreBranch;

/** Whether a member comes before a boundary; if so, all before it do too. */
export type IsBefore = (score: number, member: string) => boolean;

export class ScoreBranch {
  children: ScoreNode[] = [];
  /** Number of members below each child. */
  sizes: number[] = [];
  /**
   * Of each child a lower bound: no member below it comes before, none below the child to its left comes after or is the
   * same. It may have been removed since. The first child's is not used.
   */
  lowScores: number[] = [];
  lowMembers: string[] = [];
  /** Number of members below. */
  size = 0;

  get width(): number {
    return this.children.length;
  }

  /** @param bound no greater than the first member below `child`. */
  append(child: ScoreNode, boundScore: number, boundMember: string): void {
    this.children.push(child);
    this.sizes.push(child.size);
    this.lowScores.push(boundScore);
    this.lowMembers.push(boundMember);
    this.size += child.size;
  }

  /** @param children of the copy, one for each of this one's. */
  cloneWith(children: ScoreNode[]): ScoreBranch {
    const copy = new ScoreBranch();
    copy.children = children;
    copy.sizes = this.sizes.slice();
    copy.lowScores = this.lowScores.slice();
    copy.lowMembers = this.lowMembers.slice();
    copy.size = this.size;
    return copy;
  }

  /** The child below which this member belongs. */
  childFor(score: number, member: string): number {
    const { lowScores, lowMembers } = this;
    let low = 1;
    let high = this.children.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const known = lowScores[middle] as number;
      if (known < score || (known === score && (lowMembers[middle] as string) <= member)) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The child below which the boundary lies. */
  childAtBoundary(isBefore: IsBefore): number {
    let low = 1;
    let high = this.children.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.lowScores[middle] as number, this.lowMembers[middle] as string)) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Number of members below the children before this one. */
  sizeBefore(child: number): number {
    let total = 0;
    for (let at = 0; at < child; at += 1) total += this.sizes[at] as number;
    return total;
  }

  /** Adds a member that is not below. @returns a new right neighbour when this one was too full. */
  insert(score: number, member: string): ScoreBranch | undefined {
    const at = this.childFor(score, member);
    const child = this.children[at] as ScoreNode;
    const split = child.insert(score, member);
    this.size += 1;
    this.sizes[at] = (this.sizes[at] as number) + 1;
    if (split === undefined) return undefined;
    this.#insertAfter(at, split);
    if (this.width <= NODE_MAX) return undefined;
    return this.#splitAt(at === NODE_MAX - 1 ? NODE_MAX - NODE_MIN : NODE_MAX / 2);
  }

  /** @returns whether it was below. */
  remove(score: number, member: string): boolean {
    const at = this.childFor(score, member);
    const child = this.children[at] as ScoreNode;
    if (!child.remove(score, member)) return false;
    this.#lostOne(at, child);
    return true;
  }

  /** Removes the one that has so many before it below. @returns its member. */
  removeAt(rank: number): string {
    const { sizes } = this;
    let at = 0;
    let left = rank;
    for (; left >= (sizes[at] as number); at += 1) left -= sizes[at] as number;
    const child = this.children[at] as ScoreNode;
    const removed = child.removeAt(left);
    this.#lostOne(at, child);
    return removed;
  }

  /** As `ScoreLeaf.changeOrRemove`. */
  changeOrRemove(score: number, member: string, wanted: number): string | undefined {
    const at = this.childFor(score, member);
    const child = this.children[at] as ScoreNode;
    const removed = child.changeOrRemove(score, member, wanted);
    if (removed !== undefined) this.#lostOne(at, child);
    return removed;
  }

  /** Takes over what `right`, the next branch, has; of its first child the bound is known by their parent. */
  absorb(right: ScoreBranch, boundScore: number, boundMember: string): ScoreBranch | undefined {
    right.lowScores[0] = boundScore;
    right.lowMembers[0] = boundMember;
    this.children.push(...right.children);
    this.sizes.push(...right.sizes);
    this.lowScores.push(...right.lowScores);
    this.lowMembers.push(...right.lowMembers);
    this.size += right.size;
    return this.width > NODE_MAX ? this.#splitAt(this.width >>> 1) : undefined;
  }

  #lostOne(at: number, child: ScoreNode): void {
    this.size -= 1;
    this.sizes[at] = (this.sizes[at] as number) - 1;
    if (child.width < NODE_MIN) this.#evenOut(Math.max(0, at - 1));
  }

  /** Makes one child of the two at `left` and after it, or two of equal width if that is too much for one. */
  #evenOut(left: number): void {
    const one = this.children[left] as ScoreNode;
    const other = this.children[left + 1] as ScoreNode;
    const boundScore = this.lowScores[left + 1] as number;
    const boundMember = this.lowMembers[left + 1] as string;
    for (const list of [this.children, this.sizes, this.lowScores, this.lowMembers]) list.splice(left + 1, 1);
    const split = absorb(one, other, boundScore, boundMember);
    this.sizes[left] = one.size;
    if (split !== undefined) this.#insertAfter(left, split);
  }

  #insertAfter(at: number, split: ScoreNode): void {
    insertAt(this.children, at + 1, split);
    insertAt(this.sizes, at + 1, split.size);
    const [boundScore, boundMember] = boundOf(split);
    insertAt(this.lowScores, at + 1, boundScore);
    insertAt(this.lowMembers, at + 1, boundMember);
    this.sizes[at] = (this.children[at] as ScoreNode).size;
  }

  #splitAt(place: number): ScoreBranch {
    const right = new ScoreBranch();
    right.children = this.children.splice(place);
    right.sizes = this.sizes.splice(place);
    right.lowScores = this.lowScores.splice(place);
    right.lowMembers = this.lowMembers.splice(place);
    right.size = right.sizeBefore(right.width);
    this.size -= right.size;
    return right;
  }
}

function absorb(
  one: ScoreNode,
  other: ScoreNode,
  boundScore: number,
  boundMember: string,
): ScoreNode | undefined {
  if (one instanceof ScoreBranch) return one.absorb(other as ScoreBranch, boundScore, boundMember);
  return one.absorb(other as ScoreLeaf);
}

/** A lower bound of a node that was just split off, or made: of a branch that of its first child. */
export function boundOf(node: ScoreNode): [number, string] {
  if (node instanceof ScoreBranch) return [node.lowScores[0] as number, node.lowMembers[0] as string];
  return [node.scores[0] as number, node.members[0] as string];
}
