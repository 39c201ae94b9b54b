import { describe, expect, it } from "vitest";
import { sectionOf } from "./markdown.ts";

/** As the design numbers them. */
const INVARIANTS = [
  ...Array.from({ length: 11 }, (_, index) => `S${index + 1}`),
  ...Array.from({ length: 5 }, (_, index) => `L${index + 1}`),
];

function filesOf(line: string | undefined): string[] {
  return [...(line ?? "").matchAll(/`([\w./-]+\.ts)`/g)].map(([, path = ""]) => path);
}

describe.each(INVARIANTS)("invariant %s", (number) => {
  const section = sectionOf("docs/protocol.md", number);

  // That the files and functions exist is checked for all documents, in links.test.ts.
  it("names the code that enforces it", () => {
    const files = filesOf(/^- \*\*Enforced by\*\*: (.+)$/m.exec(section)?.[1]);
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((path) => !/^(src|sentinel)\//.test(path))).toEqual([]);
  });

  it("names the tests that check it", () => {
    const files = filesOf(/^- \*\*Checked by\*\*: (.+)$/m.exec(section)?.[1]);
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((path) => !path.startsWith("test/"))).toEqual([]);
  });
});
