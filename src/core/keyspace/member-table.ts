/**
 * Distinct members in an array without holes: membership, removal and access by position in constant time.
 *
 * A member that goes is replaced by the last one. So the order is that of insertion only until the first removal, but
 * it is the same on every member that replays the same commands. It knows nothing of what belongs to a member.
 */
import { ChunkedArray } from "./chunked-array.ts";
import { INDEX_BYTES, INDEXED_MEMBER_BYTES, MEMBER_BYTES, stringBytes } from "./memory-model.ts";
import { PositionIndex } from "./position-index.ts";
import { type Page, pageOf } from "./scan-page.ts";

/** Up to here members are compared one by one; an index comes at twice this size, so that it does not come and go. */
const UNINDEXED_MAX = 8;

/** Too many to compare one by one. */
interface IndexedMembers {
  readonly members: ChunkedArray<string>;
  readonly index: PositionIndex;
}

export class MemberTable {
  /** Empty when there are many. */
  #few: string[] = [];
  #many: IndexedMembers | undefined;
  #textBytes = 0;

  get size(): number {
    return this.#many === undefined ? this.#few.length : this.#many.members.length;
  }

  /** In memory, the table itself not counted. */
  get bytes(): number {
    if (this.#many === undefined) return this.#textBytes + this.size * MEMBER_BYTES;
    return INDEX_BYTES + this.#textBytes + this.size * INDEXED_MEMBER_BYTES;
  }

  /** @param position one of 0 to size - 1. */
  at(position: number): string {
    return this.#many === undefined ? (this.#few[position] as string) : this.#many.members.at(position);
  }

  /** The members of now in order of position, in pieces that stay as they are. */
  frozen(): readonly (readonly string[])[] {
    return this.#many === undefined ? [[...this.#few]] : this.#many.members.frozen();
  }

  /** @returns the position, or -1. */
  find(member: string): number {
    if (this.#many === undefined) return this.#few.indexOf(member);
    const { index, members } = this.#many;
    return index.find(members, member, index.hashOf(member));
  }

  has(member: string): boolean {
    return this.find(member) !== -1;
  }

  /** Adds it at the end. @returns whether it is new. */
  add(member: string): boolean {
    if (!(this.#many === undefined ? this.#addToFew(member) : addToMany(this.#many, member))) return false;
    this.#textBytes += stringBytes(member.length);
    return true;
  }

  /** Adds one that is not here at the end: it is not looked for. */
  append(member: string): void {
    if (this.#many === undefined) this.#appendToFew(member);
    else appendToMany(this.#many, member);
    this.#textBytes += stringBytes(member.length);
  }

  /** @returns the position that the last member has taken, or -1 when `member` is not here. */
  remove(member: string): number {
    const position =
      this.#many === undefined ? removeFromFew(this.#few, member) : this.#removeFromMany(this.#many, member);
    if (position === -1) return -1;
    this.#textBytes -= stringBytes(member.length);
    return position;
  }

  /** One with the same members at the same positions, that changes on its own. */
  clone(): MemberTable {
    const copy = new MemberTable();
    copy.#few = [...this.#few];
    if (this.#many !== undefined) {
      copy.#many = { members: this.#many.members.clone(), index: this.#many.index.clone() };
    }
    copy.#textBytes = this.#textBytes;
    return copy;
  }

  /** One page of a scan; see `pageOf`. */
  page(cursor: number, count: number): Page {
    return pageOf(this.size, cursor, count);
  }

  #addToFew(member: string): boolean {
    const few = this.#few;
    if (few.includes(member)) return false;
    this.#appendToFew(member);
    return true;
  }

  #appendToFew(member: string): void {
    const few = this.#few;
    few.push(member);
    if (few.length < UNINDEXED_MAX * 2) return;
    const many = { members: new ChunkedArray<string>(), index: new PositionIndex() };
    for (const each of few) appendToMany(many, each);
    this.#many = many;
    this.#few = [];
  }

  #removeFromMany({ members, index }: IndexedMembers, member: string): number {
    const hash = index.hashOf(member);
    const position = index.find(members, member, hash);
    if (position === -1) return -1;
    const at = members.length - 1;
    index.remove(position, hash, at, index.hashOf(members.at(at)));
    const last = members.pop();
    if (position < members.length) members.put(position, last);
    if (members.length > UNINDEXED_MAX) return position;
    this.#few = members.frozen().flat();
    this.#many = undefined;
    return position;
  }
}

function addToMany({ members, index }: IndexedMembers, member: string): boolean {
  const hash = index.hashOf(member);
  if (index.find(members, member, hash) !== -1) return false;
  index.append(hash, members.length);
  members.push(member);
  return true;
}

function appendToMany({ members, index }: IndexedMembers, member: string): void {
  index.append(index.hashOf(member), members.length);
  members.push(member);
}

function removeFromFew(few: string[], member: string): number {
  const position = few.indexOf(member);
  if (position === -1) return -1;
  const last = few.pop() as string;
  if (position < few.length) few[position] = last;
  return position;
}
