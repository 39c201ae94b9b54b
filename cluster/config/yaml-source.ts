/** A YAML text whose values can be traced back to their lines. Judges the syntax, not the values. */
import {
  type Document,
  isMap,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  parseDocument,
} from "yaml";
import { InterrexError } from "../../src/base/errors.ts";
import { shownText } from "./shown.ts";

/** Of the parser's stack, which grows by two or so with each level; ours have four levels. */
const NESTING_MAX = 100;

export type ValuePath = readonly PropertyKey[];

export interface YamlSource {
  /** The file's path as the user knows it. */
  readonly name: string;
  readonly value: unknown;
  /** The line (from 1) of the key or item at `path`; of its nearest parent when it is not there. */
  lineOf(path: ValuePath): number;
}

/** @throws InterrexError `BAD_CONFIG` when it is no YAML; the message names file and line. */
export function parseYaml(name: string, content: string): YamlSource {
  const lines = new LineCounter();
  refuseDeepNesting(name, content);
  const document = parseDocument(content, {
    lineCounter: lines,
    prettyErrors: false,
    // Its warnings would be Node's, beside our own error about the same key.
    logLevel: "error",
  });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line } = lines.linePos(error.pos[0]);
    if (error.code === "MULTIPLE_DOCS") {
      throw refusal(`${name}:${line}: a second document begins here; keep one, without a line of ---`, error);
    }
    throw refusal(`${name}:${line}: this is not valid YAML: ${shownText(error.message)}`, error);
  }
  return {
    name,
    value: valueIn(name, document),
    lineOf(path) {
      return lines.linePos(offsetOf(document.contents, path)).line;
    },
  };
}

/**
 * Refuses a file nested so deep that what comes after would run out of stack: composing it recurses, and V8 may then end
 * the process instead of throwing. This first pass does not recurse.
 */
function refuseDeepNesting(name: string, content: string): void {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(content)) {
    // A step yields the documents that it ends; none is wanted here.
    for (const _ of parser.next(lexeme));
    if (parser.stack.length > NESTING_MAX) {
      throw refusal(`${name}: this is nested deeper than any configuration; look for a stray [ or {`);
    }
  }
}

function valueIn(name: string, document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    // Of what has parsed, only an alias can't be resolved: a few of them could make gigabytes of a small file.
    throw refusal(`${name}: this can't be read: write out in full what *aliases stand for`, cause);
  }
}

function refusal(message: string, cause?: unknown): InterrexError {
  return new InterrexError("BAD_CONFIG", message, cause === undefined ? {} : { cause });
}

function offsetOf(root: Node | null, path: ValuePath): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const step of path) {
    const found = childOf(node, step);
    if (found === undefined) break;
    offset = found.offset;
    node = found.node;
  }
  return offset;
}

function childOf(parent: unknown, step: PropertyKey): { offset: number; node: unknown } | undefined {
  if (isSeq(parent) && typeof step === "number") {
    const node = parent.items[step] as Node | undefined;
    return node === undefined ? undefined : { offset: node.range?.[0] ?? 0, node };
  }
  if (!isMap(parent)) return undefined;
  for (const pair of parent.items) {
    if (!isPair(pair) || !isScalar(pair.key) || String(pair.key.value) !== String(step)) continue;
    return { offset: pair.key.range?.[0] ?? 0, node: pair.value };
  }
  return undefined;
}
