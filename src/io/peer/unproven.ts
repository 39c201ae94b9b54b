/** Limits on a connection whose peer has not proven itself yet: bytes and time. Judges nobody's proof. */
import type { Socket } from "node:net";
import type { PeerIdentity } from "../../protocol/peer/identity.ts";
import type { PauseGate } from "./pause-gate.ts";
import type { WebSocket } from "./ws.ts";

/** A WebSocket whose peer has proven itself; nothing listens to its messages yet. */
export interface ProvenConnection {
  readonly ws: WebSocket;
  readonly socket: Socket;
  readonly peer: PeerIdentity;
  readonly dialled: boolean;
}

/**
 * Calls `exceeded` once more than `bytesMax` have come in. ws has one limit for the life of a connection, and a
 * stranger must not use that of a replica.
 *
 * @returns stops watching.
 */
export function limitUnprovenBytes(socket: Socket, bytesMax: number, exceeded: () => void): () => void {
  let bytes = 0;
  let watching = true;
  // Added after the listener of ws, which has handled the chunk when this one sees it: the chunk that ends the
  // handshake may go on with megabytes of records.
  const onData = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (watching && bytes > bytesMax) exceeded();
  };
  socket.on("data", onData);
  return () => {
    watching = false;
    socket.off("data", onData);
  };
}

/** A timer that, as a stopped process's would, goes off only while the gate is open. @returns stops it. */
export function startTimer(gate: PauseGate, afterMs: number, expired: () => void): () => void {
  let running = true;
  const timer = setTimeout(() => {
    gate.whenRunning(() => {
      if (running) expired();
    });
  }, afterMs);
  return () => {
    running = false;
    clearTimeout(timer);
  };
}
