/**
 * Memory outside of V8's heap, in blocks of 16, 32, 48 ... bytes: garbage collection neither looks at what is in them nor
 * moves them. Blocks of one size stand side by side in pages; the last of them takes the place of one that is freed, so
 * there are never holes, and what is freed can be used for other sizes. It knows nothing of what the blocks hold.
 *
 * A block's address is where it stands. It changes when another block of its size is freed, and its owner is told so.
 */
import { invariant } from "../../base/errors.ts";
import type { Latin1Buffer } from "../../base/latin1.ts";

/** Sizes go up by so many bytes. */
export const UNIT_BYTES = 16;
const UNIT_WORDS = UNIT_BYTES / 4;
/** A page has so many units: 1 MB, so that even of a million blocks there are few pages, and one is made in microseconds. */
const PAGE_BITS = 16;
const PAGE_UNITS = 2 ** PAGE_BITS;
const WITHIN_PAGE = PAGE_UNITS - 1;
/** The first page of a size begins with so many units, or with what one block takes, and doubles: most keyspaces are small. */
const FIRST_UNITS = 64;
/** So many pages without a block are kept for whatever size needs one next, so that a count that goes up and down makes none. */
const SPARE_PAGES_MAX = 4;
/** An address is a positive 32-bit integer: 32 GB. The keyspace takes no more writes before that. */
const PAGES_MAX = 2 ** (31 - PAGE_BITS);

invariant(
  new Uint8Array(new Uint16Array([1]).buffer)[0] === 1,
  "words are written as bytes, the lowest first",
);

/** All blocks of one size. */
interface SizeClass {
  readonly units: number;
  readonly perPage: number;
  /** Numbers of its pages; only the first of them ever has no block. */
  readonly pages: number[];
  count: number;
}

export class Slab {
  /** By size in units. */
  readonly #classes: (SizeClass | undefined)[] = [];
  readonly #firstUnits: number;
  /** By page number; of each page its memory as bytes and as words. */
  readonly #bytes: Latin1Buffer[] = [];
  readonly #words: Int32Array[] = [];
  /** Of each page that was there at the last `clone`: whether it is still shared with what that gave. */
  #shared: boolean[] = [];
  /** Whole ones, of no size. */
  readonly #sparePages: number[] = [];
  /** Numbers without memory. */
  readonly #freePages: number[] = [];

  /** @param firstUnits fewer for an owner of whom there are many. */
  constructor(firstUnits: number = FIRST_UNITS) {
    this.#firstUnits = firstUnits;
  }

  /** The bytes of the page that the block is in; the block begins at `byteAt(address)`. */
  bytesOf(address: number): Latin1Buffer {
    return this.#bytes[address >>> PAGE_BITS] as Latin1Buffer;
  }

  /** As `bytesOf`, as words; the block begins at `wordAt(address)`. */
  wordsOf(address: number): Int32Array {
    return this.#words[address >>> PAGE_BITS] as Int32Array;
  }

