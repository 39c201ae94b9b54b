/**
 * HalfSipHash-1-3 (J.-P. Aumasson and D. J. Bernstein; as the Linux kernel keys its hash tables): a 32-bit hash of which
 * nobody can find collisions without knowing its 64-bit key.
 */

/** After the text's words, each of which takes one. */
const FINAL_ROUNDS = 3;

/**
 * Writes the text, one character a byte, into words as it hashes them: to go through it twice would take twice as long.
 *
 * @param into gets the text in little-endian words, the last one filled up with zeros; it has room for them.
 * @returns the hash, 32 bits with a sign.
 */
export function writeHashed(text: string, into: Int32Array, key0: number, key1: number): number {
  const { length } = text;
  const whole = length >>> 2;
  let v0 = key0;
  let v1 = key1;
  let v2 = 0x6c796765 ^ key0;
  let v3 = 0x74656462 ^ key1;
  for (let round = 0; round <= whole + FINAL_ROUNDS; round += 1) {
    let word = 0;
    if (round < whole) {
      const at = round * 4;
      word =
        text.charCodeAt(at) |
        (text.charCodeAt(at + 1) << 8) |
        (text.charCodeAt(at + 2) << 16) |
        (text.charCodeAt(at + 3) << 24);
      into[round] = word;
    } else if (round === whole) {
      for (let at = whole * 4; at < length; at += 1) word |= text.charCodeAt(at) << ((at & 3) * 8);
      if ((length & 3) !== 0) into[whole] = word;
      word |= length << 24;
    }
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
    if (round === whole) v2 ^= 0xff;
  }
  return v1 ^ v3;
}
