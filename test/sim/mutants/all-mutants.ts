/** Every mutant. docs/proof.md lists the same names. */
import { ELECTION_MUTANTS } from "./election-mutants.ts";
import { MASKED_MUTANTS } from "./masked-mutants.ts";
import type { Mutant } from "./mutant.ts";
import { REPLICATION_MUTANTS } from "./replication-mutants.ts";
import { SHELL_MUTANTS } from "./shell-mutants.ts";

export const ALL_MUTANTS: readonly Mutant[] = [
  ...REPLICATION_MUTANTS,
  ...ELECTION_MUTANTS,
  ...SHELL_MUTANTS,
  ...MASKED_MUTANTS,
];

/** @param beginning of its name. */
export function mutantOf(beginning: string): Mutant {
  const mutant = ALL_MUTANTS.find(({ name }) => name.startsWith(beginning));
  if (mutant === undefined)
    throw new RangeError(`no mutant is called "${beginning}": \`--mutants\` lists them`);
  return mutant;
}
