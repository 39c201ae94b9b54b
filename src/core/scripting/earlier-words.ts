/**
 * Turns what Lua 5.3 says into 5.1's words, and sources of 5.1 into such as 5.3 reads alike: texts to texts. What the machine does
 * differently, `dialect.ts` knows.
 */

/**
 * Strings, long strings and comments of a Lua source; only short strings know escapes. What has no end takes the whole rest, which
 * would else be searched for it again and again.
 */
const STRINGS_AND_COMMENTS =
  /--\[(=*)\[[\s\S]*?(?:\]\1\]|$)|--[^\n]*|\[(=*)\[[\s\S]*?(?:\]\2\]|$)|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'/g;

/** Source that 5.3 reads as 5.1 would read `source`; on the same lines. */
export function toLaterSource(source: string): string {
  if (!source.includes("\\")) return source;
  return source.replace(STRINGS_AND_COMMENTS, (found: string) =>
    found.startsWith('"') || found.startsWith("'")
      ? found.replace(/\\([\s\S])/g, (sequence: string, letter: string) =>
          /[abfnrtv\\"'\n\r0-9]/.test(letter) ? sequence : letter,
        )
      : found,
  );
}

/** What 5.3 says as a script runs, in 5.1's words. It may as well be the script's own error, which is to stay as it is. */
export function toEarlierMessage(text: string): string {
  return text
    .replace(/attempt to (.+?) a (\S+) value \((\w+) '(.*?)'\)/, "attempt to $1 $3 '$4' (a $2 value)")
    .replace(/^cannot resume non-suspended coroutine$/, "cannot resume running coroutine")
    .replace(/JS stack overflow$/, "C stack overflow")
    .replace(
      /attempt to yield (?:across a JS-call boundary|from outside a coroutine)$/,
      "attempt to yield across metamethod/C-call boundary",
    );
}

/** What 5.3 says of a source that does not compile, in 5.1's words. */
export function toEarlierSyntaxMessage(text: string): string {
  return (
    text
      .replace(/<(?:eof|name)>(?= expected)|(?<= near )<eof>$/g, "'$&'")
      .replace(/ \(starting at line \d+\)(?= near '<eof>'$)/, "")
      .replace(/too many JS levels \(.*$/s, "chunk has too many syntax levels")
      .replace(
        /too many local variables \(limit is (\d+)\) in (.+) near .*$/s,
        "$2 has more than $1 local variables",
      )
      .replace(/syntax error near '='$/, "unexpected symbol near '='")
      .replace(/syntax error(?= near )/, "'=' expected")
      // 5.1 shows the string as far as it was read: without the escape, and the letter behind it.
      .replace(/decimal escape too large (near '.*)\\\d{3}.?'$/s, "escape sequence too large $1'")
      .replace(/(?<= near ')<\\(\d+)>(?='$)/, (_all, code: string) => String.fromCharCode(Number(code)))
  );
}
