/**
 * Finds what Lua 5.1's patterns match. A pattern may look at a text over and over: each step counts for the script.
 * What is done with a match is the string library's business.
 */
import type { Call } from "../call.ts";
import { bytesCell, numberCell } from "../cells.ts";
import { dialect, spend } from "../dialect.ts";
import type { Cell } from "../lua-vm.ts";

export interface Match {
  /** The bytes from `start` up to, not including, `end`. */
  readonly start: number;
  readonly end: number;
  /** What the pattern captures, in order; without parentheses nothing. */
  readonly captures: readonly Capture[];
}

interface Capture {
  readonly start: number;
  /** Or `POSITION`; or `OPEN`, which only whoever asks for it is told. */
  readonly length: number;
}

const CAPTURES_MAX = 32;
/** Items with a suffix, and captures, within each other. */
const DEPTH_MAX = 200;
const INSTRUCTIONS_PER_SEARCH = 10;
const STEPS_PER_INSTRUCTION = 4;
/** Between two looks at the budget. */
const STEPS_AT_ONCE = 4096;

const NO_MATCH = -1;
/** Lengths of captures that have none. */
const OPEN = -1;
const POSITION = -2;

const [PERCENT, CARET, DOLLAR, DOT, MINUS] = [37, 94, 36, 46, 45] as const;
const [STAR, PLUS, QUESTION] = [42, 43, 63] as const;
const [PARENTHESIS, PARENTHESIS_END, BRACKET, BRACKET_END] = [40, 41, 91, 93] as const;
const [BALANCE, FRONTIER] = [98, 102] as const;

