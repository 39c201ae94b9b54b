/** Views of a group as a sentinel would give them. */
import type { GroupView, MemberView, SentinelPeerView } from "../../sentinel/core/view.ts";
import type {
  Epoch,
  GroupId,
  IncarnationId,
  MemberId,
  Offset,
  SentinelId,
  StartId,
} from "../../src/base/ids.ts";
import type { NodeStatus } from "../../src/protocol/peer/node-messages.ts";
import type { GroupRecord } from "../../src/rules/group-record.ts";

const LEADER = { id: "s1" as SentinelId, startId: "start-s1" as StartId };
const EPOCH = 2 as Epoch;

function clientOf(number: number): { host: string; port: number } {
  return { host: "127.0.0.1", port: 6378 + number };
}

function nodeStatus(number: number, offset: number, changes: Partial<NodeStatus> = {}): NodeStatus {
  const isMaster = number === 1;
  return {
    id: `n${number}` as MemberId,
    startId: `start-n${number}` as StartId,
    groupId: "g" as GroupId,
    incarnation: `i${number}` as IncarnationId,
    doubtfulByReboot: false,
    role: isMaster ? "master" : "replica",
    roleEpoch: EPOCH,
    established: isMaster,
    promise: { epoch: EPOCH, leader: LEADER },
    position: { epoch: EPOCH, offset: offset as Offset },
    committed: offset as Offset,
    applied: offset as Offset,
    record: { epoch: EPOCH, seq: 1 },
    following: isMaster ? null : { master: "n1" as MemberId, linkUp: true },
    sees: [],
    oldestUncommittedMs: 0,
    diskFailing: false,
    handover: null,
    waiting: [],
    replicas: [],
    leaseHeld: isMaster,
    client: clientOf(number),
    priority: 100,
    zone: "",
    voting: true,
    ...changes,
  };
}

function member(number: number, status: NodeStatus | null, changes: Partial<MemberView> = {}): MemberView {
  return {
    id: `n${number}` as MemberId,
    url: `ws://127.0.0.1:${16_378 + number}`,
    client: clientOf(number),
    linkUp: true,
    sdown: false,
    sdownForMs: 0,
    unansweredPings: 0,
    unansweredForMs: 0,
    sinceLastPongMs: 9,
    status,
    admitted: true,
    voting: true,
    priority: 100,
    zone: "",
    ineligible: null,
    ...changes,
  };
}

function peer(number: number, changes: Partial<SentinelPeerView> = {}): SentinelPeerView {
  return {
    id: `s${number}` as SentinelId,
    host: "127.0.0.1",
    port: 26_378 + number,
    startId: `start-s${number}` as StartId,
    linkUp: true,
    sdown: false,
    sinceLastHeardMs: 40,
    votedEpoch: EPOCH,
    thinksMasterDown: false,
    ...changes,
  };
}

const RECORD: GroupRecord = {
  name: "mymaster",
  groupId: "g" as GroupId,
  number: { epoch: EPOCH, seq: 1 },
  steward: LEADER,
  master: "n1" as MemberId,
  members: [1, 2, 3].map((number) => ({
    id: `n${number}` as MemberId,
    url: `ws://127.0.0.1:${16_378 + number}`,
    client: clientOf(number),
    incarnation: `i${number}` as IncarnationId,
    admitted: true,
    voting: true,
    priority: 100,
    zone: "",
  })),
  mode: "semi-sync",
  copies: 2,
  paused: false,
};

export const HEALTHY_VIEW: GroupView = {
  name: "mymaster",
  quorum: 2,
  downAfterMs: 1000,
  standing: RECORD,
  stored: RECORD,
  votedEpoch: EPOCH,
  holding: false,
  odown: false,
  failover: null,
  master: member(1, nodeStatus(1, 1200)),
  replicas: [member(2, nodeStatus(2, 1200)), member(3, nodeStatus(3, 1150))],
  sentinels: [peer(2), peer(3)],
  history: [],
  obstacles: [],
};

export const ONE_DOWN_VIEW: GroupView = {
  ...HEALTHY_VIEW,
  standing: { ...RECORD, paused: true },
  odown: true,
  failover: { epoch: 3 as Epoch, step: "seal", reason: "down", target: null },
  master: member(1, nodeStatus(1, 1200), { linkUp: false, sdown: true, sdownForMs: 4240 }),
  replicas: [
    member(2, nodeStatus(2, 1200, { following: { master: "n1" as MemberId, linkUp: false } })),
    member(3, null, {
      linkUp: false,
      admitted: false,
      ineligible: "its state was lost and it has not caught up",
    }),
  ],
  sentinels: [
    peer(2, { thinksMasterDown: true }),
    peer(3, { linkUp: false, sdown: true, sinceLastHeardMs: 75_000, thinksMasterDown: null }),
  ],
  obstacles: ["n3: its state was lost and it has not caught up", "2 admitted members are needed, 1 is left"],
};

export const EMPTY_VIEW: GroupView = {
  ...HEALTHY_VIEW,
  standing: null,
  stored: null,
  votedEpoch: 0 as Epoch,
  master: null,
  replicas: [member(1, null, { client: null, admitted: false, linkUp: false, ineligible: "never heard" })],
  sentinels: [],
  obstacles: ["n1 has never answered"],
};
