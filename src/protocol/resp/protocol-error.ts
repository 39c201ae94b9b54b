/** What is said to a client whose bytes are no Redis request. The texts are Redis 7.0's; when to say which is the decoder's. */
import { InterrexError } from "../../base/errors.ts";

/** The client's bytes can't be read any further: nothing after this point has a known beginning. */
export class ProtocolError extends InterrexError {
  /** @param reason what follows `Protocol error: ` in Redis's reply. */
  constructor(reason: string) {
    super("PROTOCOL_ERROR", `Protocol error: ${reason}`);
    this.name = "ProtocolError";
  }

  /** The encoded reply, latin1. Line ends in it become spaces, as in Redis: they would end the reply early. */
  get reply(): string {
    return `-ERR ${this.message.replaceAll(/[\r\n]/g, " ")}\r\n`;
  }
}