  /** @param units its size. @returns the address of a block with any content. */
  allocate(units: number): number {
    const size = this.#sizeOf(units);
    const within = size.count % size.perPage;
    const at = (size.count - within) / size.perPage;
    if (at === size.pages.length)
      size.pages.push(at === 0 ? this.#makePage(this.#firstUnitsOf(size)) : this.#takePage());
    const page = size.pages[at] as number;
    const end = (within + 1) * units * UNIT_BYTES;
    if (end > (this.#bytes[page] as Latin1Buffer).length) this.#double(page);
    this.#ownPage(page);
    size.count += 1;
    return (page << PAGE_BITS) | (within * units);
  }

  /**
   * Frees a block, and moves the last one of its size there.
   *
   * @returns where that one stood; `address` itself when it was the last one.
   */
  free(address: number, units: number): number {
    const size = this.#sizeOf(units);
    size.count -= 1;
    const within = size.count % size.perPage;
    const at = (size.count - within) / size.perPage;
    const last = ((size.pages[at] as number) << PAGE_BITS) | (within * units);
    if (last !== address) {
      this.own(address);
      this.copy(last, address, units * UNIT_WORDS);
    }
    if (within === 0) this.#dropPage(size);
    else if (at === 0) this.#halve(size);
    return last;
  }

  /**
   * One with the same blocks at the same addresses, that changes on its own: both share each page until either changes it. Whoever writes
   * to blocks that were there before has to `own` them from now on.
   */
  clone(): Slab {
    const copy = new Slab(this.#firstUnits);
    this.#shared = this.#bytes.map(() => true);
    copy.#shared = [...this.#shared];
    copy.#bytes.push(...this.#bytes);
    copy.#words.push(...this.#words);
    copy.#sparePages.push(...this.#sparePages);
    copy.#freePages.push(...this.#freePages);
    for (const size of this.#classes) {
      copy.#classes.push(size === undefined ? undefined : { ...size, pages: [...size.pages] });
    }
    return copy;
  }

  /** The block is going to be changed: it is copied with its page, if a clone shares that. */
  own(address: number): void {
    this.#ownPage(address >>> PAGE_BITS);
  }

  /** Copies the first `words` of one block to another, which is its owner's own. */
  copy(from: number, to: number, words: number): void {
    const source = this.wordsOf(from);
    const sourceAt = wordAt(from);
    const target = this.wordsOf(to);
    const targetAt = wordAt(to);
    for (let word = 0; word < words; word += 1) target[targetAt + word] = source[sourceAt + word] as number;
  }

  #sizeOf(units: number): SizeClass {
    const known = this.#classes[units];
    if (known !== undefined) return known;
    while (this.#classes.length <= units) this.#classes.push(undefined);
    const size = { units, perPage: Math.floor(PAGE_UNITS / units), pages: [], count: 0 };
    this.#classes[units] = size;
    return size;
  }

  #takePage(): number {
    return this.#sparePages.pop() ?? this.#makePage(PAGE_UNITS);
  }

  #makePage(units: number): number {
    const page = this.#freePages.pop() ?? this.#bytes.length;
    invariant(page < PAGES_MAX, "writes are refused before a slab is full");
    this.#setPage(page, units * UNIT_BYTES);
    return page;
  }

  #firstUnitsOf({ units }: SizeClass): number {
    return Math.max(this.#firstUnits, units);
  }

  /** The last page has no block any more. */
  #dropPage(size: SizeClass): void {
    const { pages } = size;
    const page = pages[pages.length - 1] as number;
    if (pages.length === 1) {
      this.#shrink(page, this.#firstUnitsOf(size));
      return;
    }
    pages.pop();
    if (this.#sparePages.length < SPARE_PAGES_MAX) {
      this.#sparePages.push(page);
      return;
    }
    this.#release(page);
  }

  #shrink(page: number, units: number): void {
    const length = units * UNIT_BYTES;
    if ((this.#bytes[page] as Latin1Buffer).length > length) this.#setPage(page, length);
  }

  /**
   * A size's first page gives back half, and a spare page goes with it, when no more than a quarter of it is used: of an owner that was
   * large once, and there may be many, megabytes would stay otherwise. Half of it is free then, so a count that goes up and down does
   * not double it at once.
   */
  #halve(size: SizeClass): void {
    const page = size.pages[0] as number;
    const before = this.#bytes[page] as Latin1Buffer;
    const used = size.count * size.units * UNIT_BYTES;
    const length = before.length / 2;
    if (used > length / 2 || length < this.#firstUnitsOf(size) * UNIT_BYTES) return;
    this.#setPage(page, length);
    before.copy(this.#bytes[page] as Latin1Buffer, 0, 0, used);
    const spare = this.#sparePages.pop();
    if (spare !== undefined) this.#release(spare);
  }

  #release(page: number): void {
    this.#setPage(page, 0);
    this.#freePages.push(page);
  }

  #double(page: number): void {
    const before = this.#bytes[page] as Latin1Buffer;
    this.#setPage(page, Math.min(before.length * 2, PAGE_UNITS * UNIT_BYTES));
    before.copy(this.#bytes[page] as Latin1Buffer);
  }

  #ownPage(page: number): void {
    if (this.#shared[page] !== true) return;
    const before = this.#bytes[page] as Latin1Buffer;
    this.#setPage(page, before.length);
    before.copy(this.#bytes[page] as Latin1Buffer);
  }

  #setPage(page: number, length: number): void {
    const bytes = Buffer.allocUnsafeSlow(length) as Latin1Buffer;
    this.#shared[page] = false;
    this.#bytes[page] = bytes;
    this.#words[page] = new Int32Array(bytes.buffer, bytes.byteOffset, length / 4);
  }
}

/** Where the block begins in the words of its page. */
export function wordAt(address: number): number {
  return (address & WITHIN_PAGE) * UNIT_WORDS;
}

/** Where the block begins in the bytes of its page. */
export function byteAt(address: number): number {
  return (address & WITHIN_PAGE) * UNIT_BYTES;
}
