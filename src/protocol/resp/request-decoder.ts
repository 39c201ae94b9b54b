/**
 * Reads the commands out of a Redis client's byte stream: RESP arrays of bulk strings, and inline commands.
 * Pure; knows no command and no socket, never waits, and does not bound what is fed but not yet asked for
 * (`bufferedBytes` tells; the server has that limit).
 *
 * What it reads depends on the bytes alone, never on how they were split into chunks.
 */

import { constants } from "node:buffer";
import type { Latin1Buffer } from "../../base/latin1.ts";
import type { EncodedRequest } from "./encoded-request.ts";
import { splitInlineArguments } from "./inline-arguments.ts";
import type { RequestLimits } from "./limits.ts";
import { PLAIN_BYTES_MAX, type PlainRequest } from "./plain-request.ts";
import { ProtocolError } from "./protocol-error.ts";
import { RecentName } from "./recent-name.ts";

/** What a client that has not authenticated may send, as in Redis 7: it could otherwise fill the memory. */
const UNAUTHENTICATED_ARGUMENTS_MAX = 10;
const UNAUTHENTICATED_BULK_BYTES_MAX = 16_384;

/** Least size of a buffer of our own, so that a command that drips in does not move with each byte. */
const OWN_BYTES_MIN = 1024;
/** A larger one is not used again: one huge argument shall not cost its size for the rest of a busy connection. */
const REUSED_BYTES_MAX = 256 * 1024;
/** What a socket reads at once. Room for so much behind a large argument spares moving it for what follows. */
const CHUNK_BYTES = 64 * 1024;

const CR = 0x0d;
const LF = 0x0a;
const ASTERISK = 0x2a;
const DOLLAR = 0x24;
const MINUS = 0x2d;
const ZERO = 0x30;

/** Redis's longest number: a sign and 19 digits. */
const LENGTH_CHARS_MAX = 20;

/** As many digits as a length line has at most, with room to spare; a longer one takes the slow path and fails there. */
const FAST_DIGITS_MAX = 16;

/** Answers of `#readLength` that are no length. A negative length is read as -1: nothing depends on which. */
const INCOMPLETE = -2;
const INVALID = -3;
const TOO_LONG = -4;

const NOTHING = Buffer.alloc(0) as Latin1Buffer;

/** Of an argument in memory, beside its text: its place in the array, and a string of V8's. */
const ARGUMENT_BYTES = 24;

export class RequestDecoder {
  /** Set while the client must still authenticate: long commands and long arguments are then protocol errors. */
  unauthenticated = false;

  readonly #limits: RequestLimits;
  readonly #argumentsMax: number;
  readonly #lineBytesMax: number;
  readonly #recentName = new RecentName();
  #error: ProtocolError | undefined;

  /** Bytes from `#position` to `#end` are unread. */
  #buffer: Latin1Buffer = NOTHING;
  #position = 0;
  #end = 0;
  /** `#buffer` is ours to write to, and not a chunk that was lent to us. */
  #owned = false;
  /** Bytes behind `#position` known to hold no line end, so that a line that drips in is searched only once. */
  #searched = 0;

  /**
   * The command being read; its strings are copies, so they pin no chunk. Made when the command begins, not when the one before it
   * ends: an array that has waited for it is old to V8, and keeps what it held alive when it is dropped.
   */
  #argv: string[] | null = null;
  #argvBytes = 0;
  /** Arguments that `#argv` still lacks; 0 between commands. */
  #missing = 0;
  /** Length of the argument being read; -1 while its length line has not been read. */
  #bulkLength = -1;
  /** Where the command being read begins in `#buffer`; -1 when it is not in one piece, or not as it would be encoded. */
  #startsAt = -1;
  readonly #request = { bytes: NOTHING, start: 0, end: 0 };

  constructor(limits: RequestLimits) {
    this.#limits = limits;
    this.#argumentsMax = limits.argumentsMax;
    this.#lineBytesMax = limits.inlineBytesMax;
  }

  /** Why `next` gives nothing any more; `undefined` as long as the stream is sound. Final once set. */
  get error(): ProtocolError | undefined {
    return this.#error;
  }

  /** Bytes held: fed and unread, and those of a command that is not complete yet, with what each argument costs by itself. */
  get bufferedBytes(): number {
    const argumentCount = this.#argv?.length ?? 0;
    return this.#end - this.#position + this.#argvBytes + argumentCount * ARGUMENT_BYTES;
  }

