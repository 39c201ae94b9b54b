/**
 * Texts of ours (names, hosts, reasons, JSON: UTF-16) as RESP text (latin1: one character is one byte), and back to
 * nothing else. What clients send is wire text already and is never passed through here.
 */
import { bulk } from "../../src/protocol/resp/reply.ts";

/** The UTF-8 bytes of `text`, one character each. ASCII comes back as it is. */
export function wireText(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/** A bulk string of one of our texts or numbers. */
export function bulkText(value: string | number): string {
  return bulk(wireText(String(value)));
}

export function bulkJson(value: unknown): string {
  return bulkText(JSON.stringify(value));
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}
