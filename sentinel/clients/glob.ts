/** Redis's glob patterns (`*`, `?`, `[a-z]`, `[^x]`, `\x`) for PSUBSCRIBE, RESET and CONFIG GET. Case-sensitive. */

/**
 * Time is at most the product of both lengths: after a mismatch only the last `*` is taken up again, so that no
 * client can hang a sentinel with a pattern of many stars.
 */
export function globMatches(pattern: string, text: string): boolean {
  let patternAt = 0;
  let textAt = 0;
  let starAt = -1;
  let starTextAt = 0;
  while (textAt < text.length) {
    if (pattern[patternAt] === "*") {
      starAt = patternAt++;
      starTextAt = textAt;
      continue;
    }
    const next = patternAt < pattern.length ? matchOne(pattern, patternAt, text.charCodeAt(textAt)) : -1;
    if (next >= 0) {
      patternAt = next;
      textAt++;
    } else if (starAt >= 0) {
      patternAt = starAt + 1;
      textAt = ++starTextAt;
    } else {
      return false;
    }
  }
  while (pattern[patternAt] === "*") patternAt++;
  return patternAt === pattern.length;
}

/** Where the pattern goes on when its element at `at` matches `code`, else -1. */
function matchOne(pattern: string, at: number, code: number): number {
  const element = pattern[at];
  if (element === "?") return at + 1;
  if (element === "[") return matchClass(pattern, at + 1, code);
  const literalAt = element === "\\" && at + 1 < pattern.length ? at + 1 : at;
  return pattern.charCodeAt(literalAt) === code ? literalAt + 1 : -1;
}

/** As Redis does, an unclosed class ends with the pattern. */
function matchClass(pattern: string, start: number, code: number): number {
  let at = start;
  const negated = pattern[at] === "^";
  if (negated) at++;
  let found = false;
  while (at < pattern.length && pattern[at] !== "]") {
    if (pattern[at] === "\\" && at + 1 < pattern.length) at++;
    const low = pattern.charCodeAt(at);
    if (pattern[at + 1] === "-" && at + 2 < pattern.length) {
      const high = pattern.charCodeAt(at + 2);
      found ||= code >= Math.min(low, high) && code <= Math.max(low, high);
      at += 3;
    } else {
      found ||= code === low;
      at++;
    }
  }
  return found === negated ? -1 : Math.min(at + 1, pattern.length);
}