/** Which bytes a class of this letter holds, in C's locale. A capital letter stands for all others. */
const CLASSES: readonly (Uint8Array | undefined)[] = (() => {
  const patterns: Readonly<Record<string, RegExp>> = {
    a: /[A-Za-z]/,
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are the class
    c: /[\x00-\x1f\x7f]/,
    d: /[0-9]/,
    l: /[a-z]/,
    p: /[!-/:-@[-`{-~]/,
    s: /[\t-\r ]/,
    u: /[A-Z]/,
    w: /[A-Za-z0-9]/,
    x: /[0-9A-Fa-f]/,
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is the class
    z: /\x00/,
  };
  const classes: (Uint8Array | undefined)[] = [];
  for (const [letter, pattern] of Object.entries(patterns)) {
    const holds = (byte: number): number => (pattern.test(String.fromCharCode(byte)) ? 1 : 0);
    classes[letter.charCodeAt(0)] = Uint8Array.from({ length: 256 }, (_, byte) => holds(byte));
    classes[letter.toUpperCase().charCodeAt(0)] = Uint8Array.from(
      { length: 256 },
      (_, byte) => 1 - holds(byte),
    );
  }
  return classes;
})();

function inClass(byte: number, letter: number): boolean {
  const held = CLASSES[letter];
  return held === undefined ? letter === byte : held[byte] === 1;
}

/** In 5.1 a pattern ends at its first zero: `%z` stands for one. */
export function toZero(pattern: Uint8Array): Uint8Array {
  const end = pattern.indexOf(0);
  return end < 0 ? pattern : pattern.subarray(0, end);
}

/** One text searched for one pattern. */
export class PatternSearch {
  readonly text: Uint8Array;
  readonly #pattern: Uint8Array;
  readonly #isAnchored: boolean;
  /** Whose errors they are. */
  #call: Call;
  #steps = 0;
  #depth = 0;
  #level = 0;
  readonly #starts: number[] = [];
  readonly #lengths: number[] = [];

  /** @param mayAnchor else `^` at the beginning is a letter. */
  constructor(call: Call, text: Uint8Array, pattern: Uint8Array, mayAnchor = true) {
    this.#call = call;
    this.text = text;
    this.#pattern = toZero(pattern);
    this.#isAnchored = mayAnchor && pattern[0] === CARET;
  }

  get isAnchored(): boolean {
    return this.#isAnchored;
  }

  /** The first match at `from` or behind it. */
  next(call: Call, from: number): Match | undefined {
    this.#call = call;
    const first = this.#isAnchored ? 1 : 0;
    const last = this.#isAnchored ? from : this.text.length;
    let found: Match | undefined;
    for (let start = from; start <= last; start += 1) {
      this.#level = 0;
      this.#depth = 0;
      const end = this.#match(start, first);
      if (end === NO_MATCH) continue;
      found = { start, end, captures: this.#captures() };
      break;
    }
    dialect.work += INSTRUCTIONS_PER_SEARCH;
    this.#pay();
    return found;
  }

  /** What a match gives: its captures, or else all of it. */
  valuesOf(match: Match): Cell[] {
    if (match.captures.length > 0) return this.capturesOf(match);
    return [bytesCell(this.text.slice(match.start, match.end))];
  }

  capturesOf({ captures }: Match): Cell[] {
    const cells: Cell[] = [];
    for (const { start, length } of captures) {
      if (length === OPEN) this.#call.fail("unfinished capture");
      cells.push(
        length === POSITION ? numberCell(start + 1) : bytesCell(this.text.slice(start, start + length)),
      );
    }
    return cells;
  }

  #captures(): Capture[] {
    const captures: Capture[] = [];
    for (let at = 0; at < this.#level; at += 1) {
      captures.push({ start: this.#starts[at] as number, length: this.#lengths[at] as number });
    }
    return captures;
  }

  #step(): void {
    this.#steps += 1;
    if (this.#steps >= STEPS_AT_ONCE) this.#pay();
  }

  #pay(): void {
    const steps = this.#steps;
    this.#steps = 0;
    spend(steps / STEPS_PER_INSTRUCTION);
  }

  /** Where a match ends of the text at `at` with the pattern from `part` on. */
  #match(at: number, part: number): number {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) this.#call.fail("pattern too complex");
    const end = this.#matchItems(at, part);
    this.#depth -= 1;
    return end;
  }

  #matchItems(from: number, first: number): number {
    const pattern = this.#pattern;
    let at = from;
    let part = first;
    while (part < pattern.length) {
      this.#step();
      switch (pattern[part]) {
        case PARENTHESIS:
          return pattern[part + 1] === PARENTHESIS_END
            ? this.#open(at, part + 2, POSITION)
            : this.#open(at, part + 1, OPEN);
        case PARENTHESIS_END:
          return this.#close(at, part + 1);
        case DOLLAR:
          if (part + 1 === pattern.length) return at === this.text.length ? at : NO_MATCH;
          break;
        case PERCENT: {
          const item = this.#special(at, part);
          if (item === undefined) break;
          if (item.at === NO_MATCH) return NO_MATCH;
          at = item.at;
          part = item.part;
          continue;
        }
        default:
      }
      const end = this.#classEnd(part);
      switch (pattern[end]) {
        case QUESTION: {
          const matched = this.#fits(at, part, end) ? this.#match(at + 1, end + 1) : NO_MATCH;
          if (matched !== NO_MATCH) return matched;
          part = end + 1;
          break;
        }
        case STAR:
          return this.#most(at, part, end);
        case PLUS:
          return this.#fits(at, part, end) ? this.#most(at + 1, part, end) : NO_MATCH;
        case MINUS:
          return this.#least(at, part, end);
        default:
          if (!this.#fits(at, part, end)) return NO_MATCH;
          at += 1;
          part = end;
      }
    }
    return at;
  }

  /** `%b`, `%f` and `%1` to `%9`. @returns where text and pattern go on; `undefined` for any other letter, which is a class. */
  #special(at: number, part: number): { readonly at: number; readonly part: number } | undefined {
    const letter = this.#pattern[part + 1] ?? 0;
    if (letter === BALANCE) return { at: this.#balance(at, part + 2), part: part + 4 };
    if (letter === FRONTIER) return this.#frontier(at, part + 2);
    if (letter >= 48 && letter <= 57) return { at: this.#repeated(at, letter - 49), part: part + 2 };
    return undefined;
  }

  #open(at: number, part: number, length: number): number {
    if (this.#level >= CAPTURES_MAX) this.#call.fail("too many captures");
    this.#starts[this.#level] = at;
    this.#lengths[this.#level] = length;
    this.#level += 1;
    const end = this.#match(at, part);
    if (end === NO_MATCH) this.#level -= 1;
    return end;
  }

  #close(at: number, part: number): number {
    let level = this.#level - 1;
    while (level >= 0 && this.#lengths[level] !== OPEN) level -= 1;
    if (level < 0) this.#call.fail("invalid pattern capture");
    this.#lengths[level] = at - (this.#starts[level] as number);
    const end = this.#match(at, part);
    if (end === NO_MATCH) this.#lengths[level] = OPEN;
    return end;
  }

  #balance(from: number, part: number): number {
    const pattern = this.#pattern;
    if (part + 1 >= pattern.length) this.#call.fail("unbalanced pattern");
    if (this.text[from] !== pattern[part] || from >= this.text.length) return NO_MATCH;
    let open = 1;
    for (let at = from + 1; at < this.text.length; at += 1) {
      this.#step();
      const byte = this.text[at];
      if (byte === pattern[part + 1]) {
        open -= 1;
        if (open === 0) return at + 1;
      } else if (byte === pattern[part]) open += 1;
    }
    return NO_MATCH;
  }

  #frontier(at: number, part: number): { readonly at: number; readonly part: number } {
    if (this.#pattern[part] !== BRACKET) this.#call.fail("missing '[' after '%f' in pattern");
    const end = this.#classEnd(part);
    const isBorder =
      !this.#inSet(this.text[at - 1] ?? 0, part, end - 1) && this.#inSet(this.text[at] ?? 0, part, end - 1);
    return { at: isBorder ? at : NO_MATCH, part: end };
  }

  #repeated(at: number, capture: number): number {
    const length = this.#lengths[capture];
    if (capture < 0 || capture >= this.#level || length === undefined || length === OPEN) {
      return this.#call.fail("invalid capture index");
    }
    if (length === POSITION || at + length > this.text.length) return NO_MATCH;
    const start = this.#starts[capture] as number;
    for (let offset = 0; offset < length; offset += 1) {
      this.#step();
      if (this.text[start + offset] !== this.text[at + offset]) return NO_MATCH;
    }
    return at + length;
  }

  /** Behind the class, or the letter, that begins there. */
  #classEnd(part: number): number {
    const pattern = this.#pattern;
    let end = part + 1;
    if (pattern[part] === PERCENT) {
      if (end >= pattern.length) this.#call.fail("malformed pattern (ends with '%')");
      return end + 1;
    }
    if (pattern[part] !== BRACKET) return end;
    if (pattern[end] === CARET) end += 1;
    // The first one may be a bracket itself.
    do {
      this.#step();
      if (end >= pattern.length) this.#call.fail("malformed pattern (missing ']')");
      end += pattern[end] === PERCENT && end + 1 < pattern.length ? 2 : 1;
    } while (pattern[end] !== BRACKET_END);
    return end + 1;
  }

  /** Whether the byte at `at` is of the class from `part` up to `end`. */
  #fits(at: number, part: number, end: number): boolean {
    if (at >= this.text.length) return false;
    const byte = this.text[at] as number;
    const letter = this.#pattern[part] as number;
    switch (letter) {
      case DOT:
        return true;
      case PERCENT:
        return inClass(byte, this.#pattern[part + 1] as number);
      case BRACKET:
        return this.#inSet(byte, part, end - 1);
      default:
        return letter === byte;
    }
  }

  /** @param last the bracket that ends the set. */
  #inSet(byte: number, part: number, last: number): boolean {
    const pattern = this.#pattern;
    const isHeld = pattern[part + 1] !== CARET;
    for (let at = part + (isHeld ? 1 : 2); at < last; at += 1) {
      this.#step();
      const letter = pattern[at] as number;
      if (letter === PERCENT) {
        at += 1;
        if (inClass(byte, pattern[at] as number)) return isHeld;
      } else if (pattern[at + 1] === MINUS && at + 2 < last) {
        at += 2;
        if (letter <= byte && byte <= (pattern[at] as number)) return isHeld;
      } else if (letter === byte) return isHeld;
    }
    return !isHeld;
  }

  /** As many of the class as lead to a match. */
  #most(from: number, part: number, end: number): number {
    let at = from;
    while (this.#fits(at, part, end)) {
      this.#step();
      at += 1;
    }
    for (; at >= from; at -= 1) {
      const matched = this.#match(at, end + 1);
      if (matched !== NO_MATCH) return matched;
    }
    return NO_MATCH;
  }

  /** As few of the class as lead to a match. */
  #least(from: number, part: number, end: number): number {
    for (let at = from; ; at += 1) {
      const matched = this.#match(at, end + 1);
      if (matched !== NO_MATCH) return matched;
      this.#step();
      if (!this.#fits(at, part, end)) return NO_MATCH;
    }
  }
}
