/**
 * The Redis clients of a data node: who is connected, what each of them sends to the member's desk, and the way back for its replies.
 * It decides nothing about commands.
 */
import type { Millis } from "../base/ids.ts";
import type { Instant } from "../base/instant.ts";
import { Client } from "../core/client.ts";
import type { Dispatcher } from "../core/commands/dispatcher.ts";
import type { ClientBuffers } from "../core/commands/host.ts";
import type { Member } from "../core/member.ts";
import { ClientSession } from "../core/session.ts";
import { CommandTurns } from "../io/redis/command-turns.ts";
import type { RedisConnection, RedisConnectionHandler } from "../io/redis/redis-connection.ts";
import type { ProtocolError } from "../protocol/resp/protocol-error.ts";
import type { RequestDecoder } from "../protocol/resp/request-decoder.ts";
import { refuseUnprotected } from "./client-access.ts";
import { LeavingClients } from "./leaving-clients.ts";
import type { NodeConfig } from "./node-config.ts";

/** Of replies to one client within a batch. */
const READY_BYTES_MAX = 4 * 1024 * 1024;
/** Replies of more do not wait for those of other clients: megabytes that wait are out of the caches, and survive garbage collections. */
const LARGE_BYTES_MIN = 64 * 1024;

/** What a command may take, where its time is measured, and else be given, to be one of many without a look at the clock. */
const QUICK_MS_MAX: Millis = 0.5;
const QUICK_ARGUMENTS_MAX = 64;
/** Its messages are no part of that time. */
const QUICK_DELIVERIES_MAX = 16;

/** A client that the member has let go, and what is left to be ended. */
interface Leaver {
  readonly client: Client;
  readonly connection: RedisConnection;
}

export interface NodeClientsOwner {
  /** `null` until the node has recovered. */
  member(): Member | null;
  /** Commands are taken only then. */
  isRunning(): boolean;
  isPasswordRequired(): boolean;
  now(): Instant;
  /** What commands have led to so far is due. */
  carryOut(member: Member): void;
  /** As `carryOut`, and sends the replies. */
  sendReplies(): void;
  /** A batch of commands has run, until about this moment. */
  ran(untilMs: Millis): void;
  /** So have all of this turn, so many. */
  turnEnds(batches: number): void;
  closed(client: Client): void;
  /** What must not happen did. */
  fail(error: unknown): void;
}

