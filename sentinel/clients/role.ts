/** ROLE of a sentinel: the word `sentinel` and the names of its groups. */
import { array, bulk } from "../../src/protocol/resp/reply.ts";
import { type Answer, type CommandContext, reply } from "./answer.ts";
import { bulkText } from "./wire-text.ts";

export function role({ world }: CommandContext): Answer {
  return reply(array([bulk("sentinel"), array(world.groups().map(bulkText))]));
}
