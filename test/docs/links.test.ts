import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { anchorsOf, DOCUMENTS, ownLinks, ROOT, readDocument } from "./markdown.ts";

/** `path/of/file.ts` (`symbol`, `other`), as the documents name code. */
const NAMED_CODE =
  /`((?:src|sentinel|cluster|cli|bench|test|config)\/[\w./-]+\.(?:ts|json|yaml))`(?: \(((?:`#?\w+`(?:, )?)+))?/g;

interface NamedCode {
  readonly path: string;
  readonly symbols: readonly string[];
}

function namedCode(document: string): NamedCode[] {
  return [...readDocument(document).matchAll(NAMED_CODE)].map(([, path = "", symbols = ""]) => ({
    path,
    symbols: [...symbols.matchAll(/`(#?\w+)`/g)].map(([, symbol = ""]) => symbol),
  }));
}

function hasSymbol(path: string, symbol: string): boolean {
  const text = readFileSync(join(ROOT, path), "utf8");
  return new RegExp(`(?<![\\w#])${symbol}\\b`).test(text);
}

describe.each(DOCUMENTS)("%s", (document) => {
  it("links only to files that exist", () => {
    const broken = ownLinks(document).filter(({ path }) => !existsSync(join(ROOT, path)));
    expect(broken).toEqual([]);
  });

  it("links only to headings that exist", () => {
    const broken = ownLinks(document).filter(
      ({ path, anchor }) => anchor !== null && path.endsWith(".md") && !anchorsOf(path).has(anchor),
    );
    expect(broken).toEqual([]);
  });

  it("names only files, and functions in them, that exist", () => {
    const wrong = namedCode(document).flatMap(({ path, symbols }) => {
      if (!existsSync(join(ROOT, path))) return [path];
      return symbols.filter((symbol) => !hasSymbol(path, symbol)).map((symbol) => `${path}: ${symbol}`);
    });
    expect(wrong).toEqual([]);
  });
});
