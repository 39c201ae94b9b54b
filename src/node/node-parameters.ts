/** CONFIG GET and SET on a data node: what stock clients and tools ask for. What is fixed at the start says so. */
import type { Parameters } from "../core/commands/host.ts";
import type { NodeConfig } from "./node-config.ts";

export class NodeParameters implements Parameters {
  readonly #values: Map<string, string>;

  constructor(config: NodeConfig) {
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
    for (const [name, value] of changes) {
      const current = this.#values.get(name);
      if (current === undefined) return { name, reason: "Unknown option" };
      if (current !== value) return { name, reason: "can't set immutable config: it is set in node.yaml" };
    }
    return undefined;
  }
}
