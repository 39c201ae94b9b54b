/** Which peer messages a sentinel hears, and from whom: a node may not speak as a sentinel, nor the other way round. */
import type { PeerMessage } from "../src/protocol/peer/codec.ts";
import type { PeerIdentity } from "../src/protocol/peer/identity.ts";
import type { NodeToSentinel } from "../src/protocol/peer/node-messages.ts";
import type { SentinelMessage } from "../src/protocol/peer/sentinel-messages.ts";

type Heard = NodeToSentinel | SentinelMessage;

/** Total, so that a new message does not compile before it is placed here. */
const HEARD_FROM: Readonly<Record<Heard["type"], PeerIdentity["kind"]>> = {
  pong: "node",
  status: "node",
  sealed: "node",
  promoted: "node",
  following: "node",
  refused: "node",
  report: "sentinel",
  askVote: "sentinel",
  vote: "sentinel",
  store: "sentinel",
  stored: "sentinel",
  stands: "sentinel",
  operate: "sentinel",
  operated: "sentinel",
};

export function mayHear(
  from: PeerIdentity["kind"],
  message: PeerMessage | SentinelMessage,
): message is Heard {
  return Object.hasOwn(HEARD_FROM, message.type) && HEARD_FROM[message.type as Heard["type"]] === from;
}
