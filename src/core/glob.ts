/**
 * Glob patterns as KEYS, SCAN MATCH, PSUBSCRIBE and CONFIG GET understand them:
 * `*`, `?`, `[abc]`, `[^a-c]`, and `\` to quote. Matches bytes (latin1 characters), whole texts only.
 */

const STAR = 42;
const QUESTION = 63;
const OPEN = 91;
const CLOSE = 93;
const BACKSLASH = 92;
const CARET = 94;
const DASH = 45;

/** @param pattern any text is a pattern: an unclosed class ends with the pattern, as in Redis. */
export function matchesGlob(pattern: string, text: string): boolean {
  // Redis finds nothing in an empty text but an empty pattern, not even "*"; its callers know "*" themselves.
  if (text.length === 0) return pattern.length === 0;
  let patternAt = 0;
  let textAt = 0;
  // Where to go on after the latest star, should the rest not match. Only that star ever needs another try, so the
  // time is bounded by the product of both lengths.
  let starAt = -1;
  let starTextAt = 0;
  while (textAt < text.length) {
    if (pattern.charCodeAt(patternAt) === STAR) {
      starAt = patternAt;
      starTextAt = textAt;
      patternAt += 1;
      continue;
    }
    const next = patternAt < pattern.length ? matchOne(pattern, patternAt, text.charCodeAt(textAt)) : -1;
    if (next >= 0) {
      patternAt = next;
      textAt += 1;
    } else if (starAt >= 0) {
      starTextAt += 1;
      textAt = starTextAt;
      patternAt = starAt + 1;
    } else {
      return false;
    }
  }
  while (pattern.charCodeAt(patternAt) === STAR) patternAt += 1;
  return patternAt >= pattern.length;
}

/** @returns where the pattern goes on when its element at `at` matches `code`, -1 when it does not. */
function matchOne(pattern: string, at: number, code: number): number {
  const element = pattern.charCodeAt(at);
  if (element === QUESTION) return at + 1;
  if (element === OPEN) return matchClass(pattern, at + 1, code);
  const quoted = element === BACKSLASH && at + 1 < pattern.length;
  const literal = quoted ? pattern.charCodeAt(at + 1) : element;
  return literal === code ? at + (quoted ? 2 : 1) : -1;
}

function matchClass(pattern: string, start: number, code: number): number {
  let at = start;
  const negated = pattern.charCodeAt(at) === CARET;
  if (negated) at += 1;
  let found = false;
  while (at < pattern.length && pattern.charCodeAt(at) !== CLOSE) {
    const low = pattern.charCodeAt(at);
    if (low === BACKSLASH && at + 1 < pattern.length) {
      found ||= pattern.charCodeAt(at + 1) === code;
      at += 2;
    } else if (pattern.charCodeAt(at + 1) === DASH && at + 2 < pattern.length) {
      const high = pattern.charCodeAt(at + 2);
      found ||= code >= Math.min(low, high) && code <= Math.max(low, high);
      at += 3;
    } else {
      found ||= low === code;
      at += 1;
    }
  }
  return found === negated ? -1 : Math.min(at + 1, pattern.length);
}
