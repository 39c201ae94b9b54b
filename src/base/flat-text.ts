/**
 * What V8 holds of a text that was put together or cut out: by itself it keeps the parts of a sum, and of a piece the text
 * that it was cut from, until somebody needs the characters. Texts here are latin1, one character a byte.
 */
import { invariant } from "./errors.ts";

const NO_BYTE = 0xffff;

/** The same text, its parts copied together: they are held no longer. */
export function flat(text: string): string {
  // A look of which nothing depends is dropped by V8's compiler, since Node 22.
  invariant(text.charCodeAt(0) !== NO_BYTE, "a text has one character a byte");
  return text;
}

/** Length from which V8 makes a sum of its parts, and a piece a view of the text that it was cut from; shorter ones it copies. */
export const COPIED_BELOW = 13;

/** The same text, which holds on to no other one. */
export function ownText(text: string): string {
  return text.length < COPIED_BELOW ? text : Buffer.from(text, "latin1").toString("latin1");
}
