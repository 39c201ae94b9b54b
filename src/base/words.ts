/** Texts, one character a byte, in 32-bit words: the lowest byte first, the last word filled up with zeros. */

/** @returns how many words a text of so many bytes takes. */
export function wordsFor(bytes: number): number {
  return (bytes + 3) >>> 2;
}

/** @param into has room for the text from its beginning on. */
export function writeWords(text: string, into: Int32Array): void {
  const { length } = text;
  const whole = length >>> 2;
  for (let word = 0; word < whole; word += 1) {
    const at = word * 4;
    into[word] =
      text.charCodeAt(at) |
      (text.charCodeAt(at + 1) << 8) |
      (text.charCodeAt(at + 2) << 16) |
      (text.charCodeAt(at + 3) << 24);
  }
  if ((length & 3) === 0) return;
  let last = 0;
  for (let at = whole * 4; at < length; at += 1) last |= text.charCodeAt(at) << ((at & 3) * 8);
  into[whole] = last;
}

/** As `writeWords`, of the bytes from `start` to `end`, to the words from `into[at]` on. */
export function copyWords(bytes: Buffer, start: number, end: number, into: Int32Array, at: number): void {
  const view = viewOf(bytes);
  const whole = (end - start) >>> 2;
  const even = whole & ~1;
  // By twos, which takes a third less time.
  for (let word = 0; word < even; word += 2) {
    into[at + word] = view.getInt32(start + word * 4, true);
    into[at + word + 1] = view.getInt32(start + word * 4 + 4, true);
  }
  if (even < whole) into[at + even] = view.getInt32(start + even * 4, true);
  const from = start + whole * 4;
  if (from < end) into[at + whole] = lastWord(bytes, from, end);
}

/** Whether the bytes from `start` to `end` are those of a text in `words`, which is known to be as long. */
export function equalsWords(bytes: Buffer, start: number, end: number, words: Int32Array): boolean {
  const view = viewOf(bytes);
  const whole = (end - start) >>> 2;
  for (let word = 0; word < whole; word += 1)
    if (view.getInt32(start + word * 4, true) !== words[word]) return false;
  const from = start + whole * 4;
  return from === end || lastWord(bytes, from, end) === words[whole];
}

/** So many bytes are copied faster by a call out of V8. */
const CALL_FROM_BYTES = 512;

/** Copies the bytes from `start` to `end` to those of `into`, which `view` looks into, from `at` on. They may not overlap. */
export function copyBytes(
  bytes: Buffer,
  start: number,
  end: number,
  into: Buffer,
  view: DataView,
  at: number,
): void {
  if (end - start >= CALL_FROM_BYTES) {
    bytes.copy(into, at, start, end);
    return;
  }
  const source = viewOf(bytes);
  const onward = at - start;
  const wholeEnd = end - ((end - start) & 3);
  for (let from = start; from < wholeEnd; from += 4)
    view.setInt32(from + onward, source.getInt32(from, true), true);
  for (let from = wholeEnd; from < end; from += 1) into[from + onward] = bytes[from] as number;
}

/** Of less than four bytes. */
function lastWord(bytes: Buffer, start: number, end: number): number {
  let word = 0;
  for (let at = start; at < end; at += 1) word |= (bytes[at] as number) << ((at - start) * 8);
  return word;
}

/** Of a buffer that is kept in memory until another one is looked into. */
const VIEWED_BYTES_MAX = 1024 * 1024;

let viewed: Buffer = Buffer.alloc(0);
let view: DataView = new DataView(viewed.buffer, viewed.byteOffset, 0);

/** Four bytes at once are read several times as fast as one by one. Those who look do so into the same buffer mostly. */
function viewOf(bytes: Buffer): DataView {
  if (bytes === viewed) return view;
  const made = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length <= VIEWED_BYTES_MAX) {
    viewed = bytes;
    view = made;
  }
  return made;
}
