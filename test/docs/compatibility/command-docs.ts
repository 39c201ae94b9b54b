/** Reads what COMMAND DOCS answers in RESP2. */
import type { RedisCommands } from "./compatibility-page.ts";

interface Docs {
  readonly since: string;
  readonly group: string;
}

/** The commands by group, subcommands among those of their container, with the version that brought each. */
export function groupsOf(docs: unknown): RedisCommands {
  const groups: Record<string, Record<string, string>> = {};
  const read = (entries: unknown, inherited?: string): void => {
    for (const [name, about] of pairsOf(entries)) {
      const { since, group = inherited ?? "" } = Object.fromEntries(pairsOf(about)) as unknown as Docs;
      groups[group] = { ...groups[group], [name]: since };
      read(new Map(pairsOf(about)).get("subcommands") ?? [], group);
    }
  };
  read(docs);
  return groups;
}

/** A RESP2 map. */
function pairsOf(flat: unknown): [string, unknown][] {
  const items = flat as unknown[];
  return items.flatMap((name, at) => (at % 2 === 0 ? [[String(name), items[at + 1]]] : [])) as [
    string,
    unknown,
  ][];
}
