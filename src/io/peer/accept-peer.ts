/**
 * The answering side of one WebSocket: sends the challenge, hears the hello, lets the peer in or says why not.
 * Limits on who may come this far, and for how long, are `peer-server.ts`'s.
 */
import type { Socket } from "node:net";
import { InterrexError } from "../../base/errors.ts";
import type { PeerIdentity } from "../../protocol/peer/identity.ts";
import { closeWithin } from "./close-within.ts";
import type { DialContext } from "./dial.ts";
import { Answerer, type Hello, nameOf, parseHello } from "./handshake.ts";
import { limitUnprovenBytes, type ProvenConnection } from "./unproven.ts";
import type { RawData, WebSocket } from "./ws.ts";

export interface AcceptOutcome {
  /** Why a peer that has proven who it is may not be linked; `null` when it may. */
  objectionTo(peer: PeerIdentity): string | null;
  established(connection: ProvenConnection): void;
  /** The connection is being closed; `who` is the dialler as far as it has said who it is. */
  refused(who: string, reason: string): void;
  /** The dialler is cut off from us by a partition: its time doesn't count until it ends. */
  held(): void;
}

/** What an acceptor needs is what a dialler needs. */
export type AcceptContext = DialContext;

export function acceptPeer(
  context: AcceptContext,
  ws: WebSocket,
  socket: Socket,
  outcome: AcceptOutcome,
): void {
  const { gate, reach, limits } = context;
  const answerer = new Answerer(context.credentials);
  let over = false;
  let cancelHold = (): void => {};

  const refuse = (who: string, reason: string): void => {
    if (over) return;
    over = true;
    // The limit of bytes holds until it is gone.
    closeWithin(gate, limits.closeMsMax, ws, 1008, reason);
    outcome.refused(who, reason);
  };

  const answer = (hello: Hello): void => {
    if (over) return;
    const { reply, refused } = answerer.answer(hello, outcome.objectionTo);
    ws.send(reply);
    if (refused !== null) {
      refuse(nameOf(hello.identity), refused);
      return;
    }
    over = true;
    // A prober has what it wanted; it closes.
    if (hello.purpose === "probe") return;
    stopLimit();
    ws.off("close", onClose);
    outcome.established({ ws, socket, peer: hello.identity, dialled: false });
  };

  const onHello = (data: RawData): void => {
    gate.whenRunning(() => {
      let hello: Hello;
      try {
        hello = parseHello(data as Buffer);
      } catch (error) {
        if (!(error instanceof InterrexError)) throw error;
        refuse("unknown", error.message);
        return;
      }
      if (!reach.allows(hello.identity.id)) outcome.held();
      cancelHold = reach.whenAllowed(hello.identity.id, () => gate.whenRunning(() => answer(hello)));
    });
  };

  const onClose = (code: number, reason: Buffer): void => {
    cancelHold();
    if (over || reason.length === 0) return;
    over = true;
    outcome.refused("unknown", `the dialler left (${code}): ${reason.toString("utf8")}`);
  };

  const stopLimit = limitUnprovenBytes(socket, limits.unprovenBytesMax, () => {
    refuse("unknown", "too many bytes before the handshake was done");
    ws.terminate();
  });
  gate.attach(ws);
  ws.once("close", () => gate.detach(ws));
  ws.on("error", (error) => refuse("unknown", error.message));
  ws.on("close", onClose);
  ws.once("message", onHello);
  ws.send(answerer.challenge());
}
