/** A data node that answers heartbeats as an empty one: all that a sentinel needs to begin a group with it. Obeys no order. */
import {
  EPOCH_ZERO,
  type IncarnationId,
  type MemberId,
  OFFSET_ZERO,
  type StartId,
} from "../../src/base/ids.ts";
import { createLogger } from "../../src/io/logger.ts";
import { PeerNetwork } from "../../src/io/peer/peer-network.ts";
import type { NodeStatus } from "../../src/protocol/peer/node-messages.ts";
import { EMPTY_POSITION } from "../../src/rules/log-position.ts";

/** On a free port; who starts it kills its network. */
export async function startEmptyNode(id: string): Promise<{ network: PeerNetwork; url: string }> {
  const startId = `${id}-start` as StartId;
  const status: NodeStatus = {
    id: id as MemberId,
    startId,
    groupId: null,
    incarnation: `${id}-life` as IncarnationId,
    doubtfulByReboot: false,
    role: "none",
    roleEpoch: EPOCH_ZERO,
    established: false,
    promise: { epoch: EPOCH_ZERO, leader: null },
    position: EMPTY_POSITION,
    committed: OFFSET_ZERO,
    applied: OFFSET_ZERO,
    record: null,
    following: null,
    sees: [],
    oldestUncommittedMs: 0,
    diskFailing: false,
    handover: null,
    waiting: [],
    replicas: [],
    leaseHeld: false,
    client: { host: "127.0.0.1", port: 6379 },
    priority: 100,
    zone: "",
    voting: true,
  };
  const network: PeerNetwork = new PeerNetwork({
    self: { kind: "node", id, startId },
    host: "127.0.0.1",
    port: 0,
    secret: null,
    logger: createLogger({ level: "silent", id }),
    handler: {
      linkUp: (link) => network.send(link, { type: "status", status }),
      linkDown: () => {},
      message: (link, message) => {
        if (message.type === "ping") network.send(link, { type: "pong", seq: message.seq, status });
      },
      probed: () => {},
    },
    health: () => ({ ok: true, body: {} }),
    metrics: () => "",
  });
  const { port } = await network.listen();
  return { network, url: `ws://127.0.0.1:${port}` };
}
