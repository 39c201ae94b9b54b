/** Reads the documents: text, headings, links, tables, code. Judges nothing. */
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

export const ROOT: string = join(import.meta.dirname, "../..");

export const DOCUMENTS: readonly string[] = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "docs/architecture.md",
  "docs/benchmarks.md",
  "docs/compatibility.md",
  "docs/operations.md",
  "docs/protocol.md",
  "docs/redis-suite.md",
];

export function readDocument(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

export interface Link {
  /** Document that has the link, from the root. */
  readonly from: string;
  /** As written. */
  readonly target: string;
  /** File it points to, from the root. */
  readonly path: string;
  /** Without `#`; `null` when there is none. */
  readonly anchor: string | null;
}

/** Links to our own files; those to the web are left out. */
export function ownLinks(from: string): Link[] {
  const links: Link[] = [];
  for (const [, target = ""] of withoutCode(readDocument(from)).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const [path = "", anchor = null] = target.split("#", 2);
    const resolved = path === "" ? from : relative(ROOT, join(ROOT, dirname(from), path));
    links.push({ from, target, path: resolved, anchor });
  }
  return links;
}

/** Anchors of the headings, as GitHub makes them. */
export function anchorsOf(path: string): Set<string> {
  const headings = withoutCode(readDocument(path)).matchAll(/^#{1,6} (.+)$/gm);
  return new Set([...headings].map(([, title = ""]) => anchorOf(title)));
}

function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

/** The text of the section with that heading, up to the next heading of its level or above. */
export function sectionOf(path: string, title: string): string {
  const lines = readDocument(path).split("\n");
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, "") === title);
  if (start < 0) throw new Error(`${path} has no section "${title}"`);
  const level = (lines[start] ?? "").indexOf(" ");
  const length = lines.slice(start + 1).findIndex((line) => {
    const depth = /^(#+) /.exec(line)?.[1]?.length;
    return depth !== undefined && depth <= level;
  });
  return lines.slice(start, length < 0 ? undefined : start + 1 + length).join("\n");
}

/** The block of code, or the table, right after `<!-- marker -->`. */
export function blockAfter(path: string, marker: string): string {
  const text = readDocument(path);
  const at = text.indexOf(`<!-- ${marker} -->`);
  if (at < 0) throw new Error(`${path} has no marker "${marker}"`);
  const rest = text.slice(text.indexOf("\n", at) + 1);
  const fenced = /^```\w*\n([\s\S]*?)^```/m.exec(rest);
  if (rest.startsWith("```")) return fenced?.[1] ?? "";
  return rest.slice(0, rest.search(/\n(?!\|)/));
}

/** Rows of all tables in a text, without their headings; cells trimmed. */
export function tableRows(text: string): string[][] {
  const lines = text.split("\n");
  return lines
    .filter((line, at) => isRow(line) && !isRule(line) && !isRule(lines[at + 1] ?? ""))
    .map((line) =>
      line
        .slice(1, -1)
        .split(" | ")
        .map((cell) => cell.trim()),
    );
}

function isRow(line: string): boolean {
  return line.startsWith("|");
}

/** The line of dashes between a table's heading and its rows. */
function isRule(line: string): boolean {
  return /^\|[-|]+\|$/.test(line);
}

/** Words in backticks. */
export function codeWords(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, word = ""]) => word);
}

/** Blocks of shell commands. */
export function shellLines(path: string): string[] {
  const blocks = readDocument(path).matchAll(/^```sh\n([\s\S]*?)^```/gm);
  return [...blocks].flatMap(([, block = ""]) => block.split("\n")).filter((line) => line !== "");
}

function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, "");
}
