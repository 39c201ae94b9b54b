/** Replies of `<COMMAND> HELP`. */
import { array, simple } from "../../protocol/resp/reply.ts";

/** @param lines usage and meaning of each subcommand. */
export function helpReply(container: string, lines: readonly (readonly [string, string])[]): string {
  const texts = [`${container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`];
  for (const [usage, meaning] of [...lines, ["HELP", "Print this help."] as const]) {
    texts.push(usage, `    ${meaning}`);
  }
  return array(texts.map(simple));
}
