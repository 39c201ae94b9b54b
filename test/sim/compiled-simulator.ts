/** The simulator's command line as its users run it: compiled, in a process of its own, on all cores. */
import { execFile, fork } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** Apart from what `npm run sim` compiles, which may be running. */
const OUT_DIR = ".sim/suite";

export interface SimulatorRun {
  readonly code: number;
  readonly stdout: string;
}

/** @returns runs it with these arguments. */
export async function compileSimulator(): Promise<(...argv: string[]) => Promise<SimulatorRun>> {
  const compiler = join("node_modules", ".bin", "tsc");
  await promisify(execFile)(compiler, ["-p", "tsconfig.sim.json", "--outDir", OUT_DIR]);
  return (...argv) => run(join(OUT_DIR, "test", "sim", "main.js"), argv);
}

/** Forked, not just started: it ends when this process does, whatever ended it. */
function run(main: string, argv: readonly string[]): Promise<SimulatorRun> {
  return new Promise((resolve, reject) => {
    const child = fork(main, argv, { silent: true });
    let stdout = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text) => (stdout += text));
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === null) reject(new Error(`the simulator was ended by ${signal}`));
      else resolve({ code, stdout });
    });
  });
}
