/**
 * Programs from outside that some tests need. A person's machine may lack one: its tests are skipped, and one line says so. In CI
 * nothing is skipped: there an absent program must fail the tests instead of hiding them.
 */
import { spawnSync } from "node:child_process";

export const inCI: boolean = process.env.CI !== undefined && process.env.CI !== "";

/**
 * @param without what is not tested where the program is absent, for the line that says so.
 * @throws Error in CI when the program is absent.
 */
export function mayUse(program: "redis-server" | "redis-cli" | "ss", without: string): boolean {
  if (spawnSync(program, ["--version"]).status === 0) return true;
  if (inCI) throw new Error(`${program} is not installed, and CI must test with it`);
  console.warn(`skipped: ${without}, because ${program} is not installed`);
  return false;
}
