/** Makes of what a configuration holds something that fits into one line of a message: short, and no control characters. */

const CHARS_MAX = 200;

/** A value as JSON. */
export function shownValue(value: unknown): string {
  return shownText(JSON.stringify(value) ?? "nothing");
}

/** Cut to fit; what would break the line, or command the terminal, is written as `\u001b`. */
export function shownText(text: string): string {
  const short = text.length > CHARS_MAX ? `${text.slice(0, CHARS_MAX)}...` : text;
  return short.replaceAll(
    /\p{Cc}/gu,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
