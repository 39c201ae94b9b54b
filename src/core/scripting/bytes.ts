/** Latin1 texts to Lua's byte arrays and back. Short ones by hand: a call into the runtime costs more than they do. */

import type { Latin1Buffer } from "../../base/latin1.ts";

const SHORT = 48;

export function bytesOf(text: string): Uint8Array {
  const { length } = text;
  // Not the Buffer itself: its slice() shares memory, which fengari does not expect.
  if (length > SHORT) return new Uint8Array(Buffer.from(text, "latin1"));
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}

export function textOf(bytes: Uint8Array): string {
  const { length } = bytes;
  if (length > SHORT) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, length) as Latin1Buffer;
    return buffer.latin1Slice(0, length);
  }
  let text = "";
  for (let at = 0; at < length; at += 1) text += String.fromCharCode(bytes[at] as number);
  return text;
}
