/**
 * Distinct members in an array without holes: membership, removal and access by position in constant time.
 *
 * A member that goes is replaced by the last one. So the order is that of insertion only until the first removal, but
 * it is the same on every member that replays the same commands. It knows nothing of what belongs to a member.
 */
import { INDEXED_MEMBER_BYTES, MEMBER_BYTES, stringBytes } from "./memory-model.ts";
import { PositionIndex } from "./position-index.ts";
import { type Page, pageOf } from "./scan-page.ts";

/** Up to here members are compared one by one; an index comes at twice this size, so that it does not come and go. */
const UNINDEXED_MAX = 8;

export class MemberTable {
  readonly #members: string[] = [];
  #index: PositionIndex | undefined;
  #textBytes = 0;

  get size(): number {
    return this.#members.length;
  }

  /** In memory, the table itself not counted. */
  get bytes(): number {
    const each = this.#index === undefined ? MEMBER_BYTES : INDEXED_MEMBER_BYTES;
    return this.#textBytes + this.#members.length * each;
  }

  /** @param position one of 0 to size - 1. */
  at(position: number): string {
    return this.#members[position] as string;
  }

  /** All members, in order of position. */
  copy(): string[] {
    return this.#members.slice();
  }

  /** @returns the position, or -1. */
  find(member: string): number {
    const index = this.#index;
    if (index === undefined) return this.#members.indexOf(member);
    return index.find(this.#members, member, index.hashOf(member));
  }

  has(member: string): boolean {
    return this.find(member) !== -1;
  }

  /** Adds it at the end. @returns whether it is new. */
  add(member: string): boolean {
    const members = this.#members;
    const index = this.#index;
    if (index === undefined) {
      if (members.includes(member)) return false;
      members.push(member);
      this.#textBytes += stringBytes(member.length);
      if (members.length === UNINDEXED_MAX * 2) this.#index = indexOver(members);
      return true;
    }
    const hash = index.hashOf(member);
    if (index.find(members, member, hash) !== -1) return false;
    index.append(hash, members.length);
    members.push(member);
    this.#textBytes += stringBytes(member.length);
    return true;
  }

  /** @returns the position that the last member has taken, or -1 when `member` is not here. */
  remove(member: string): number {
    const members = this.#members;
    const position = this.find(member);
    if (position === -1) return -1;
    const last = members.length - 1;
    this.#index?.remove(position, last);
    members[position] = members[last] as string;
    members.pop();
    this.#textBytes -= stringBytes(member.length);
    if (last <= UNINDEXED_MAX) this.#index = undefined;
    return position;
  }

  /** One page of a scan; see `pageOf`. */
  page(cursor: number, count: number): Page {
    return pageOf(this.size, cursor, count);
  }
}

function indexOver(members: readonly string[]): PositionIndex {
  const index = new PositionIndex();
  for (const [position, member] of members.entries()) index.append(index.hashOf(member), position);
  return index;
}
