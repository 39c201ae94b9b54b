/** How much a peer, known or not, may cost. What happens at each limit is said where it is enforced. */
import type { Millis } from "../../base/ids.ts";
import type { PeerFrameLimits } from "../../protocol/peer/codec.ts";

export interface PeerLimits extends PeerFrameLimits {
  /** A link that has more than this unsent when a message is to be sent is let go; its peer resyncs. */
  readonly bufferedBytesMax: number;
  /** From the connect, or the accept, to the end of the handshake. */
  readonly handshakeMsMax: Millis;
  /** What an accepted connection may send before it has proven itself, its HTTP request included. */
  readonly unprovenBytesMax: number;
  /** At least 1. Accepted connections without a proven peer; HTTP requests for health and metrics are among them. */
  readonly unprovenConnectionsMax: number;
  /** A probe without an answer by then is `silent`. */
  readonly probeMsMax: Millis;
  readonly probesMax: number;
  /** Time for the peers to answer a close before their sockets are destroyed. */
  readonly closeMsMax: Millis;
  /** A link that lived less counts as a failed dial, so that one which is always refused backs off. */
  readonly stableMs: Millis;
  /** How often each side of a link looks for a sign of life, and gives one where it has written nothing since it looked last. */
  readonly lifeEveryMs: Millis;
  /** A link over which not a byte has come for so many looks is dead, though TCP may try for minutes to save it. */
  readonly silentLooksMax: number;
  readonly redialMsMin: Millis;
  readonly redialMsMax: Millis;
}

export const DEFAULT_PEER_LIMITS: PeerLimits = {
  controlBytesMax: 64 * 1024 * 1024,
  // One record can hold one Redis value of 512 MB.
  binaryBytesMax: 576 * 1024 * 1024,
  bufferedBytesMax: 256 * 1024 * 1024,
  handshakeMsMax: 2000,
  unprovenBytesMax: 32 * 1024,
  unprovenConnectionsMax: 256,
  probeMsMax: 250,
  probesMax: 64,
  closeMsMax: 500,
  stableMs: 1000,
  // Signs come every second at least, so that four more may be late before a link counts as dead after five.
  lifeEveryMs: 500,
  silentLooksMax: 10,
  redialMsMin: 100,
  redialMsMax: 250,
};
