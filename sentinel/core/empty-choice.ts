/**
 * Whether an operator names a member without data to go on from, while another that answers has some: then all others
 * give way to an empty log. Decides nothing between members that hold data: that is what the operator was asked.
 */
import type { MemberId } from "../../src/base/ids.ts";
import { comparePositions, EMPTY_POSITION, type LogPosition } from "../../src/rules/log-position.ts";
import { currentStatus, type GroupContext } from "./group-context.ts";

/** @param isObserver such a one can't be named instead. @returns `null` when nothing is wrong with the choice. */
export function whyEmptyChoice(
  context: GroupContext,
  named: MemberId,
  isObserver: (id: MemberId) => boolean,
): string | null {
  const own = currentStatus(context, named)?.position;
  if (own === undefined || own.offset > EMPTY_POSITION.offset) return null;
  let best: { readonly id: MemberId; readonly position: LogPosition } | null = null;
  for (const { id } of context.ledger.stored?.members ?? context.config.nodes) {
    if (isObserver(id)) continue;
    const position = currentStatus(context, id)?.position ?? EMPTY_POSITION;
    if (comparePositions(position, best?.position ?? EMPTY_POSITION) > 0) best = { id, position };
  }
  if (best === null) return null;
  const { id, position } = best;
  const where = `${position.epoch}:${position.offset}`;
  return `${named} holds nothing, and ${id} holds data (log position ${where}): name ${id}, or stop it if its data does not count`;
}
