/** Consecutive free ports of 127.0.0.1, with the peer ports that `interrex up` puts 10000 above them. */
import { InterrexError } from "../../src/base/errors.ts";
import { PEER_PORT_DISTANCE } from "../config/peer-port.ts";
import { bindProblem } from "../processes/check-ports.ts";

/** Their peer ports too stay below what Linux hands out by itself (32768 and up). */
const FIRST_PORT = 20_000;
const LAST_PORT = 22_700;
const ATTEMPTS = 100;

/** @throws InterrexError NO_FREE_PORT after too many attempts. */
export async function freePortRun(count: number): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const first = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - count - FIRST_PORT));
    if (await areFree(first, count)) return first;
  }
  throw new InterrexError("NO_FREE_PORT", `Found no ${count} free ports from ${FIRST_PORT} to ${LAST_PORT}`);
}

async function areFree(first: number, count: number): Promise<boolean> {
  for (let port = first; port < first + count; port += 1) {
    for (const candidate of [port, port + PEER_PORT_DISTANCE]) {
      if ((await bindProblem("127.0.0.1", candidate)) !== null) return false;
    }
  }
  return true;
}
