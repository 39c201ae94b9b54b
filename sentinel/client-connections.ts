/**
 * The Redis clients of a sentinel on their connections: what each has sent is run in slices, others and the core in between.
 * It answers nothing itself.
 */
import type { Millis } from "../src/base/ids.ts";
import { CommandTurns } from "../src/io/redis/command-turns.ts";
import type { RedisConnection, RedisConnectionHandler } from "../src/io/redis/redis-connection.ts";
import type { RequestDecoder } from "../src/protocol/resp/request-decoder.ts";
import type { SentinelClients } from "./clients/sentinel-clients.ts";
import type { CoreLoop } from "./core-loop.ts";

export interface ClientConnectionsSetup {
  readonly clients: SentinelClients;
  readonly loop: CoreLoop;
  nowMs(): Millis;
  /** Sends what was written in this turn. */
  sendReplies(): void;
}

export class ClientConnections {
  readonly #setup: ClientConnectionsSetup;
  readonly #turns: CommandTurns<RedisConnection>;
  #paused = false;

  constructor(setup: ClientConnectionsSetup) {
    this.#setup = setup;
    this.#turns = new CommandTurns({
      nowMs: setup.nowMs,
      isRunning: () => !this.#paused,
      sendReplies: setup.sendReplies,
      run: (connection) => connection.processBuffered(),
      turnEnds: setup.sendReplies,
    });
  }

  accept(connection: RedisConnection): RedisConnectionHandler {
    const { clients, nowMs } = this.#setup;
    clients.connected(connection, nowMs());
    return {
      commands: (decoder) => this.#serve(connection, decoder),
      // What it has sent before is still answered.
      inputEnded: () => {
        if (this.#turns.isWaiting(connection)) connection.deferEnd();
      },
      // The server answers and closes. Who waits has not been read on, so nothing is owed.
      protocolError: () => {},
      closed: () => {
        this.#turns.forget(connection);
        clients.disconnected(connection.id);
      },
    };
  }

  /** Whose turn comes has it after `resume`. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#turns.resume();
  }

  #serve(connection: RedisConnection, decoder: RequestDecoder): void {
    const { clients, loop } = this.#setup;
    const turns = this.#turns;
    if (turns.isWaiting(connection)) {
      // What it has sent is enough for now, and more of it would be kept in memory.
      connection.pauseReading();
      return;
    }
    loop.observe((nowMs) => {
      if (!turns.mayBegin(connection, nowMs)) return;
      const mayGoOn = (): boolean => decoder.bufferedBytes === 0 || turns.mayGoOn(false);
      if (!clients.serve(connection.id, decoder, nowMs, mayGoOn)) {
        turns.wait(connection);
        return;
      }
      connection.resumeReading();
      if (connection.inputEnded) connection.end();
    });
  }
}
