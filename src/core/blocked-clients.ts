/**
 * Clients that wait: in WAIT for replicas, in SAVE for a snapshot, in BLPOP and its like for keys. Keeps them in the order in which they blocked
 * and decides who is tried when a key has changed, and whose time is up. It runs no command itself and sends nothing.
 */
import type { Millis, Offset } from "../base/ids.ts";
import { error, integer, OK } from "../protocol/resp/reply.ts";
import type { BlockedCommand, Client } from "./client.ts";
import * as errors from "./commands/errors.ts";
import type { KeyBlockRequest } from "./commands/execution.ts";
import type { AwaitedKey } from "./keyspace/awaited-keys.ts";
import { ExpiryIndex, NO_EXPIRY } from "./keyspace/expiry-index.ts";
import type { Keyspace } from "./keyspace/keyspace.ts";
import { muted } from "./session.ts";

/** What the desk does for the blocked ones. */
export interface BlockedClientsOwner {
  /** A reply that depends on nothing. */
  reply(client: Client, text: string): void;
  /** A reply that speaks of data: it waits for what was seen, and for the reign to be confirmed. */
  replyWithData(client: Client, text: string, seen: Offset): void;
  /** It waits no more: what it has sent since may run, though not from within this call. */
  resume(client: Client): void;
  /** Replicas that have received all that this client wrote. */
  countReplicas(client: Client): number;
  /** Whether the standing snapshot holds the record at `offset`. */
  snapshotHolds(offset: Offset): boolean;
  /** Tries the command again. @returns false when the client must wait on; else it has been answered. */
  retry(client: Client, argv: BlockedCommand["argv"], request: KeyBlockRequest, key: string): boolean;
}

export class BlockedClients {
  readonly #keyspace: Keyspace;
  readonly #owner: BlockedClientsOwner;
  /** In the order in which they blocked. */
  readonly #clients = new Set<Client>();
  /** Those of them that wait for replicas or for a snapshot. */
  readonly #waits = new Set<Client>();
  /** Those of them whose time will be up. */
  readonly #deadlines = new ExpiryIndex<Client>();
  /** Their slots there. */
  readonly #deadlineOf = new Map<Client, number>();
  /** By database and key, in the order in which they blocked. */
  readonly #waiters = new Map<number, Map<string, Set<Client>>>();
  /** How many want to hear also of keys that are gone. */
  #whenGone = 0;

  constructor(keyspace: Keyspace, owner: BlockedClientsOwner) {
    this.#keyspace = keyspace;
    this.#owner = owner;
  }

  get size(): number {
    return this.#clients.size;
  }

  /** When `expire` will find something. */
  get deadlineMs(): Millis {
    const first = this.#deadlines.first();
    return first === NO_EXPIRY ? Number.POSITIVE_INFINITY : this.#deadlines.atMs(first);
  }

  add(client: Client, blocked: BlockedCommand): void {
    client.blocked = blocked;
    client.session.blocked = true;
    this.#clients.add(client);
    const { request, deadlineMs } = blocked;
    if (deadlineMs !== Number.POSITIVE_INFINITY) {
      this.#deadlineOf.set(client, this.#deadlines.add(client, deadlineMs));
    }
    if (request.kind !== "keys") {
      this.#waits.add(client);
      return;
    }
    if (request.whenGone === true) this.#whenGone += 1;
    for (const key of request.keys) this.#await(client, key);
  }

  /** It waits no more, whatever the reason; harmless when it did not. */
  remove(client: Client): void {
    const { blocked } = client;
    if (blocked === null) return;
    client.blocked = null;
    client.session.blocked = false;
    this.#clients.delete(client);
    this.#waits.delete(client);
    const deadline = this.#deadlineOf.get(client);
    if (deadline !== undefined) this.#deadlines.remove(deadline);
    this.#deadlineOf.delete(client);
    const { request } = blocked;
    if (request.kind !== "keys") return;
    if (request.whenGone === true) this.#whenGone -= 1;
    for (const key of request.keys) this.#forget(client, key);
  }

