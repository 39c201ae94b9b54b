/** Whether this sentinel should ask for votes of its own accord, on which reason, and how long it lets others go first. */
import { unreachable } from "../../src/base/errors.ts";
import type { Millis } from "../../src/base/ids.ts";
import { isHeldByPause, type VoteReason } from "../../src/rules/vote-reason.ts";
import { canChoose } from "./eligibility.ts";
import type { GroupContext } from "./group-context.ts";
import { amendedRecord } from "./reign-record.ts";
import { RANK_DELAY_MS } from "./timing.ts";

interface CampaignFacts {
  readonly finds: readonly VoteReason[];
  /** A quorum holds the recorded master down. */
  readonly odown: boolean;
  /** Maintenance that an operator wants recorded. */
  readonly pauseWanted: boolean | null;
}

/** The first reason that this sentinel finds and on which an election can lead anywhere; `null` for none. */
export function reasonToAsk(context: GroupContext, facts: CampaignFacts, nowMs: Millis): VoteReason | null {
  const { ledger, signs, self } = context;
  const record = ledger.stored;
  const held = record?.paused === true ? facts.finds.filter(isHeldByPause) : [];
  const reason = facts.finds.find((one) => !held.includes(one) && isWorthAsking(context, facts, one));
  if (reason === undefined || signs.atWork(ledger.storedEpoch, self.id, nowMs)) return null;
  if (record === null) return reason;
  // It would replace the master that maintenance lets alone; only the end of the maintenance is worth that.
  if (reason === "reconfigure" && held.length > 0 && facts.pauseWanted !== false) return null;
  // Nobody eligible: an epoch would be spent for nothing. `obstacles` says why, and any change asks again.
  return canChoose(context, record) ? reason : null;
}

/** Normally one asks: each waits for those with a smaller id that could ask as well. */
export function turnMs(context: GroupContext, nowMs: Millis): Millis {
  const { peers, self, config } = context;
  const before = peers.all.filter(
    (peer) => peer.id < self.id && peer.report(config.name, nowMs)?.blank === false,
  );
  return before.length * RANK_DELAY_MS;
}

function isWorthAsking(context: GroupContext, facts: CampaignFacts, reason: VoteReason): boolean {
  const { stored } = context.ledger;
  switch (reason) {
    case "down":
      return facts.odown;
    case "reconfigure":
      return stored !== null && amendedRecord(context, stored, facts.pauseWanted) !== null;
    case "no-master":
    case "broken-reign":
    case "stalled":
    case "bootstrap":
      return true;
    case "planned":
    case "forced":
    case "recover":
    case "adopt":
      // Whoever has the operator's word asks: see `Errands`.
      return false;
    default:
      return unreachable(reason);
  }
}
