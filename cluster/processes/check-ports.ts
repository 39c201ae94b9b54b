/** Finds out whether ports are free, before anything is started. */
import { createServer } from "node:net";
import { InterrexError } from "../../src/base/errors.ts";
import type { PlannedProcess } from "./layout.ts";

/** @throws InterrexError `PORT_IN_USE` for the first that is taken, with its owner and what to do. */
export async function checkPortsFree(processes: readonly PlannedProcess[]): Promise<void> {
  for (const { id, kind, bindHost, port, peerPort } of processes) {
    for (const [number, use] of [
      [port, "clients"],
      [peerPort, "peers"],
    ] as const) {
      const problem = await bindProblem(bindHost, number);
      if (problem === null) continue;
      const flag = kind === "node" ? "--port" : "--sentinel-port";
      const what =
        problem.code === "EADDRINUSE"
          ? `Port ${number} on ${bindHost} is in use, and ${id} needs it for its ${use}; stop what uses it, or give another ${flag}`
          : `${id} cannot listen on ${bindHost}:${number} (${problem.message}); give another --host or ${flag}`;
      throw new InterrexError("PORT_IN_USE", what, { cause: problem });
    }
  }
}

/** @returns `null` when the port can be bound just now. */
export function bindProblem(host: string, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", resolve);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