  /** A key has changed: whoever waits for it is tried, in order, until it has nothing more to give. */
  serve({ db, key }: AwaitedKey): void {
    const database = this.#keyspace.database(db);
    database.awaited.taken(key);
    for (const client of this.#waiters.get(db)?.get(key) ?? []) {
      const { blocked } = client;
      if (blocked?.request.kind !== "keys") continue;
      const type = database.typeAt(key);
      if (type === undefined && this.#whenGone === 0) return;
      const { request, argv } = blocked;
      if (type !== request.type && request.whenGone !== true) continue;
      if (!this.#owner.retry(client, argv, request, key)) continue;
      this.remove(client);
      this.#owner.resume(client);
    }
  }

  /** Acks came that may satisfy a WAIT, or a snapshot stands that satisfies a SAVE. */
  settleWaits(): void {
    for (const client of this.#waits) this.settleWait(client);
  }

  /** Ends the client's WAIT if enough replicas have what it wrote, its SAVE if a snapshot has what it saw. */
  settleWait(client: Client): void {
    const request = client.blocked?.request;
    if (request?.kind === "replicas") {
      if (this.#owner.countReplicas(client) >= request.replicas) this.timeOut(client);
    } else if (request?.kind === "snapshot" && this.#owner.snapshotHolds(request.offset)) {
      this.remove(client);
      this.#reply(client, OK);
      this.#owner.resume(client);
    }
  }

  /** The snapshot that SAVE waits for could not be written. */
  failSnapshots(): void {
    for (const client of this.#waits) {
      if (client.blocked?.request.kind === "snapshot") this.fail(client, errors.SNAPSHOT_FAILED);
    }
  }

  /** Whoever has waited long enough gets the reply for that. */
  expire(nowMs: Millis): void {
    while (this.deadlineMs <= nowMs) this.timeOut(this.#deadlines.keyOf(this.#deadlines.first()));
  }

  /** As if its time were up: what WAIT has got so far, or nothing. */
  timeOut(client: Client): void {
    const { blocked } = client;
    if (blocked === null) return;
    if (blocked.request.kind === "snapshot") return this.fail(client, errors.UNBLOCKED_BY_CLIENT);
    this.remove(client);
    const { request, seen } = blocked;
    if (request.kind === "keys") {
      const text = muted(client.session, request.timeoutReply);
      if (text !== "") this.#owner.replyWithData(client, text, seen);
    } else this.#reply(client, integer(this.#owner.countReplicas(client)));
    this.#owner.resume(client);
  }

  /** @param refusal an error text. */
  fail(client: Client, refusal: string): void {
    if (client.blocked === null) return;
    this.remove(client);
    this.#reply(client, error(refusal));
    this.#owner.resume(client);
  }

  failAll(refusal: string): void {
    for (const client of this.#clients) this.fail(client, refusal);
  }

  #reply(client: Client, text: string): void {
    const heard = muted(client.session, text);
    if (heard !== "") this.#owner.reply(client, heard);
  }

  #await(client: Client, key: string): void {
    const { db } = client.session;
    this.#keyspace.database(db).awaited.add(key);
    let ofDatabase = this.#waiters.get(db);
    if (ofDatabase === undefined) {
      ofDatabase = new Map();
      this.#waiters.set(db, ofDatabase);
    }
    const known = ofDatabase.get(key);
    if (known === undefined) ofDatabase.set(key, new Set([client]));
    else known.add(client);
  }

  #forget(client: Client, key: string): void {
    const { db } = client.session;
    const ofDatabase = this.#waiters.get(db);
    const known = ofDatabase?.get(key);
    if (known?.delete(client) !== true || known.size > 0) return;
    ofDatabase?.delete(key);
    this.#keyspace.database(db).awaited.remove(key);
  }
}
