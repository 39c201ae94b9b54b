/**
 * Which password a process takes for its own. An exported one is the operator's, for asking, and may be the one of yesterday: it stands in only
 * where neither the flag nor the file has any.
 */
import type { Command } from "commander";
import type { Loaded } from "../cluster/config/load-config.ts";

/** @param load reads the file, with this password before the file's own. */
export function loadWithPassword<Config extends { readonly password: string | null }>(
  command: Command,
  load: (password: string | undefined) => Loaded<Config>,
): Loaded<Config> {
  const given = command.getOptionValue("password") as string | undefined;
  if (command.getOptionValueSource("password") !== "env") return load(given);
  const loaded = load(undefined);
  return loaded.config.password === null ? load(given) : loaded;
}
