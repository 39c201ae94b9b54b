/**
 * What running one client command (or one EXEC) came to. The member's core reads it right after the run:
 * it makes one record of the effects, and decides when the reply may leave.
 * One object is reused for all commands: the hot path allocates nothing for it.
 */
import type { Offset } from "../../base/ids.ts";

export interface Execution {
  /** The encoded reply, latin1; empty when there is none (CLIENT REPLY OFF, a blocked client). */
  reply: string;
  /**
   * What a replica must replay to reach the same state: RESP commands, latin1, one after the other,
   * deterministic (PXAT instead of EX, an expired key as DEL). Empty when nothing changed.
   */
  effects: string;
  /** The database in which `effects` begin; a later SELECT among them changes it. */
  effectsDb: number;
  /**
   * Greatest offset among the records that last touched anything this command looked at, its own not counted.
   * The reply must wait until it is committed.
   */
  sawOffset: Offset;
  /** PUBLISHed messages and keyspace notifications; they go out when `sawOffset` and the effects are committed. */
  publications: { channel: string; message: string }[];
  /** WAIT: the reply is withheld until so many replicas have received all that this session wrote. */
  waitFor: { readonly replicas: number; readonly timeoutMs: number } | null;
  /** Close the connection once the reply is out (QUIT, a protocol error). */
  close: boolean;
}
