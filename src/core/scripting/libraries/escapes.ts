/** Bytes that others stand for in a quoted text: of JSON, of `%q`. Counted for the script, before they are written. */
import { bytesOf } from "../bytes.ts";
import type { Call } from "../call.ts";
import { LUA_STRING_MAX, spend } from "../dialect.ts";

/** What stands for each byte; `undefined` for those that stay. */
export type Escapes = readonly (Uint8Array | undefined)[];

const BYTES_PER_INSTRUCTION = 4;

export function escapesOf(texts: Readonly<Record<string, string>>): Escapes {
  const escapes: (Uint8Array | undefined)[] = Array.from({ length: 256 });
  for (const [letter, text] of Object.entries(texts)) escapes[letter.charCodeAt(0)] = bytesOf(text);
  return escapes;
}

export function escaped(call: Call, bytes: Uint8Array, escapes: Escapes): Uint8Array {
  spend(bytes.length / BYTES_PER_INSTRUCTION);
  let { length } = bytes;
  for (let from = 0; from < bytes.length; from += 1) {
    const stead = escapes[bytes[from] as number];
    if (stead !== undefined) length += stead.length - 1;
  }
  if (length === bytes.length) return bytes;
  if (length > LUA_STRING_MAX) call.fail("not enough memory");
  spend(length / BYTES_PER_INSTRUCTION);
  const written = new Uint8Array(length);
  let at = 0;
  for (let from = 0; from < bytes.length; from += 1) {
    const byte = bytes[from] as number;
    const stead = escapes[byte];
    if (stead === undefined) written[at++] = byte;
    else for (let part = 0; part < stead.length; part += 1) written[at++] = stead[part] as number;
  }
  return written;
}
