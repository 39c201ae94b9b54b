/** Splits an inline command (what a person types into `nc`) by Redis's quoting rules. Refuses unbalanced quotes. */

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", a: "\x07" };
const HEX_BYTE = /^[0-9a-fA-F]{2}$/;

/**
 * Follows Redis's `sdssplitargs`: arguments are parted by blanks; `"..."` knows `\n \r \t \b \a \\ \" \xHH`,
 * `'...'` knows only `\'`; a closing quote must be followed by a blank or the end. A quote may open in the
 * middle of an argument (`a"b c"` is one). Unlike there, a NUL is a byte like any other, not the end of the line.
 *
 * @param line one line without its end, one character a byte.
 * @returns the arguments, none for a blank line; `undefined` when a quote is not closed, or closed within an argument.
 */
export function splitInlineArguments(line: string): string[] | undefined {
  const argv: string[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && isSpace(line.charAt(at))) at++;
    if (at === line.length) return argv;

    let argument = "";
    for (;;) {
      const char = line.charAt(at);
      if (char === "" || endsArgument(char)) break;
      if (char !== '"' && char !== "'") {
        argument += char;
        at++;
        continue;
      }
      const quoted = char === '"' ? readDoubleQuoted(line, at + 1) : readSingleQuoted(line, at + 1);
      if (quoted === undefined) return undefined;
      argument += quoted.text;
      at = quoted.end;
      if (at < line.length && !isSpace(line.charAt(at))) return undefined;
      // Redis ends the argument at the closing quote, also before a vertical tab, which it does not take for
      // a separator after unquoted text.
      break;
    }
    argv.push(argument);
  }
}

interface Quoted {
  readonly text: string;
  /** Index behind the closing quote. */
  readonly end: number;
}

function readDoubleQuoted(line: string, start: number): Quoted | undefined {
  let text = "";
  for (let at = start; at < line.length; at++) {
    const char = line.charAt(at);
    if (char === '"') return { text, end: at + 1 };
    // A backslash that ends the line stands for itself; the quote is then unclosed anyway.
    if (char !== "\\" || at + 1 === line.length) {
      text += char;
      continue;
    }
    const hex = line.slice(at + 2, at + 4);
    if (line.charAt(at + 1) === "x" && HEX_BYTE.test(hex)) {
      text += String.fromCharCode(Number.parseInt(hex, 16));
      at += 3;
    } else {
      const escaped = line.charAt(at + 1);
      text += ESCAPES[escaped] ?? escaped;
      at += 1;
    }
  }
  return undefined;
}

function readSingleQuoted(line: string, start: number): Quoted | undefined {
  let text = "";
  for (let at = start; at < line.length; at++) {
    const char = line.charAt(at);
    if (char === "'") return { text, end: at + 1 };
    if (char === "\\" && line.charAt(at + 1) === "'") at++;
    text += line.charAt(at);
  }
  return undefined;
}

/** C's `isspace`. */
function isSpace(char: string): boolean {
  return char === " " || (char >= "\t" && char <= "\r");
}

/** Fewer than `isSpace`: Redis keeps a vertical tab and a form feed within unquoted text. */
function endsArgument(char: string): boolean {
  return char === " " || char === "\t" || char === "\n" || char === "\r";
}
