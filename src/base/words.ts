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
  const length = end - start;
  const whole = length >>> 2;
  let from = start;
  for (let word = 0; word < whole; word += 1) {
    into[at + word] =
      byte(bytes, from) |
      (byte(bytes, from + 1) << 8) |
      (byte(bytes, from + 2) << 16) |
      (byte(bytes, from + 3) << 24);
    from += 4;
  }
  if (from === end) return;
  let last = 0;
  for (let shift = 0; from < end; shift += 8) {
    last |= byte(bytes, from) << shift;
    from += 1;
  }
  into[at + whole] = last;
}

function byte(bytes: Buffer, at: number): number {
  return bytes[at] as number;
}
