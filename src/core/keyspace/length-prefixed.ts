/** Texts of less than 32 KB behind each other in one text, each behind its length. */

/** A length below this takes one character; any other one two, its lower half marked with this bit. */
const LONG = 128;

/** The text behind its length. */
export function prefixed(text: string): string {
  const { length } = text;
  if (length < LONG) return String.fromCharCode(length) + text;
  return String.fromCharCode((length % LONG) + LONG, Math.floor(length / LONG)) + text;
}

/** Where the text whose length stands at `at` begins. */
export function startOf(text: string, at: number): number {
  return at + (text.charCodeAt(at) < LONG ? 1 : 2);
}

/** Where the text whose length stands at `at` ends, and the next length stands. */
export function endOf(text: string, at: number): number {
  const first = text.charCodeAt(at);
  return first < LONG ? at + 1 + first : at + 2 + first - LONG + text.charCodeAt(at + 1) * LONG;
}

/** The text whose length stands at `at`. Not to be kept: it may hold on to all of them. */
export function textAt(text: string, at: number): string {
  return text.slice(startOf(text, at), endOf(text, at));
}

/** Whether the text whose length stands at `at` is `wanted`. */
export function isTextAt(text: string, at: number, wanted: string): boolean {
  const start = startOf(text, at);
  const end = endOf(text, at);
  const { length } = wanted;
  if (end - start !== length) return false;
  // Names mostly begin alike: to look at their ends first spares most of the comparisons.
  return (
    length === 0 ||
    (text.charCodeAt(end - 1) === wanted.charCodeAt(length - 1) && text.startsWith(wanted, start))
  );
}
