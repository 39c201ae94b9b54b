/** The simulator's command line as its users run it: compiled, in a process of its own, on all cores. */
import { execFile } from "node:child_process";
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
  return (...argv) => run([join(OUT_DIR, "test", "sim", "main.js"), ...argv]);
}

function run(argv: string[]): Promise<SimulatorRun> {
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, argv, (error, stdout, stderr) => {
      if (child.exitCode === null) reject(error ?? new Error("the simulator was ended"));
      else resolve({ code: child.exitCode, stdout: stdout + stderr });
    });
  });
}
