/**
 * Ports for the members of in-process clusters. They must be known before the members start (each is told where
 * the others are), and a killed member's must be free to come back to. So they come in blocks below the range that
 * the system hands out by itself, and who binds the first port of a block owns the others: no two clusters on this
 * machine, whatever their processes, share a block.
 */
import { createServer, type Server } from "node:net";
import { InterrexError } from "../src/base/errors.ts";
import { bindProblem } from "./processes/check-ports.ts";

/** Above and below are the ports of clusters of processes, as chaos runs and tests start them. */
const FIRST_PORT = 23_000;
const BLOCK_PORTS = 64;
/** Up to 29975; Linux hands out 32768 and up to connects and port 0, other systems higher ones. */
const BLOCKS = 109;

/** The claims of those who took ports, until they give them back. */
const claimsOf = new WeakMap<readonly number[], readonly Server[]>();

/**
 * @returns `count` ports that are free, to be given back as this same array.
 * @throws InterrexError `NO_FREE_PORT` when every block is taken.
 */
export async function takeFreePorts(host: string, count: number): Promise<number[]> {
  const claims: Server[] = [];
  const ports: number[] = [];
  claimsOf.set(ports, claims);
  const start = Math.floor(Math.random() * BLOCKS);
  for (let tried = 0; ports.length < count; tried++) {
    if (tried === BLOCKS) {
      giveBackPorts(ports);
      throw new InterrexError("NO_FREE_PORT", `Found no ${count} free ports from ${FIRST_PORT} on ${host}`);
    }
    const first = FIRST_PORT + BLOCK_PORTS * ((start + tried) % BLOCKS);
    const claim = await tryClaim(host, first);
    if (claim === null) continue;
    claims.push(claim);
    for (let port = first + 1; port < first + BLOCK_PORTS && ports.length < count; port++) {
      // Programs that know nothing of blocks may sit in one.
      if ((await bindProblem(host, port)) === null) ports.push(port);
    }
  }
  return ports;
}

export function giveBackPorts(ports: readonly number[]): void {
  for (const claim of claimsOf.get(ports) ?? []) claim.close();
  claimsOf.delete(ports);
}

/** The held first port of a block, or `null` when another cluster has it. */
function tryClaim(host: string, port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const claim = createServer((socket) => socket.destroy());
    // A claim alone keeps no process alive.
    claim.unref();
    claim.once("error", () => resolve(null));
    claim.listen({ host, port, exclusive: true }, () => resolve(claim));
  });
}
