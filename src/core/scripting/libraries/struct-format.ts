/** The format strings of Lua's struct library 0.2: one option after the other, with its size and alignment. */
import type { Call } from "../call.ts";
import { spend } from "../dialect.ts";

export interface StructItem {
  readonly letter: string;
  readonly size: number;
  /** Bytes of padding before it. */
  readonly padding: number;
  readonly little: boolean;
}

const INTEGER_SIZE_MAX = 32;
const INSTRUCTIONS_PER_LETTER = 10;
/** A C double's. */
const NATIVE_ALIGNMENT = 8;
const FIXED_SIZES: Readonly<Record<string, number>> = {
  b: 1,
  B: 1,
  h: 2,
  H: 2,
  l: 8,
  L: 8,
  T: 8,
  f: 4,
  d: 8,
  x: 1,
};

/** Walks a format; the caller tells how far it has come, for alignment. */
export class StructFormat {
  readonly #call: Call;
  readonly #format: string;
  #at = 0;
  #little = true;
  #alignment = 1;

  constructor(call: Call, format: string) {
    this.#call = call;
    this.#format = format;
  }

  /** @param position of the next byte. */
  next(position: number): StructItem | undefined {
    for (;;) {
      spend(INSTRUCTIONS_PER_LETTER);
      const letter = this.#format[this.#at];
      if (letter === undefined) return undefined;
      this.#at += 1;
      switch (letter) {
        case " ":
          break;
        case ">":
          this.#little = false;
          break;
        case "<":
          this.#little = true;
          break;
        case "!":
          this.#align();
          break;
        default: {
          const size = this.#sizeOf(letter);
          return { letter, size, padding: this.#padding(letter, size, position), little: this.#little };
        }
      }
    }
  }

  #align(): void {
    const alignment = this.#number(NATIVE_ALIGNMENT);
    if (alignment === 0 || (alignment & (alignment - 1)) !== 0) {
      this.#call.fail(`alignment ${alignment} is not a power of 2`);
    }
    this.#alignment = alignment;
  }

  #sizeOf(letter: string): number {
    const fixed = FIXED_SIZES[letter];
    if (fixed !== undefined) return fixed;
    switch (letter) {
      case "c":
        return this.#number(1);
      case "s":
        return 0;
      case "i":
      case "I": {
        const size = this.#number(4);
        if (size > INTEGER_SIZE_MAX) {
          this.#call.fail(`integral size ${size} is larger than limit of ${INTEGER_SIZE_MAX}`);
        }
        return size;
      }
      default:
        return this.#call.badArgument(1, `invalid format option '${letter}'`);
    }
  }

  #padding(letter: string, size: number, position: number): number {
    const alignment = Math.min(size, this.#alignment);
    if (alignment === 0 || letter === "c" || letter === "s") return 0;
    return (alignment - (position & (alignment - 1))) & (alignment - 1);
  }

  #number(otherwise: number): number {
    const digits = /^\d+/.exec(this.#format.slice(this.#at, this.#at + 20))?.[0];
    if (digits === undefined) return otherwise;
    this.#at += digits.length;
    const value = Number(digits);
    if (value > 2 ** 31 - 1) this.#call.fail("integral size overflow");
    return value;
  }
}
