/** Collects what a replica must replay: RESP commands, one after the other, with SELECT where the database changes. */
import { encodeCommand } from "../../protocol/resp/command-encoder.ts";

/** Of deletions of keys that have expired or must give way; one is let through in any case. */
const UNASKED_BYTES_MAX = 32 * 1024 * 1024;

export class Effects {
  /** Latin1 RESP text; empty when nothing changed. */
  text = "";
  /** The database in which `text` begins. */
  startDb = 0;
  /** How much of `text` the commands' arguments do not tell; counted by those who append it. */
  foundBytes = 0;
  #db = 0;

  /** Whether deletions that nobody asked for may add so much: what commands propagate needs room of its own. */
  mayAdd(bytes: number): boolean {
    return this.text.length + bytes <= UNASKED_BYTES_MAX || this.text === "";
  }

  clear(): void {
    this.text = "";
    this.foundBytes = 0;
  }

  /** @param encoded one RESP command that runs in database `db`. */
  append(db: number, encoded: string): void {
    if (this.text === "") {
      this.startDb = db;
    } else if (db !== this.#db) {
      this.text += encodeCommand(["SELECT", String(db)]);
    }
    this.#db = db;
    this.text += encoded;
  }
}
