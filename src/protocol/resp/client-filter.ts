/** Which connections CLIENT LIST and CLIENT KILL mean, at data nodes and at sentinels alike. Lists and kills none. */
import {
  BAD_CLIENT_ID,
  CLIENT_ID_NOT_POSITIVE,
  noSuchUser,
  SYNTAX_ERROR,
  unknownClientType,
} from "./error-replies.ts";

/** A connection, as far as clients can tell it from others. */
export interface KnownClient {
  readonly id: number;
  /** `ip:port` of the client. */
  readonly address: string;
  /** `ip:port` that it connected to. */
  readonly localAddress: string;
  readonly subscriptions: number;
}

export type ClientFilter = (client: KnownClient) => boolean;

/** @returns the filter, or an encoded error. @param own the client that asks; the new form spares it by default. */
export function parseKillFilter(argv: readonly string[], own: KnownClient): ClientFilter | string {
  if (argv.length === 3) {
    const address = argv[2];
    return (client) => client.address === address;
  }
  if (argv.length % 2 !== 0) return SYNTAX_ERROR;
  const filters: ClientFilter[] = [];
  let skipOwn = true;
  for (let at = 2; at < argv.length; at += 2) {
    const [option = "", value = ""] = argv.slice(at, at + 2);
    if (option.toUpperCase() === "SKIPME") {
      const choice = value.toUpperCase();
      if (choice !== "YES" && choice !== "NO") return SYNTAX_ERROR;
      skipOwn = choice === "YES";
      continue;
    }
    const filter = oneFilter(option.toUpperCase(), value);
    if (typeof filter === "string") return filter;
    filters.push(filter);
  }
  return (client) => !(skipOwn && client === own) && filters.every((filter) => filter(client));
}

/** @returns those whom CLIENT LIST asks for, as it orders them, or an encoded error. */
export function listedClients<Client extends KnownClient>(
  argv: readonly string[],
  clients: { sessions(): Iterable<Client>; get(id: number): Client | undefined },
): readonly Client[] | string {
  const option = argv[2]?.toUpperCase();
  if (option === undefined) return [...clients.sessions()];
  if (option === "TYPE" && argv.length === 4) {
    const filter = typeFilter(argv[3] ?? "");
    return typeof filter === "string" ? filter : [...clients.sessions()].filter(filter);
  }
  if (option !== "ID" || argv.length < 4) return SYNTAX_ERROR;
  const ids = argv.slice(3).map(idOf);
  if (ids.includes(undefined)) return BAD_CLIENT_ID;
  return ids.flatMap((id) => clients.get(id ?? 0) ?? []);
}

function oneFilter(option: string, value: string): ClientFilter | string {
  switch (option) {
    case "ID": {
      const id = idOf(value) ?? 0;
      return id < 1 ? CLIENT_ID_NOT_POSITIVE : (client) => client.id === id;
    }
    case "ADDR":
      return (client) => client.address === value;
    case "LADDR":
      return (client) => client.localAddress === value;
    case "USER":
      // There is one user.
      return value === "default" ? () => true : noSuchUser(value);
    case "TYPE":
      return typeFilter(value);
    default:
      return SYNTAX_ERROR;
  }
}

/** Replication does not run over client connections here, so no client is a master or a replica. */
function typeFilter(type: string): ClientFilter | string {
  switch (type.toLowerCase()) {
    case "normal":
      return ({ subscriptions }) => subscriptions === 0;
    case "pubsub":
      return ({ subscriptions }) => subscriptions > 0;
    case "master":
    case "replica":
    case "slave":
      return () => false;
    default:
      return unknownClientType(type);
  }
}

/** Any 64-bit integer, as Redis reads one; what is beyond 2^53 is rounded, which no id comes near. */
function idOf(text: string): number | undefined {
  if (!/^(0|-?[1-9]\d{0,18})$/.test(text)) return undefined;
  const value = BigInt(text);
  return BigInt.asIntN(64, value) === value ? Number(value) : undefined;
}
