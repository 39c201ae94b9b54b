/** CONFIG GET and SET on a data node: what stock clients and tools ask for. What is fixed at the start says so. */
import type { Parameters } from "../core/commands/host.ts";
import { formatNotifyEvents, parseNotifyEvents } from "../core/keyspace/notifications.ts";
import type { StreamNodeLimits } from "../core/keyspace/stream-node.ts";
import type { NodeConfig } from "./node-config.ts";

/** These can be changed while the node runs; on this node, until it stops. */
const NOTIFY_EVENTS = "notify-keyspace-events";
const STREAM_BYTES = "stream-node-max-bytes";
const STREAM_ENTRIES = "stream-node-max-entries";
const CHANGEABLE: ReadonlySet<string> = new Set([NOTIFY_EVENTS, STREAM_BYTES, STREAM_ENTRIES]);
const BAD_EVENT_CLASS = "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
const BAD_SIZE = "argument must be between 0 and 9007199254740991 inclusive";

export class NodeParameters implements Parameters {
  readonly #values: Map<string, string>;

  readonly #onNotifyEvents: (flags: number) => void;
  readonly #onStreamNodes: (limits: StreamNodeLimits) => void;

  /**
   * @param onNotifyEvents told which keyspace notifications are wanted from now on.
   * @param onStreamNodes told where nodes of streams end from now on.
   */
  constructor(
    config: NodeConfig,
    onNotifyEvents: (flags: number) => void,
    onStreamNodes: (limits: StreamNodeLimits) => void,
  ) {
    this.#onNotifyEvents = onNotifyEvents;
    this.#onStreamNodes = onStreamNodes;
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
      [STREAM_BYTES, "4096"],
      [STREAM_ENTRIES, "100"],
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
      if (!CHANGEABLE.has(name) && current !== value)
        return { name, reason: "can't set immutable config: it is set in node.yaml" };
    }
    for (const name of [STREAM_BYTES, STREAM_ENTRIES]) {
      if (parseSize(changes.get(name) ?? "0") === undefined) return { name, reason: BAD_SIZE };
    }
    if (changes.has(NOTIFY_EVENTS)) {
      this.#values.set(NOTIFY_EVENTS, formatNotifyEvents(events));
      this.#onNotifyEvents(events);
    }
    this.#setStreamNodes(changes);
    return undefined;
  }

  #setStreamNodes(changes: ReadonlyMap<string, string>): void {
    const size = (name: string): number => {
      const value = parseSize(changes.get(name) ?? this.#values.get(name) ?? "0") ?? 0;
      this.#values.set(name, String(value));
      return value;
    };
    this.#onStreamNodes({ bytesMax: size(STREAM_BYTES), entriesMax: size(STREAM_ENTRIES) });
  }
}

function parseSize(text: string): number | undefined {
  const size = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(size) ? size : undefined;
}
