/** JSON to Lua values, as lua-cjson 2.1 reads it; its errors name the token and the place. */
import type { Call } from "../call.ts";
import { booleanCell, NULL_POINTER, newTable, numberCell, setField, tableCell, textCell } from "../cells.ts";
import { spend } from "../dialect.ts";
import { type Cell, tables } from "../lua-vm.ts";
import { textToNumber } from "../numerals.ts";
import type { CjsonConfig } from "./cjson-config.ts";

type Token =
  | { readonly kind: "T_STRING"; readonly at: number; readonly text: string }
  | { readonly kind: "T_NUMBER"; readonly at: number; readonly number: number }
  | { readonly kind: "T_BOOLEAN"; readonly at: number; readonly truth: boolean }
  | { readonly kind: "T_ERROR"; readonly at: number; readonly message: string }
  | { readonly kind: PlainKind; readonly at: number };
type PlainKind =
  | "T_OBJ_BEGIN"
  | "T_OBJ_END"
  | "T_ARR_BEGIN"
  | "T_ARR_END"
  | "T_NULL"
  | "T_COLON"
  | "T_COMMA"
  | "T_END";

const MARKS: Readonly<Record<string, PlainKind>> = {
  "{": "T_OBJ_BEGIN",
  "}": "T_OBJ_END",
  "[": "T_ARR_BEGIN",
  "]": "T_ARR_END",
  ":": "T_COLON",
  ",": "T_COMMA",
};
const ESCAPED: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};
const INSTRUCTIONS_PER_TOKEN = 20;
const INSTRUCTIONS_PER_ESCAPE = 5;
const SPACES = /[ \t\n\r]*/y;
const PLAIN_TEXT = /[^"\\\0]*/y;
/** What C's strtod reads. */
const NUMBER =
  /[+-]?(?:0x(?:[0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(?:p[+-]?\d+)?|\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|inf(?:inity)?|nan)/iy;
/** Of that what JSON does not know, and cjson only reads while it may. */
const INVALID_NUMBER = /\+|-?(?:0[0-9x]|inf|nan)/iy;
/** What may begin a token; all else is none, and `\0` is the end. */
const TOKEN_START = /[fintIN"+\-0-9]/;

export class JsonDecoder {
  readonly #call: Call;
  readonly #config: CjsonConfig;
  readonly #json: string;
  #at = 0;
  #depth = 0;

  constructor(call: Call, config: CjsonConfig, json: string) {
    this.#call = call;
    this.#config = config;
    this.#json = json;
  }

  decode(): Cell {
    if (this.#json.length >= 2 && (this.#json[0] === "\0" || this.#json[1] === "\0")) {
      this.#call.fail("JSON parser does not support UTF-16 or UTF-32");
    }
    const value = this.#value(this.#next());
    const rest = this.#next();
    return rest.kind === "T_END" ? value : this.#unexpected("the end", rest);
  }

  #value(token: Token): Cell {
    switch (token.kind) {
      case "T_STRING":
        return textCell(token.text);
      case "T_NUMBER":
        return numberCell(token.number);
      case "T_BOOLEAN":
        return booleanCell(token.truth);
      case "T_NULL":
        return NULL_POINTER;
      case "T_OBJ_BEGIN":
        return this.#object();
      case "T_ARR_BEGIN":
        return this.#array();
      default:
        return this.#unexpected("value", token);
    }
  }

  #object(): Cell {
    this.#descend();
    const table = newTable(this.#call.state);
    let token = this.#next();
    if (token.kind !== "T_OBJ_END") {
      for (;;) {
        if (token.kind !== "T_STRING") return this.#unexpected("object key string", token);
        const colon = this.#next();
        if (colon.kind !== "T_COLON") return this.#unexpected("colon", colon);
        setField(table, token.text, this.#value(this.#next()));
        const after = this.#next();
        if (after.kind === "T_OBJ_END") break;
        if (after.kind !== "T_COMMA") return this.#unexpected("comma or object end", after);
        token = this.#next();
      }
    }
    this.#depth -= 1;
    return tableCell(table);
  }

  #array(): Cell {
    this.#descend();
    const table = newTable(this.#call.state);
    let token = this.#next();
    if (token.kind !== "T_ARR_END") {
      for (let at = 1; ; at += 1) {
        tables.luaH_setint(table, at, this.#value(token));
        const after = this.#next();
        if (after.kind === "T_ARR_END") break;
        if (after.kind !== "T_COMMA") return this.#unexpected("comma or array end", after);
        token = this.#next();
      }
    }
    this.#depth -= 1;
    return tableCell(table);
  }

  #descend(): void {
    this.#depth += 1;
    if (this.#depth > this.#config.decodeMaxDepth) {
      this.#call.fail(`Found too many nested data structures (${this.#depth}) at character ${this.#at}`);
    }
  }

  #unexpected(expected: string, token: Token): never {
    const found = token.kind === "T_ERROR" ? token.message : token.kind;
    return this.#call.fail(`Expected ${expected} but found ${found} at character ${token.at + 1}`);
  }

  #next(): Token {
    spend(INSTRUCTIONS_PER_TOKEN);
    const json = this.#json;
    SPACES.lastIndex = this.#at;
    SPACES.test(json);
    const at = SPACES.lastIndex;
    this.#at = at;
    const letter = json[at];
    if (letter === undefined || letter === "\0") return { kind: "T_END", at };
    const mark = MARKS[letter];
    if (mark !== undefined) {
      this.#at += 1;
      return { kind: mark, at };
    }
    if (!TOKEN_START.test(letter)) return { kind: "T_ERROR", at, message: "invalid token" };
    if (letter === '"') return this.#string(at);
    const isInvalidNumber = startsAt(INVALID_NUMBER, json, at);
    const mayBeInvalid = this.#config.decodeInvalidNumbers;
    if (/[-0-9]/.test(letter)) {
      if (isInvalidNumber && !mayBeInvalid) return { kind: "T_ERROR", at, message: "invalid number" };
      return this.#number(at);
    }
    for (const [word, token] of [
      ["true", { kind: "T_BOOLEAN", at, truth: true }],
      ["false", { kind: "T_BOOLEAN", at, truth: false }],
      ["null", { kind: "T_NULL", at }],
    ] as const) {
      if (!json.startsWith(word, at)) continue;
      this.#at += word.length;
      return token;
    }
    if (isInvalidNumber && mayBeInvalid) return this.#number(at);
    return { kind: "T_ERROR", at, message: "invalid token" };
  }

  #number(at: number): Token {
    NUMBER.lastIndex = at;
    const [text] = NUMBER.exec(this.#json) ?? [];
    const number = text === undefined ? undefined : textToNumber(text);
    if (text === undefined || number === undefined) return { kind: "T_ERROR", at, message: "invalid number" };
    this.#at = at + text.length;
    return { kind: "T_NUMBER", at, number };
  }

  #string(at: number): Token {
    const json = this.#json;
    let text = "";
    let from = at + 1;
    for (;;) {
      spend(INSTRUCTIONS_PER_ESCAPE);
      PLAIN_TEXT.lastIndex = from;
      text += PLAIN_TEXT.exec(json)?.[0] ?? "";
      const end = PLAIN_TEXT.lastIndex;
      const letter = json[end];
      if (letter === '"') {
        this.#at = end + 1;
        return { kind: "T_STRING", at, text };
      }
      if (letter !== "\\") return { kind: "T_ERROR", at: end, message: "unexpected end of string" };
      if (json[end + 1] === "u") {
        const unicode = unescapeUnicode(json, end);
        if (unicode === undefined)
          return { kind: "T_ERROR", at: end, message: "invalid unicode escape code" };
        text += unicode.text;
        from = unicode.end;
        continue;
      }
      const escaped = ESCAPED[json[end + 1] ?? ""];
      if (escaped === undefined) return { kind: "T_ERROR", at: end, message: "invalid escape code" };
      text += escaped;
      from = end + 2;
    }
  }
}

function startsAt(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

const UNICODE = /\\u([0-9a-f]{4})/iy;

/** `\uXXXX`, or two of them for a surrogate pair, as UTF-8 bytes. */
function unescapeUnicode(
  json: string,
  at: number,
): { readonly text: string; readonly end: number } | undefined {
  UNICODE.lastIndex = at;
  const first = UNICODE.exec(json)?.[1];
  if (first === undefined) return undefined;
  let code = Number.parseInt(first, 16);
  if ((code & 0xf800) === 0xd800) {
    if ((code & 0x400) !== 0) return undefined;
    const second = Number.parseInt(UNICODE.exec(json)?.[1] ?? "", 16);
    if (Number.isNaN(second) || (second & 0xfc00) !== 0xdc00) return undefined;
    code = 0x10000 + ((code & 0x3ff) << 10) + (second & 0x3ff);
  }
  const end = at + (code >= 0x10000 ? 12 : 6);
  return { text: Buffer.from(String.fromCodePoint(code), "utf8").toString("latin1"), end };
}
