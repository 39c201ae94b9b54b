/** A YAML text whose values can be traced back to their lines. Judges the syntax, not the values. */
import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { InterrexError } from "../../src/base/errors.ts";

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
  const document = parseDocument(content, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line } = lines.linePos(error.pos[0]);
    throw new InterrexError("BAD_CONFIG", `${name}:${line}: this is not valid YAML: ${error.message}`, {
      cause: error,
    });
  }
  return {
    name,
    value: document.toJS({ maxAliasCount: 0 }) as unknown,
    lineOf(path) {
      return lines.linePos(offsetOf(document.contents, path)).line;
    },
  };
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
