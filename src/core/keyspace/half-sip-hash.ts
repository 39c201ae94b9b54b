/**
 * HalfSipHash-1-3 (J.-P. Aumasson and D. J. Bernstein; as the Linux kernel keys its hash tables): a 32-bit hash of which
 * nobody can find collisions without knowing its 64-bit key.
 */

/** After the text's words, each of which takes one. */
const FINAL_ROUNDS = 3;

/**
 * @param words of a text: see `writeWords`.
 * @param length of the text, in bytes.
 * @returns the hash, 32 bits with a sign.
 */
export function hashWords(words: Int32Array, length: number, key0: number, key1: number): number {
  const whole = length >>> 2;
  let v0 = key0;
  let v1 = key1;
  let v2 = 0x6c796765 ^ key0;
  let v3 = 0x74656462 ^ key1;
  for (let round = 0; round <= whole + FINAL_ROUNDS; round += 1) {
    let word = 0;
    if (round < whole) word = words[round] as number;
    else if (round === whole) word = ((length & 3) === 0 ? 0 : (words[whole] as number)) | (length << 24);
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
