/** Hashes for comparing states: SHA-1 for each element, combined by XOR where order must not matter. Not for secrets. */
import { createHash } from "node:crypto";

export const DIGEST_BYTES = 20;

/** SHA-1 over the parts, each with its length, so that ("ab", "c") and ("a", "bc") differ. */
export function digestOf(...parts: readonly string[]): Buffer {
  return digestOfSequence(parts);
}

/** SHA-1 over elements whose order counts, as many as there are. */
export function digestOfSequence(elements: Iterable<string>): Buffer {
  const hash = createHash("sha1");
  for (const element of elements) hash.update(`${element.length}:`).update(element, "latin1");
  return hash.digest();
}

/** XORs `addend` into `sum`. */
export function addDigest(sum: Buffer, addend: Buffer): void {
  for (let at = 0; at < DIGEST_BYTES; at += 1) sum[at] = (sum[at] ?? 0) ^ (addend[at] ?? 0);
}