export class NodeClients {
  readonly #config: NodeConfig;
  readonly #dispatcher: Dispatcher;
  readonly #owner: NodeClientsOwner;
  readonly #connections = new Map<Client, RedisConnection>();
  readonly #turns: CommandTurns<Client>;
  readonly #leaving: LeavingClients<Leaver>;
  constructor(config: NodeConfig, dispatcher: Dispatcher, owner: NodeClientsOwner) {
    this.#config = config;
    this.#dispatcher = dispatcher;
    this.#owner = owner;
    const nowMs = (): Millis => owner.now().monoMs;
    this.#turns = new CommandTurns({
      nowMs,
      isRunning: () => owner.isRunning(),
      sendReplies: () => this.sendReplies(),
      run: (client) => this.#connections.get(client)?.processBuffered(),
      turnEnds: (batches) => this.#guarded(() => owner.turnEnds(batches)),
    });
    this.#leaving = new LeavingClients({ nowMs, end: (leaver) => this.#end(leaver) });
  }

  get size(): number {
    return this.#connections.size;
  }

  /** @returns an error to be sent before the connection is closed, for one that is not served. */
  accept(connection: RedisConnection): RedisConnectionHandler | string {
    const member = this.#owner.member();
    if (member === null) return "-LOADING The node is starting";
    const refusal = refuseUnprotected(this.#config, connection.remoteAddress);
    if (refusal !== null) return refusal;
    const session = new ClientSession({
      id: connection.id,
      address: connection.remoteAddress,
      localAddress: connection.localAddress,
      createdAtMs: Date.now(),
    });
    const client = new Client(session);
    this.#dispatcher.connect(session);
    member.desk.add(client);
    this.#connections.set(client, connection);
    return {
      commands: (decoder) => this.#commands(member, client, connection, decoder),
      inputEnded: () => this.#inputEnded(member, client, connection),
      protocolError: (error) => this.#protocolError(member, client, connection, error),
      closed: () => {
        this.#turns.forget(client);
        if (this.#connections.delete(client)) this.#forget(client);
      },
    };
  }

  closeSession(session: ClientSession): void {
    const desk = this.#owner.member()?.desk;
    const client = desk?.client(session);
    if (client !== undefined && this.#connections.has(client)) desk?.close(client);
  }

  buffersOf(session: ClientSession): ClientBuffers | undefined {
    const client = this.#owner.member()?.desk.client(session);
    const connection = client && this.#connections.get(client);
    if (client === undefined || connection === undefined) return undefined;
    const { heldBytes, freeBytes } = connection.requestMemory;
    const outputBytes = connection.bufferedBytes + client.readyBytes + client.heldBytes;
    return { queryBytes: heldBytes, queryFreeBytes: freeBytes, outputBytes };
  }

  /** Sends what is ready for this client. */
  output(client: Client): void {
    const connection = this.#connections.get(client);
    if (connection === undefined) return;
    connection.subscriber = client.session.subscriptions > 0;
    for (const piece of client.takeReady()) connection.write(piece);
  }

  /** Sends the rest, and ends the connection. */
  close(client: Client): void {
    const connection = this.#connections.get(client);
    if (connection === undefined) return;
    for (const piece of client.takeReady()) connection.write(piece);
    connection.write(client.lastWords);
    // It is no client any more, though its socket may take a while to close.
    this.#turns.forget(client);
    this.#connections.delete(client);
    this.#leaving.add({ client, connection });
  }

  /** Takes up, in its turn, what the client has sent while it was on hold. */
  resume(client: Client): void {
    if (this.#connections.has(client)) this.#turns.wait(client);
  }

  /** Sends the replies of all that has run so far, though its turn has not ended. */
  sendReplies(): void {
    this.#guarded(() => this.#owner.sendReplies());
  }

  /** The node runs again: whose turn came meanwhile have it now. */
  goOn(): void {
    this.#turns.resume();
  }

  #commands(member: Member, client: Client, connection: RedisConnection, decoder: RequestDecoder): void {
    const owner = this.#owner;
    if (client.blocked !== null || client.pending !== null || client.closing || !owner.isRunning()) {
      // It had still to run this when it closed its side, and waits now for what nobody would take.
      if (connection.inputEnded && owner.isRunning()) this.#close(member, client);
      return;
    }
    if (this.#mustWait(client)) {
      // What it has sent is enough for now, and more of it would be kept in memory.
      connection.pauseReading();
      return;
    }
    const now = owner.now();
    // Others' replies may be sent first, and its own then be more than its limit.
    if (!this.#turns.mayBegin(client, now.monoMs) || !connection.isOpen) return;
    try {
      decoder.unauthenticated = owner.isPasswordRequired() && !client.session.authenticated;
      member.beginCommands(now);
      for (;;) {
        let isQuick = true;
        if (member.desk.runPlain(client, decoder) > 0) {
          if (client.backedUp) break;
          isQuick = client.session.tookMs < QUICK_MS_MAX;
        } else {
          const argv = decoder.next();
          if (argv === undefined) break;
          const deliveredBefore = member.desk.deliveries;
          if (!member.desk.run(client, argv, decoder.lastRequest)) break;
          isQuick =
            client.session.tookMs < QUICK_MS_MAX &&
            argv.length < QUICK_ARGUMENTS_MAX &&
            member.desk.deliveries - deliveredBefore < QUICK_DELIVERIES_MAX;
        }
        if (client.readyBytes > READY_BYTES_MAX) {
          // Written now, it counts for the limits of output, and a client that exceeds them is let go before there is more.
          owner.carryOut(member);
          if (!this.#connections.has(client) || !connection.isOpen) return;
        }
        decoder.unauthenticated = owner.isPasswordRequired() && !client.session.authenticated;
        if (decoder.bufferedBytes === 0) {
          decoder.keep();
          break;
        }
        if (!this.#turns.mayGoOn(isQuick)) {
          this.#turns.wait(client);
          break;
        }
      }
      if (!this.#mustWait(client)) this.#allTaken(member, client, connection);
      if (client.readyBytes > LARGE_BYTES_MIN) owner.sendReplies();
      owner.ran(now.monoMs + client.session.tookMs);
    } catch (error) {
      owner.fail(error);
    }
  }

  /** What it has sent is run later without its doing: in its turn, or once its replies that are held go out. */
  #mustWait(client: Client): boolean {
    return client.backedUp || this.#turns.isWaiting(client);
  }

  /** Nothing that it has sent waits to be run. */
  #allTaken(member: Member, client: Client, connection: RedisConnection): void {
    connection.resumeReading();
    if (connection.inputEnded) member.desk.close(client);
  }

  /**
   * It sends nothing more. What it has sent before is still run if it waits only for its turn or for replies, and replies that it is owed go
   * out before its connection is closed. Who is blocked or on hold is owed none, as in Redis.
   */
  #inputEnded(member: Member, client: Client, connection: RedisConnection): void {
    connection.deferEnd();
    // Who has been served in this turn waits for its own turn only once that is carried out.
    this.#guarded(() => this.#owner.carryOut(member));
    if (!this.#mustWait(client)) this.#close(member, client);
  }

  #close(member: Member, client: Client): void {
    this.#guarded(() => {
      member.desk.close(client);
      this.#owner.carryOut(member);
    });
  }

  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#owner.fail(error);
    }
  }

  /** Replies go out first, those that are held as well, so that the error is not taken for an answer to an earlier command. */
  #protocolError(member: Member, client: Client, connection: RedisConnection, error: ProtocolError): void {
    this.output(client);
    if (client.held.length === 0 && client.pending === null && client.blocked === null) return;
    connection.deferEnd();
    client.lastWords = error.reply;
    member.desk.close(client);
  }

  #end({ client, connection }: Leaver): void {
    connection.end();
    this.#forget(client);
  }

  #forget(client: Client): void {
    this.#dispatcher.disconnect(client.session);
    this.#owner.closed(client);
  }
}
