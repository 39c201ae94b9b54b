/** CONFIG GET and SET on a data node: what stock clients and tools ask for. What is fixed at the start says so. */
import type { Parameters } from "../core/commands/host.ts";
import type { MemorySettings } from "../core/keyspace/memory-settings.ts";
import { formatNotifyEvents, parseNotifyEvents } from "../core/keyspace/notifications.ts";
import { type MemoryParameter, memoryParameters } from "./memory-parameters.ts";
import type { NodeConfig } from "./node-config.ts";

/** Changed while the node runs, as those of memory; on this node, until it stops. */
const NOTIFY_EVENTS = "notify-keyspace-events";
const BAD_EVENT_CLASS = "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";

export class NodeParameters implements Parameters {
  readonly #values: Map<string, string>;

  readonly #onNotifyEvents: (flags: number) => void;

  readonly #memory: ReadonlyMap<string, MemoryParameter>;

  /**
   * @param onNotifyEvents told which keyspace notifications are wanted from now on.
   * @param onMemory told how much memory keys may take from now on.
   */
  constructor(
    config: NodeConfig,
    onNotifyEvents: (flags: number) => void,
    onMemory: (settings: MemorySettings) => void,
  ) {
    this.#onNotifyEvents = onNotifyEvents;
    const memory = memoryParameters(config.memory, onMemory);
    this.#memory = new Map(memory.map((parameter) => [parameter.name, parameter]));
    this.#values = new Map([
      ["port", String(config.port)],
      ["bind", config.host],
      ["appendonly", "yes"],
      ["appendfsync", config.appendfsync],
      ["maxclients", String(config.clientsMax)],
      ["dir", config.dataDir ?? ""],
      ["databases", "16"],
      ...memory.map(({ name, initial }): [string, string] => [name, initial]),
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
    const read = new Map<string, string>();
    for (const [name, value] of changes) {
      const current = this.#values.get(name);
      if (current === undefined) return { name, reason: "Unknown option" };
      const reading = this.#memory.get(name)?.read(value);
      if (reading !== undefined) {
        if ("reason" in reading) return { name, reason: reading.reason };
        read.set(name, reading.value);
        continue;
      }
      if (name !== NOTIFY_EVENTS && current !== value)
        return { name, reason: "can't set immutable config: it is set in node.yaml" };
    }
    for (const [name, value] of read) {
      this.#values.set(name, value);
      this.#memory.get(name)?.apply(value);
    }
    if (!changes.has(NOTIFY_EVENTS)) return undefined;
    this.#values.set(NOTIFY_EVENTS, formatNotifyEvents(events));
    this.#onNotifyEvents(events);
    return undefined;
  }
}
