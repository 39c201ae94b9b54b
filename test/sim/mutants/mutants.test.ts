/** The simulator must see: each rule made wrong is found within a few seeds, and the documents know all of them. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ALL_MUTANTS } from "./all-mutants.ts";
import { find } from "./mutant.ts";

const SEEDS_MAX = 60;

describe("a rule made wrong", () => {
  const quick = ALL_MUTANTS.filter((mutant) => mutant.isQuick);

  it.each(quick)("is found: $name", { timeout: 120_000 }, (mutant) => {
    expect(find(mutant, SEEDS_MAX)).not.toBeNull();
  });

  it("has a name of its own, and is listed in docs/proof.md, as nothing else is", () => {
    const proof = readFileSync("docs/proof.md", "utf8");
    const table = proof.slice(proof.indexOf("| made wrong |")).split("\n\n")[0] ?? "";
    const listed = table
      .split("\n")
      .slice(2)
      .map((row) => row.split(" | ")[0]?.replace(/^\| /, ""));
    expect(listed).toEqual(ALL_MUTANTS.map(({ name }) => name));
    expect(new Set(listed).size).toBe(listed.length);
  });
});
