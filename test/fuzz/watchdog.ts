/** Ends a run that hangs within one input, which nothing on its own thread could, and says which one it was. */
import { Worker } from "node:worker_threads";

const LOOK_EVERY_MS = 1000;
/** What one input may take: of the processor, not of the clock, as the machine may be busy with something else. */
const INPUT_CPU_MS_MAX = 20_000;

/** Sends no message: the other thread would not read it. */
const WATCH = `
  const { writeSync } = require("node:fs");
  const { workerData } = require("node:worker_threads");
  const { count, what, everyMs, cpuMsMax } = workerData;
  let seen = -1;
  let since = process.cpuUsage();
  setInterval(() => {
    const now = Atomics.load(count, 0);
    const { user, system } = process.cpuUsage(since);
    if (now !== seen) since = process.cpuUsage();
    else if ((user + system) / 1000 > cpuMsMax) {
      writeSync(2, "\\nHANGS at input " + (now + 1) + ": replay it with: " + what + " --runs " + (now + 1) + "\\n");
      process.kill(process.pid, "SIGKILL");
    }
    seen = now;
  }, everyMs);
`;

export interface Watchdog {
  /** So many inputs are done. */
  progress(done: number): void;
  stop(): Promise<number>;
}

/** @param what the command that runs the same inputs. */
export function watchForHangs(what: string): Watchdog {
  const count = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(WATCH, {
    eval: true,
    workerData: { count, what, everyMs: LOOK_EVERY_MS, cpuMsMax: INPUT_CPU_MS_MAX },
  });
  return {
    progress: (done) => Atomics.store(count, 0, done),
    stop: () => worker.terminate(),
  };
}
