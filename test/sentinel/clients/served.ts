/** Hand-made views behind real sockets, and a master that can do just enough for client libraries. */
import { SentinelClients } from "../../../sentinel/clients/sentinel-clients.ts";
import type { GroupView } from "../../../sentinel/core/view.ts";
import { RedisServer } from "../../../src/io/redis/redis-server.ts";
import { DEFAULT_REDIS_LIMITS } from "../../../src/protocol/resp/limits.ts";
import {
  array,
  bulk,
  bulkOrNil,
  error,
  integer,
  map,
  OK,
  PONG,
  simple,
} from "../../../src/protocol/resp/reply.ts";
import { groupView, recordWith, testFacts, USAGE } from "./sentinel-fixture.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A sentinel with one group, whose view the test changes. */
export class ServedSentinel {
  readonly #server: RedisServer;
  readonly clients: SentinelClients;
  view: GroupView = groupView();
  address: Address = { host: "", port: 0 };

  constructor() {
    this.clients = new SentinelClients({
      world: {
        facts: testFacts(null),
        groups: () => ["mymaster"],
        view: () => this.view,
        isHolding: () => this.view.holding,
        usage: () => USAGE,
      },
      operate: () => {},
      operatorTimeoutMs: () => 1000,
      shutdown: () => {},
    });
    this.#server = new RedisServer({
      host: "127.0.0.1",
      port: 0,
      limits: DEFAULT_REDIS_LIMITS,
      accept: (connection) => {
        this.clients.connected(connection, 0);
        return {
          commands: (decoder) => void this.clients.serve(connection.id, decoder, 0, () => true),
          protocolError: () => {},
          closed: () => this.clients.disconnected(connection.id),
        };
      },
      onError: (error) => {
        throw error;
      },
    });
  }

  async listen(): Promise<void> {
    this.address = await this.#server.listen();
  }

  /** What a switch does: the event first, then all answers name the new master, held ones too. */
  switchTo(view: GroupView, from: Address, to: Address): void {
    this.view = view;
    this.clients.publish({ channel: "+switch-master", group: "mymaster", from, to, crashed: false }, 0);
    this.clients.settle(0);
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

/** A master that keeps strings, closes its clients when told, and knows its own name. */
export class ServedMaster {
  readonly #server: RedisServer;
  readonly #values = new Map<string, string>();
  readonly name: string;
  address: Address = { host: "", port: 0 };

  constructor(name: string) {
    this.name = name;
    this.#server = new RedisServer({
      host: "127.0.0.1",
      port: 0,
      limits: DEFAULT_REDIS_LIMITS,
      accept: (connection) => ({
        commands: (decoder) => {
          let text = "";
          for (let argv = decoder.next(); argv !== undefined; argv = decoder.next())
            text += this.#answer(argv);
          connection.write(text);
        },
        protocolError: () => {},
        closed: () => {},
      }),
      onError: (error) => {
        throw error;
      },
    });
  }

  async listen(): Promise<void> {
    this.address = await this.#server.listen();
  }

  /** As when its process dies. */
  kill(): void {
    this.#server.kill();
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  #answer(argv: readonly string[]): string {
    const [name = "", key = "", value = ""] = argv;
    switch (name.toLowerCase()) {
      case "ping":
        return PONG;
      case "info":
        return bulk("role:master\r\nloading:0\r\n");
      case "role":
        return array([bulk("master"), integer(0), array([])]);
      case "hello":
        return map([["role", bulk("master")]], 2);
      case "client":
      case "select":
        return OK;
      case "set":
        this.#values.set(key, value);
        return OK;
      case "get":
        return bulkOrNil(key === "who" ? this.name : this.#values.get(key), 2);
      case "quit":
        return simple("OK");
      default:
        return error(`ERR unknown command '${name}'`);
    }
  }
}

/** The standing record with real addresses: the master's, and nobody else's, so that clients dial nothing dead. */
export function viewWithMaster(
  id: string,
  { host, port }: Address,
  epoch: number,
  holding = false,
): GroupView {
  const record = recordWith(id, epoch);
  const members = record.members
    .filter((member) => member.id === id)
    .map((member) => ({ ...member, client: { host, port } }));
  return { ...groupView(id), standing: { ...record, members }, holding, sentinels: [] };
}
