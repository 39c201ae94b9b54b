/** CONFIG's `save`: pairs of seconds and changes. It takes no snapshot. */
import type { SnapshotRule } from "../own-snapshots.ts";
import type { Reading } from "./parameter-kinds.ts";

export function readSaveRules(text: string): Reading {
  const words = wordsOf(text);
  const sound = words.every((word, at) => /^\d{1,9}$/.test(word) && (at % 2 === 1 || Number(word) > 0));
  if (words.length % 2 !== 0 || !sound) return { reason: "Invalid save parameters" };
  return { value: words.map((word) => String(Number(word))).join(" ") };
}

/** @param value as `readSaveRules` gave it. */
export function saveRules(value: string): SnapshotRule[] {
  const words = wordsOf(value);
  return words.flatMap((seconds, at) =>
    at % 2 === 0 ? [{ afterMs: Number(seconds) * 1000, changesMin: Number(words[at + 1]) }] : [],
  );
}

function wordsOf(text: string): string[] {
  return text.split(" ").filter((word) => word !== "");
}
