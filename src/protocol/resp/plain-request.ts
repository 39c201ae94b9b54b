/**
 * The commonest commands, with a key and up to two arguments more, as nearly all clients send them: found in a byte stream without
 * making texts of their arguments. It decides nothing about what they do; all else is left to those who read any command.
 */
import type { Latin1Buffer } from "../../base/latin1.ts";

export const PLAIN_NAMES = [
  "get",
  "set",
  "incr",
  "lpush",
  "rpush",
  "lpop",
  "rpop",
  "lrange",
  "sadd",
  "srem",
  "spop",
  "hset",
  "zadd",
  "zpopmin",
] as const;

export type PlainName = (typeof PLAIN_NAMES)[number];

/** A name, and how many arguments the command has with it, the key included. */
interface Form {
  readonly name: PlainName;
  readonly count: 1 | 2 | 3;
}

const CR = 0x0d;
const LF = 0x0a;
const ASTERISK = 0x2a;
const DOLLAR = 0x24;
const ZERO = 0x30;
/** What tells small letters from capitals. */
const CASE = 0x20;
const G = 0x67;
const H = 0x68;
const I = 0x69;
const L = 0x6c;
const O = 0x6f;
const P = 0x70;
const R = 0x72;
const S = 0x73;
const Z = 0x7a;
/** The letters behind a name's first one, the last four of them, a byte each. */
const ET = 0x6574;
const NCR = 0x6e6372;
const POP = 0x706f70;
const ADD = 0x616464;
const REM = 0x72656d;
const SET = 0x736574;
const PUSH = 0x70757368;
const ANGE = 0x616e6765;
const PMIN = 0x706d696e;

/** `*2\r\n$3\r\n`, or the same with other digits: the name is behind it. */
const HEAD_BYTES = 8;
/** `GET`, and `ZPOPMIN`. */
const NAME_BYTES_MIN = 3;
const NAME_BYTES_MAX = 7;
/** Of a length: what is longer is nothing to hurry for. */
const DIGITS_MAX = 3;
/** No argument is longer. */
export const PLAIN_BYTES_MAX = 999;
const CRLF_BYTES = 2;

const FORMS = {
  get: { name: "get", count: 1 },
  set: { name: "set", count: 2 },
  incr: { name: "incr", count: 1 },
  lpush: { name: "lpush", count: 2 },
  rpush: { name: "rpush", count: 2 },
  lpop: { name: "lpop", count: 1 },
  rpop: { name: "rpop", count: 1 },
  lrange: { name: "lrange", count: 3 },
  sadd: { name: "sadd", count: 2 },
  srem: { name: "srem", count: 2 },
  spop: { name: "spop", count: 1 },
  hset: { name: "hset", count: 3 },
  zadd: { name: "zadd", count: 3 },
  zpopmin: { name: "zpopmin", count: 1 },
} as const satisfies Record<PlainName, Form>;

const NOTHING = Buffer.alloc(0) as Latin1Buffer;

export class PlainRequest {
  /** Where it was found: all of it from `start` to `end`, as each argument. */
  bytes: Latin1Buffer = NOTHING;
  start = 0;
  end = 0;
  keyStart = 0;
  keyEnd = 0;
  /** Of the argument between key and value; only a command of three arguments has one. */
  middleStart = 0;
  middleEnd = 0;
  /** Of the last argument; of a command without another one, the key's. */
  valueStart = 0;
  valueEnd = 0;
  #form: Form = FORMS.get;
  #nameEnd = 0;

  get name(): PlainName {
    return this.#form.name;
  }

  /** Holds on to no bytes any more. */
  forget(): void {
    this.bytes = NOTHING;
  }

  get key(): string {
    return this.bytes.latin1Slice(this.keyStart, this.keyEnd);
  }

  get middle(): string {
    return this.bytes.latin1Slice(this.middleStart, this.middleEnd);
  }

  get value(): string {
    return this.bytes.latin1Slice(this.valueStart, this.valueEnd);
  }

