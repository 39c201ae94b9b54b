/**
 * What running one client command (or one EXEC) came to. The member's core reads it right after the run:
 * it makes one record of the effects, and decides when the reply may leave.
 * One object is reused for all commands: the hot path allocates nothing for it.
 */
import { type Millis, OFFSET_ZERO, type Offset } from "../../base/ids.ts";
import type { EncodedRequest } from "../../protocol/resp/encoded-request.ts";
import type { Effects } from "../keyspace/effects.ts";
import type { Publication } from "../keyspace/notifications.ts";
import type { CollectionType } from "../keyspace/value.ts";
import type { CommandContext } from "./context.ts";

/** A command that must wait asks for this instead of replying. 0 for no time limit. */
export type BlockRequest =
  /** WAIT: until so many replicas have received all that this session wrote. */
  | { readonly kind: "replicas"; readonly replicas: number; readonly timeoutMs: Millis }
  /** SAVE: until a snapshot stands that holds the record at `offset`. */
  | { readonly kind: "snapshot"; readonly offset: Offset; readonly timeoutMs: 0 }
  | KeyBlockRequest;

/** BLPOP and its like: until one of the keys lets the command go on. */
export interface KeyBlockRequest {
  readonly kind: "keys";
  readonly keys: readonly string[];
  /** Only while a key holds this type is it worth a try. */
  readonly type: CollectionType;
  /** Try also when the key does not hold that type any more (XREADGROUP then fails). */
  readonly whenGone?: boolean;
  readonly timeoutMs: Millis;
  /** Encoded reply once time is up. */
  readonly timeoutReply: string;
  /**
   * Tries the command on `key`, which has changed, as a handler would: it may change and propagate, behind what
   * changed the key. It must not hold on to the context.
   *
   * @returns the encoded reply, or `undefined` to wait on; it has then changed nothing.
   */
  serve(context: CommandContext, key: string): string | undefined;
}

export class Execution {
  /** The encoded reply, latin1; empty when there is none (CLIENT REPLY OFF, a blocked client). */
  reply = "";
  /**
   * Greatest offset among the records that last touched anything this command looked at. The reply must wait until it is
   * committed; of a command with effects, for their record, which may be the same one.
   */
  sawOffset: Offset = OFFSET_ZERO;
  /** PUBLISHed messages and keyspace notifications; they go out when `sawOffset` and the effects are committed. */
  publications: readonly Publication[] = [];
  /** Lines for clients in MONITOR; empty when there are none. */
  monitored = "";
  /** CLIENT REPLY OFF does not keep it back: the acknowledgements of SUBSCRIBE and its like. */
  pushed = false;
  /** The client waits, and has no reply yet. */
  block: BlockRequest | null = null;
  /** Close the connection once the reply is out (QUIT, a protocol error). */
  close = false;
  readonly #effects: Effects;

  /** @param effects the keyspace's, of the present command. */
  constructor(effects: Effects) {
    this.#effects = effects;
  }

  /**
   * What a replica must replay to reach the same state: RESP commands, latin1, one after the other,
   * deterministic (PXAT instead of EX, an expired key as DEL). Empty when nothing changed.
   */
  get effects(): string {
    return this.#effects.text;
  }

  /** Whether there are any. */
  get wrote(): boolean {
    return this.#effects.bytes > 0;
  }

  /** `effects` in bytes, when they are one request as it came: to be asked for before them, as it costs less. */
  get request(): EncodedRequest | null {
    return this.#effects.request;
  }

  /** The database in which `effects` begin; a later SELECT among them changes it. */
  get effectsDb(): number {
    return this.#effects.startDb;
  }

  /** The database in which they end. */
  get effectsEndDb(): number {
    return this.#effects.endDb;
  }
}
