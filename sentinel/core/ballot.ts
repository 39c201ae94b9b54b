/** Answers a candidate: the vote, once it is durable, with all that the winner must know. */
import type { Epoch, Millis } from "../../src/base/ids.ts";
import type { LinkId } from "../../src/protocol/peer/identity.ts";
import type { AskVote, Vote } from "../../src/protocol/peer/sentinel-messages.ts";
import type { GroupContext } from "./group-context.ts";
import type { SentinelPeer } from "./peers.ts";
import { testify, whyNotVote } from "./voter.ts";

/** @param leading the epoch that this sentinel itself leads, if any. */
export function answerCandidate(
  context: GroupContext,
  peer: SentinelPeer,
  link: LinkId,
  asked: AskVote,
  leading: Epoch | null,
  nowMs: Millis,
): void {
  const { ledger, outbox, signs } = context;
  // A vote is for the process that asks: nobody may ask for another one.
  const isItself = asked.leader.id === peer.id && asked.leader.startId === peer.startId;
  const why = isItself ? whyNotVote(context, peer.id, asked, leading, nowMs) : "asks in another one's name";
  const granted = why === null;
  const vote: Vote = {
    type: "vote",
    group: asked.group,
    epoch: asked.epoch,
    pre: asked.pre,
    round: asked.round,
    granted,
    why: why ?? "",
    votedEpoch: granted && !asked.pre ? asked.epoch : ledger.votedEpoch,
    ...testify(context, nowMs),
  };
  if (!granted || asked.pre) {
    outbox.send(link, vote);
    return;
  }
  outbox.notice({ channel: "+new-epoch", epoch: asked.epoch });
  outbox.notice({ channel: "+vote-for-leader", leader: peer.id, epoch: asked.epoch });
  // Before its votes are durable it can't be heard as a leader: whoever asks meanwhile makes them worthless.
  signs.note(asked.epoch, peer.id, Number.POSITIVE_INFINITY);
  ledger.vote(asked.epoch, asked.leader, (now) => {
    signs.note(asked.epoch, peer.id, now.monoMs);
    outbox.send(link, vote);
  });
}
