/** Where a process listens for its peers when nobody says otherwise. */
import { InterrexError } from "../../src/base/errors.ts";
import { PORT_MAX } from "./fields.ts";

export const PEER_PORT_DISTANCE = 10_000;

/**
 * The peer port that belongs to a client port.
 *
 * @throws InterrexError `BAD_CONFIG` when it would pass 65535.
 */
export function peerPortOf(clientPort: number, owner: string): number {
  const peerPort = clientPort + PEER_PORT_DISTANCE;
  if (peerPort <= PORT_MAX) return peerPort;
  throw new InterrexError(
    "BAD_CONFIG",
    `${owner}: port ${clientPort} leaves no room for its peer port (${clientPort} + ${PEER_PORT_DISTANCE} is past ${PORT_MAX}); ` +
      `choose a port up to ${PORT_MAX - PEER_PORT_DISTANCE}, or give peerPort explicitly`,
  );
}
