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
  const whole = (end - start) >>> 2;
  for (let word = 0; word < whole; word += 1) into[at + word] = wholeWord(bytes, start + word * 4);
  const from = start + whole * 4;
  if (from < end) into[at + whole] = lastWord(bytes, from, end);
}

/** Whether the bytes from `start` to `end` are those of a text in `words`, which is known to be as long. */
export function equalsWords(bytes: Buffer, start: number, end: number, words: Int32Array): boolean {
  const whole = (end - start) >>> 2;
  for (let word = 0; word < whole; word += 1)
    if (wholeWord(bytes, start + word * 4) !== words[word]) return false;
  const from = start + whole * 4;
  return from === end || lastWord(bytes, from, end) === words[whole];
}

function wholeWord(bytes: Buffer, at: number): number {
  return (
    byte(bytes, at) | (byte(bytes, at + 1) << 8) | (byte(bytes, at + 2) << 16) | (byte(bytes, at + 3) << 24)
  );
}

/** Of less than four bytes. */
function lastWord(bytes: Buffer, start: number, end: number): number {
  let word = 0;
  for (let at = start; at < end; at += 1) word |= byte(bytes, at) << ((at - start) * 8);
  return word;
}

function byte(bytes: Buffer, at: number): number {
  return bytes[at] as number;
}