  /** As those who read any command would give it. */
  get argv(): string[] {
    const argv = [this.bytes.latin1Slice(this.start + HEAD_BYTES, this.#nameEnd), this.key];
    const { count } = this.#form;
    if (count === 3) argv.push(this.middle);
    if (count > 1) argv.push(this.value);
    return argv;
  }

  /**
   * Looks whether such a request lies whole at `start`.
   *
   * @returns false when it does not, and nothing of this object means anything: who still wants the one before it has this look
   *   done by another object.
   */
  find(bytes: Latin1Buffer, start: number, end: number): boolean {
    const length = (bytes[start + 5] as number) - ZERO;
    const nameStart = start + HEAD_BYTES;
    const nameEnd = nameStart + length;
    if (!(length >= NAME_BYTES_MIN && length <= NAME_BYTES_MAX && nameEnd + CRLF_BYTES <= end)) return false;
    const form = formOf(bytes, nameStart, length);
    if (form === undefined || bytes[start + 1] !== ZERO + 1 + form.count) return false;
    if (
      bytes[start] !== ASTERISK ||
      bytes[start + 2] !== CR ||
      bytes[start + 3] !== LF ||
      bytes[start + 4] !== DOLLAR ||
      bytes[start + 6] !== CR ||
      bytes[start + 7] !== LF ||
      bytes[nameEnd] !== CR ||
      bytes[nameEnd + 1] !== LF
    ) {
      return false;
    }
    this.bytes = bytes;
    this.start = start;
    this.#form = form;
    this.#nameEnd = nameEnd;
    if (!this.#findArgument(nameEnd + CRLF_BYTES, end)) return false;
    this.keyStart = this.valueStart;
    this.keyEnd = this.valueEnd;
    if (form.count === 1) return true;
    if (!this.#findArgument(this.end, end)) return false;
    if (form.count === 2) return true;
    this.middleStart = this.valueStart;
    this.middleEnd = this.valueEnd;
    return this.#findArgument(this.end, end);
  }

  /** @returns whether a bulk string lies whole at `at`; its place is then the value's, and `end` is behind it. */
  #findArgument(at: number, end: number): boolean {
    const { bytes } = this;
    if (at >= end || bytes[at] !== DOLLAR) return false;
    let length = 0;
    let digitAt = at + 1;
    const stop = Math.min(end, digitAt + DIGITS_MAX);
    while (digitAt < stop) {
      const digit = (bytes[digitAt] as number) - ZERO;
      if (digit < 0 || digit > 9) break;
      length = length * 10 + digit;
      digitAt += 1;
    }
    // A number has digits, and no zero before others.
    if (digitAt === at + 1 || (bytes[at + 1] === ZERO && digitAt > at + 2)) return false;
    const first = digitAt + CRLF_BYTES;
    const last = first + length;
    if (last + CRLF_BYTES > end) return false;
    if (bytes[digitAt] !== CR || bytes[digitAt + 1] !== LF) return false;
    if (bytes[last] !== CR || bytes[last + 1] !== LF) return false;
    this.valueStart = first;
    this.valueEnd = last;
    this.end = last + CRLF_BYTES;
    return true;
  }
}

/** What the name that lies there says, in letters of either case. */
function formOf(bytes: Buffer, start: number, length: number): Form | undefined {
  let letters = 0;
  for (let at = start + 1; at < start + length; at += 1)
    letters = (letters << 8) | (bytes[at] as number) | CASE;
  const first = (bytes[start] as number) | CASE;
  switch (letters) {
    case ET:
      return first === G ? FORMS.get : first === S ? FORMS.set : undefined;
    case NCR:
      return first === I ? FORMS.incr : undefined;
    case POP:
      if (first === L) return FORMS.lpop;
      return first === R ? FORMS.rpop : first === S ? FORMS.spop : undefined;
    case ADD:
      return first === S ? FORMS.sadd : first === Z ? FORMS.zadd : undefined;
    case REM:
      return first === S ? FORMS.srem : undefined;
    case SET:
      return first === H ? FORMS.hset : undefined;
    case PUSH:
      if (length !== 5) return undefined;
      return first === L ? FORMS.lpush : first === R ? FORMS.rpush : undefined;
    case ANGE:
      return length === 6 && first === L && isLetter(bytes, start + 1, R) ? FORMS.lrange : undefined;
    case PMIN:
      if (length !== 7 || first !== Z) return undefined;
      return isLetter(bytes, start + 1, P) && isLetter(bytes, start + 2, O) ? FORMS.zpopmin : undefined;
    default:
      return undefined;
  }
}

function isLetter(bytes: Buffer, at: number, letter: number): boolean {
  return ((bytes[at] as number) | CASE) === letter;
}
