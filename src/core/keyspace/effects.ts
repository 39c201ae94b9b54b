/** Collects what a replica must replay: RESP commands, one after the other, with SELECT where the database changes. */
import { LongText } from "../../base/long-text.ts";
import { encodeCommand } from "../../protocol/resp/command-encoder.ts";
import type { EncodedRequest } from "../../protocol/resp/encoded-request.ts";

/** Of deletions of keys that have expired or must give way; one is let through in any case. */
const UNASKED_BYTES_MAX = 32 * 1024 * 1024;

export class Effects {
  /** The database in which `text` begins. */
  startDb = 0;
  /** How much of `text` the commands' arguments do not tell; counted by those who append it. */
  foundBytes = 0;
  readonly #text = new LongText();
  #db = 0;
  #request: EncodedRequest | null = null;

  /** All of it, when that is one request as it came. */
  get request(): EncodedRequest | null {
    return this.#request;
  }

  /** Latin1 RESP text; empty when nothing changed. */
  get text(): string {
    this.#write();
    return this.#text.toString();
  }

  /** The database in which `text` ends. */
  get endDb(): number {
    return this.#db;
  }

  get bytes(): number {
    const request = this.#request;
    return request === null ? this.#text.length : request.end - request.start;
  }

  /** Whether deletions that nobody asked for may add so much: what commands propagate needs room of its own. */
  mayAdd(bytes: number): boolean {
    return this.bytes + bytes <= UNASKED_BYTES_MAX || this.bytes === 0;
  }

  clear(): void {
    this.#text.clear();
    this.#request = null;
    this.foundBytes = 0;
  }

  /** As `append`, of a command as it came; its bytes must stay until all of this is cleared, or has been put into a record. */
  appendRequest(db: number, request: EncodedRequest): void {
    if (this.bytes > 0) {
      this.append(db, textOf(request));
      return;
    }
    this.startDb = db;
    this.#db = db;
    this.#request = request;
  }

  /** @param encoded one RESP command that runs in database `db`. */
  append(db: number, encoded: string): void {
    this.#write();
    if (this.bytes === 0) {
      this.startDb = db;
    } else if (db !== this.#db) {
      this.#text.add(encodeCommand(["SELECT", String(db)]));
    }
    this.#db = db;
    this.#text.add(encoded);
  }

  /** It is no longer one request alone, or is wanted as a text. */
  #write(): void {
    if (this.#request === null) return;
    this.#text.add(textOf(this.#request));
    this.#request = null;
  }
}

function textOf({ bytes, start, end }: EncodedRequest): string {
  return bytes.toString("latin1", start, end);
}
