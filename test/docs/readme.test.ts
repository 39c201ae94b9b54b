import { describe, expect, it } from "vitest";
import { createCommandTable } from "../../src/core/commands/table.ts";
import { blockAfter, readDocument, sectionOf, tableRows } from "./markdown.ts";

describe("README", () => {
  it("shows the example that is executed as a test", () => {
    const path = "test/docs/start-cluster-example.test.ts";
    const body = (text: string): string => text.slice(text.indexOf("\nit("));
    expect(body(blockAfter("README.md", `example: ${path}`))).toBe(body(readDocument(path)));
  });

  it("lists exactly the commands that a node has", () => {
    const rows = tableRows(blockAfter("README.md", "commands"));
    const listed = rows.flatMap(([, names = ""]) => names.split(" "));
    const known = createCommandTable().commands.map(({ fullName }) => fullName.toUpperCase());
    expect(listed.sort()).toEqual(known.sort());
  });

  it("names every package that the program depends on", () => {
    const { dependencies } = JSON.parse(readDocument("package.json")) as { dependencies: object };
    const links = sectionOf("README.md", "Packages").matchAll(/\[([\w.-]+)\]\(/g);
    const named = [...links].map(([, name = ""]) => name);
    expect(named).toEqual(expect.arrayContaining(Object.keys(dependencies)));
  });
});
