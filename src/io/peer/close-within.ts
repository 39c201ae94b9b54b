/** Closes a WebSocket in order, but not for longer than allowed. Decides nothing about why. */

import type { Millis } from "../../base/ids.ts";
import type { PauseGate } from "./pause-gate.ts";
import { startTimer } from "./unproven.ts";
import type { WebSocket } from "./ws.ts";

/** What a close frame has room for. */
const REASON_BYTES_MAX = 123;

/** Sends a close frame with the reason, cut to fit; destroys the socket when the peer doesn't answer in time. */
export function closeWithin(
  gate: PauseGate,
  closeMsMax: Millis,
  ws: WebSocket,
  code: number,
  reason: string,
): void {
  ws.close(code, fitting(reason));
  const stop = startTimer(gate, closeMsMax, () => ws.terminate());
  ws.once("close", stop);
}

/** Cut between characters: half of one is invalid UTF-8, and the peer would report that instead of the reason. */
function fitting(reason: string): string {
  let bytes = 0;
  let fits = "";
  for (const character of reason) {
    bytes += Buffer.byteLength(character);
    if (bytes > REASON_BYTES_MAX) break;
    fits += character;
  }
  return fits;
}
