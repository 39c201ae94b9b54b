/** What the words after SHUTDOWN ask for. How to stop is the process's own: it saves what it must, whatever they say of it. */

export type ShutdownWish = "stop" | "abort" | "syntaxError";

export function shutdownWish(given: readonly string[]): ShutdownWish {
  const words = new Set(given.map((word) => word.toUpperCase()));
  for (const word of words) {
    if (!["SAVE", "NOSAVE", "NOW", "FORCE", "ABORT"].includes(word)) return "syntaxError";
  }
  if (words.has("SAVE") && words.has("NOSAVE")) return "syntaxError";
  if (!words.has("ABORT")) return "stop";
  return words.size === 1 ? "abort" : "syntaxError";
}
