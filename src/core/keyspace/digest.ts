/** Hashes for comparing states: SHA-1 for each element, combined by XOR where order must not matter. Not for secrets. */
import { createHash } from "node:crypto";

export const DIGEST_BYTES = 20;

/** SHA-1 over the parts, each with its length, so that ("ab", "c") and ("a", "bc") differ. */
export function digestOf(...parts: readonly string[]): Buffer {
  const hash = createHash("sha1");
  for (const part of parts) hash.update(`${part.length}:`).update(part, "latin1");
  return hash.digest();
}

/** XORs `addend` into `sum`. */
export function addDigest(sum: Buffer, addend: Buffer): void {
  for (let at = 0; at < DIGEST_BYTES; at += 1) sum[at] = (sum[at] ?? 0) ^ (addend[at] ?? 0);
}
