/** Arbitrary commands as a client may send them. */
import fc from "fast-check";

/** Any bytes, one character each. */
export const latin1Text: fc.Arbitrary<string> = fc
  .uint8Array({ maxLength: 60 })
  .map((bytes) => Buffer.from(bytes).toString("latin1"));

export const command: fc.Arbitrary<string[]> = fc.array(latin1Text, { minLength: 1, maxLength: 12 });
