/** Collects what a replica must replay: RESP commands, one after the other, with SELECT where the database changes. */
import { LongText } from "../../base/long-text.ts";
import { encodeCommand } from "../../protocol/resp/command-encoder.ts";

/** Of deletions of keys that have expired or must give way; one is let through in any case. */
const UNASKED_BYTES_MAX = 32 * 1024 * 1024;

export class Effects {
  /** The database in which `text` begins. */
  startDb = 0;
  /** How much of `text` the commands' arguments do not tell; counted by those who append it. */
  foundBytes = 0;
  readonly #text = new LongText();
  #db = 0;

  /** Latin1 RESP text; empty when nothing changed. */
  get text(): string {
    return this.#text.toString();
  }

  /** The database in which `text` ends. */
  get endDb(): number {
    return this.#db;
  }

  get bytes(): number {
    return this.#text.length;
  }

  /** Whether deletions that nobody asked for may add so much: what commands propagate needs room of its own. */
  mayAdd(bytes: number): boolean {
    return this.bytes + bytes <= UNASKED_BYTES_MAX || this.bytes === 0;
  }

  clear(): void {
    this.#text.clear();
    this.foundBytes = 0;
  }

  /** @param encoded one RESP command that runs in database `db`. */
  append(db: number, encoded: string): void {
    if (this.bytes === 0) {
      this.startDb = db;
    } else if (db !== this.#db) {
      this.#text.add(encodeCommand(["SELECT", String(db)]));
    }
    this.#db = db;
    this.#text.add(encoded);
  }
}
