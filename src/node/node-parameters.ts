/** CONFIG GET and SET on a data node: what stock clients and tools ask for. What is fixed at the start says so. */
import type { Parameters } from "../core/commands/host.ts";
import { formatNotifyEvents, parseNotifyEvents } from "../core/keyspace/notifications.ts";
import type { NodeConfig } from "./node-config.ts";

/** The one parameter that can be changed while the node runs; on this node, until it stops. */
const NOTIFY_EVENTS = "notify-keyspace-events";
const BAD_EVENT_CLASS = "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";

export class NodeParameters implements Parameters {
  readonly #values: Map<string, string>;

  readonly #onNotifyEvents: (flags: number) => void;

  /** @param onNotifyEvents told which keyspace notifications are wanted from now on. */
  constructor(config: NodeConfig, onNotifyEvents: (flags: number) => void) {
    this.#onNotifyEvents = onNotifyEvents;
    this.#values = new Map([
      ["port", String(config.port)],
      ["bind", config.host],
      ["appendonly", "yes"],
      ["appendfsync", config.appendfsync],
      ["maxclients", String(config.clientsMax)],
      ["dir", config.dataDir ?? ""],
      ["databases", "16"],
      ["maxmemory", "0"],
      ["maxmemory-policy", "noeviction"],
      ["save", ""],
      ["timeout", "0"],
      ["replica-priority", String(config.voting ? config.priority : 0)],
      ["replica-read-only", "yes"],
      ["replica-serve-stale-data", "yes"],
      [NOTIFY_EVENTS, ""],
      ["ack-timeout", String(config.ackTimeoutMs)],
    ]);
  }

  names(): Iterable<string> {
    return this.#values.keys();
  }

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  set(changes: ReadonlyMap<string, string>): { readonly name: string; readonly reason: string } | undefined {
    const events = parseNotifyEvents(changes.get(NOTIFY_EVENTS) ?? "");
    if (events === undefined) return { name: NOTIFY_EVENTS, reason: BAD_EVENT_CLASS };
    for (const [name, value] of changes) {
      const current = this.#values.get(name);
      if (current === undefined) return { name, reason: "Unknown option" };
      if (name !== NOTIFY_EVENTS && current !== value)
        return { name, reason: "can't set immutable config: it is set in node.yaml" };
    }
    if (!changes.has(NOTIFY_EVENTS)) return undefined;
    this.#values.set(NOTIFY_EVENTS, formatNotifyEvents(events));
    this.#onNotifyEvents(events);
    return undefined;
  }
}