  /** What it holds on to: all of the buffer, what has been read of it already included, and its free rest. */
  get memory(): { readonly heldBytes: number; readonly freeBytes: number } {
    const freeBytes = this.#owned ? this.#buffer.length - this.#end : 0;
    return { heldBytes: this.#end + this.#argvBytes, freeBytes };
  }

  /** The command that `next` gave last; `null` where its bytes are not at hand, or are others than those of its encoding. Until the next call of anything else. */
  get lastRequest(): EncodedRequest | null {
    const request = this.#request;
    if (this.#startsAt < 0) return null;
    request.bytes = this.#buffer;
    request.start = this.#startsAt;
    request.end = this.#position;
    return request;
  }

  /**
   * Takes the next bytes of the stream, the first `length` of `chunk`. It is kept as long as it holds unread bytes; it must not change, unless
   * `keep` is called before.
   */
  feed(chunk: Buffer, length: number = chunk.length): void {
    if (this.#error !== undefined) return;
    this.#startsAt = -1;
    if (this.#position === this.#end) {
      this.#buffer = chunk as Latin1Buffer;
      this.#position = 0;
      this.#end = length;
      this.#owned = false;
      return;
    }
    if (!this.#owned || this.#end + length > this.#buffer.length) this.#makeRoom(length);
    chunk.copy(this.#buffer, this.#end, 0, length);
    this.#end += length;
  }

  /** Holds on to no chunk any more: what is unread is copied. */
  keep(): void {
    this.#startsAt = -1;
    if (this.#position === this.#end) this.#release();
    else if (!this.#owned) this.#makeRoom(0);
  }

  /**
   * The next complete command, its name first, each argument one character a byte; never empty.
   *
   * @returns `undefined` when more bytes are needed, or for good when `error` is set.
   */
  next(): string[] | undefined {
    while (this.#position < this.#end && this.#error === undefined) {
      if (this.#missing === 0) this.#startsAt = this.#position;
      if (this.#missing === 0 && this.#buffer[this.#position] !== ASTERISK) {
        this.#startsAt = -1;
        const argv = this.#readInline();
        if (argv === undefined) return undefined;
        if (argv.length > 0) return argv;
        continue;
      }
      if (this.#missing === 0 && !this.#readCount()) return undefined;
      // `*0` and `*-1` are no commands; Redis skips them without a reply.
      if (this.#missing === 0) continue;
      if (!this.#readArguments()) return undefined;
      const argv = this.#argv ?? [];
      this.#argv = null;
      this.#argvBytes = 0;
      return argv;
    }
    // An idle client shall not pin its last chunk.
    this.#release();
    return undefined;
  }

  /** @returns whether the next command is such a request, whole; it still is the next one until it is skipped. */
  findPlain(request: PlainRequest): boolean {
    if (this.#missing !== 0 || this.#error !== undefined || this.unauthenticated) return false;
    if (this.#limits.bulkBytesMax < PLAIN_BYTES_MAX) return false;
    return request.find(this.#buffer, this.#position, this.#end);
  }

  skip(request: PlainRequest): void {
    this.#consume(request.end);
  }

  /** @returns false when the line is incomplete or wrong. */
  #readCount(): boolean {
    const count = this.#readLength();
    if (count === INCOMPLETE) return false;
    if (count === TOO_LONG) return this.#fail("too big mbulk count string");
    if (count === INVALID || count > this.#argumentsMax) return this.#fail("invalid multibulk length");
    if (this.unauthenticated && count > UNAUTHENTICATED_ARGUMENTS_MAX)
      return this.#fail("unauthenticated multibulk length");
    this.#missing = Math.max(count, 0);
    return true;
  }

  /** @returns false when the command is incomplete or wrong. */
  #readArguments(): boolean {
    this.#argv ??= [];
    while (this.#missing > 0) {
      if (this.#bulkLength < 0 && !this.#readBulkLength()) return false;
      const start = this.#position;
      const stop = start + this.#bulkLength;
      if (stop + 2 > this.#end) return false;
      // Redis does not look which two bytes end an argument either.
      if (this.#buffer[stop] !== CR || this.#buffer[stop + 1] !== LF) this.#startsAt = -1;
      const isName = this.#argv.length === 0;
      this.#argv.push(
        isName ? this.#recentName.read(this.#buffer, start, stop) : this.#buffer.latin1Slice(start, stop),
      );
      this.#argvBytes += stop - start;
      this.#position = stop + 2;
      this.#bulkLength = -1;
      this.#missing--;
    }
    return true;
  }

  /** @returns false when the line is incomplete or wrong. */
  #readBulkLength(): boolean {
    const marker = this.#buffer[this.#position];
    const length = this.#readLength();
    if (length === INCOMPLETE) return false;
    if (length === TOO_LONG) return this.#fail("too big bulk count string");
    if (marker !== DOLLAR) return this.#fail(`expected '$', got '${String.fromCharCode(marker ?? 0)}'`);
    if (length < 0 || length > this.#bulkBytesMax()) return this.#fail("invalid bulk length");
    if (this.unauthenticated && length > UNAUTHENTICATED_BULK_BYTES_MAX)
      return this.#fail("unauthenticated bulk length");
    this.#bulkLength = length;
    return true;
  }

  /** The limit may change meanwhile. A longer string can't exist: V8's bound is 24 bytes below Redis's 512 MB. */
  #bulkBytesMax(): number {
    return Math.min(this.#limits.bulkBytesMax, constants.MAX_STRING_LENGTH);
  }

  /** @returns the arguments, none for a blank line; `undefined` when the line is incomplete or wrong. */
  #readInline(): string[] | undefined {
    const newline = this.#findLineEnd(LF);
    if (newline === TOO_LONG) this.#fail("too big inline request");
    if (newline < 0) return undefined;
    const start = this.#position;
    const stop = newline > start && this.#buffer[newline - 1] === CR ? newline - 1 : newline;
    this.#consume(newline + 1);
    const argv = splitInlineArguments(this.#buffer.latin1Slice(start, stop));
    if (argv === undefined) {
      this.#fail("unbalanced quotes in request");
      return undefined;
    }
    // A web page can make a browser post to this port; its body must not run as commands. Redis hangs up silently.
    const name = argv[0]?.toLowerCase();
    if (name === "post" || name === "host:") {
      this.#fail("this port speaks RESP, not HTTP");
      return undefined;
    }
    return argv;
  }

  /** Reads a whole line of a marker byte, which it does not look at, and a decimal number. Consumes it when it is valid. */
  #readLength(): number {
    const buffer = this.#buffer;
    const first = this.#position + 1;
    const stop = Math.min(this.#end - 1, first + FAST_DIGITS_MAX);
    let value = 0;
    let at = first;
    while (at < stop) {
      const digit = (buffer[at] as number) - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      at++;
    }
    if (at < stop && buffer[at] === CR && at > first && (buffer[first] !== ZERO || at === first + 1)) {
      // The line had ended where its marker should be.
      if (buffer[this.#position] === CR) return INVALID;
      if (buffer[at + 1] !== LF) this.#startsAt = -1;
      this.#consume(at + 2);
      return value;
    }
    return this.#readUnusualLength();
  }

  /** The same for a line that is incomplete, negative or malformed. */
  #readUnusualLength(): number {
    this.#startsAt = -1;
    const lineEnd = this.#findLineEnd(CR);
    if (lineEnd < 0) return lineEnd;
    // The byte after CR is skipped unseen, but it must have come.
    if (lineEnd + 2 > this.#end) return INCOMPLETE;
    const length = parseLength(this.#buffer, this.#position + 1, lineEnd);
    if (length !== INVALID) this.#consume(lineEnd + 2);
    return length;
  }

  /** @returns where the byte is in `#buffer`, INCOMPLETE, or TOO_LONG when the line is longer than allowed. */
  #findLineEnd(byte: number): number {
    const limit = this.#position + this.#lineBytesMax;
    const stop = Math.min(this.#end, limit + 1);
    for (let at = this.#position + this.#searched; at < stop; at++) {
      if (this.#buffer[at] === byte) return at;
    }
    this.#searched = stop - this.#position;
    return this.#end > limit ? TOO_LONG : INCOMPLETE;
  }

  #consume(position: number): void {
    this.#position = position;
    this.#searched = 0;
  }

  #fail(reason: string): false {
    this.#error = new ProtocolError(reason);
    this.#release();
    this.#argv = null;
    this.#argvBytes = 0;
    return false;
  }

  #release(): void {
    this.#startsAt = -1;
    this.#request.bytes = NOTHING;
    this.#buffer = NOTHING;
    this.#position = 0;
    this.#end = 0;
    this.#owned = false;
  }

  /**
   * Makes `#buffer` our own, with room for `wanted` more bytes. Each move is paid for by as many bytes that
   * came or went since the last, so a stream of any chunks costs linear time. An announced length alone
   * takes no memory: room at most doubles what has really arrived.
   */
  #makeRoom(wanted: number): void {
    this.#startsAt = -1;
    const left = this.#end - this.#position;
    const size = this.#buffer.length;
    if (this.#owned && this.#position >= left && left + wanted <= size && size <= REUSED_BYTES_MAX) {
      this.#buffer.copyWithin(0, this.#position, this.#end);
    } else {
      const argument = this.#bulkLength + 2;
      const roomy = left < argument ? Math.min(2 * left, argument + CHUNK_BYTES) : 2 * left;
      const grown = Buffer.allocUnsafe(Math.max(roomy, left + wanted, OWN_BYTES_MIN)) as Latin1Buffer;
      grown.set(this.#buffer.subarray(this.#position, this.#end), 0);
      this.#buffer = grown;
      this.#request.bytes = NOTHING;
      this.#owned = true;
    }
    this.#position = 0;
    this.#end = left;
  }
}

/** Redis's `string2ll`: no plus sign, no leading zero, no blank. */
function parseLength(buffer: Buffer, start: number, end: number): number {
  if (end - start === 1 && buffer[start] === ZERO) return 0;
  const negative = buffer[start] === MINUS;
  const first = negative ? start + 1 : start;
  if (first >= end || end - start > LENGTH_CHARS_MAX || buffer[first] === ZERO) return INVALID;
  let value = 0;
  for (let at = first; at < end; at++) {
    const digit = (buffer[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return INVALID;
    value = value * 10 + digit;
  }
  return negative ? -1 : value;
}
