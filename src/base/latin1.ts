/** Latin1 texts in buffers: one character a byte. */

/**
 * `latin1Slice` and `latin1Write` are public in practice but missing from the types; short texts take 1.2 times as long with
 * `toString("latin1", ...)`.
 */
export type Latin1Buffer = Buffer & {
  latin1Slice(start: number, end: number): string;
  latin1Write(text: string, offset: number): number;
};

/** A shorter text is written faster here than by a call out of V8. */
const CALL_FROM = 24;

/** Writes all of `text` at `offset`, where there is room for it. */
export function writeLatin1(bytes: Latin1Buffer, text: string, offset: number): void {
  const { length } = text;
  if (length >= CALL_FROM) {
    bytes.latin1Write(text, offset);
    return;
  }
  for (let at = 0; at < length; at += 1) bytes[offset + at] = text.charCodeAt(at);
}
