/** Arbitrary well-formed peer messages, one generator for each type; a missing type does not compile. */
import fc from "fast-check";
import type {
  Epoch,
  GroupId,
  IncarnationId,
  MemberId,
  Offset,
  SentinelId,
  StartId,
} from "../../../src/base/ids.ts";
import type { PeerMessage } from "../../../src/protocol/peer/codec.ts";
import type { EpochHistory } from "../../../src/rules/epoch-history.ts";
import type { GroupRecord, Leader } from "../../../src/rules/group-record.ts";
import type { LogPosition } from "../../../src/rules/log-position.ts";
import { VOTE_REASONS } from "../../../src/rules/vote-reason.ts";

// The cast names the brand; the values are plain.
const named = <T extends string>() =>
  fc.string({ minLength: 1, maxLength: 20 }) as fc.Arbitrary<unknown> as fc.Arbitrary<T>;
const counted = <T extends number>() =>
  fc.nat({ max: 2 ** 48 - 1 }) as fc.Arbitrary<unknown> as fc.Arbitrary<T>;

const memberId = named<MemberId>();
const startId = named<StartId>();
const groupId = named<GroupId>();
const incarnation = named<IncarnationId>();
const name = named<string>();
const epoch = counted<Epoch>();
const offset = counted<Offset>();
const whole = counted<number>();
// -0 has no JSON; no clock gives it either.
const millis = fc.double({ min: 0, max: 1e9, noNaN: true }).map(Math.abs);
const text = fc.string({ unit: "binary", maxLength: 50 });
const bool = fc.boolean();
export const leader: fc.Arbitrary<Leader> = fc.record(
  { id: named<SentinelId>(), startId },
  { noNullPrototype: true },
);
const client = fc.record({ host: name, port: fc.nat({ max: 65535 }) }, { noNullPrototype: true });
export const position: fc.Arbitrary<LogPosition> = fc.record({ epoch, offset }, { noNullPrototype: true });
const number = fc.record({ epoch, seq: whole }, { noNullPrototype: true });
const promise = fc.record({ epoch, leader: fc.option(leader) }, { noNullPrototype: true });
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));

export const history: fc.Arbitrary<EpochHistory> = fc
  .array(fc.tuple(fc.nat({ max: 1000 }), fc.nat({ max: 1000 })), { maxLength: 6 })
  .map((steps) => {
    let at = { epoch: 0 as Epoch, firstOffset: 0 as Offset };
    return steps.map(([epochStep, offsetStep]) => {
      at = {
        epoch: (at.epoch + epochStep + 1) as Epoch,
        firstOffset: (at.firstOffset + offsetStep + 1) as Offset,
      };
      return at;
    });
  });

export const groupRecord: fc.Arbitrary<GroupRecord> = fc.record(
  {
    name,
    groupId,
    number,
    steward: leader,
    master: fc.option(memberId),
    members: fc.array(
      fc.record(
        {
          id: memberId,
          url: name,
          client,
          incarnation: fc.option(incarnation),
          admitted: bool,
          voting: bool,
          priority: fc.nat(),
          zone: name,
        },
        { noNullPrototype: true },
      ),
      { maxLength: 3 },
    ),
    mode: fc.constantFrom("async", "semi-sync", "sync"),
    copies: fc.integer({ min: 1, max: 9 }),
    paused: bool,
  },
  { noNullPrototype: true },
);

const status = fc.record(
  {
    id: memberId,
    startId,
    groupId: fc.option(groupId),
    incarnation,
    doubtfulByReboot: bool,
    role: fc.constantFrom("master", "replica", "none"),
    roleEpoch: epoch,
    established: bool,
    promise,
    position,
    committed: offset,
    applied: offset,
    record: fc.option(number),
    following: fc.option(fc.record({ master: memberId, linkUp: bool }, { noNullPrototype: true })),
    sees: fc.array(memberId, { maxLength: 3 }),
    oldestUncommittedMs: millis,
    diskFailing: bool,
    handover: fc.option(fc.record({ target: memberId, ready: bool }, { noNullPrototype: true })),
    waiting: fc.array(fc.record({ id: memberId, incarnation }, { noNullPrototype: true }), { maxLength: 3 }),
    replicas: fc.array(
      fc.record(
        { id: memberId, received: offset, applied: offset, client: fc.option(client) },
        { noNullPrototype: true },
      ),
      { maxLength: 3 },
    ),
    leaseHeld: bool,
    client,
    priority: fc.nat(),
    zone: text,
    voting: bool,
  },
  { noNullPrototype: true },
);

type FieldsOf<Type extends PeerMessage["type"]> = Omit<Extract<PeerMessage, { type: Type }>, "type">;

const fields: {
  readonly [Type in PeerMessage["type"]]: {
    [Key in keyof FieldsOf<Type>]: fc.Arbitrary<FieldsOf<Type>[Key]>;
  };
} = {
  ping: {
    group: name,
    seq: whole,
    sawPong: whole,
    leaseEpoch: fc.option(epoch),
    downAfterMs: millis,
    stallAfterMs: millis,
    sentinels: whole,
  },
  seal: { group: name, groupId, epoch, leader },
  promote: { group: name, epoch, leader, position, record: groupRecord },
  follow: { group: name, epoch, leader, record: groupRecord },
  standing: { record: groupRecord },
  published: { group: name, epoch },
  prepareHandover: { group: name, epoch, target: memberId, timeoutMs: millis },
  cancelHandover: { group: name, epoch },
  pong: { seq: whole, status },
  status: { status },
  sealed: { epoch, status },
  promoted: { epoch },
  following: { epoch },
  refused: {
    what: fc.constantFrom("seal", "promote", "follow", "prepareHandover"),
    epoch,
    promise,
    reason: text,
  },
  beat: { epoch },
  sync: { groupId: fc.option(groupId), epoch, incarnation, lastOffset: offset, history, client },
  syncPartial: { epoch, from: position, client },
  syncFull: { epoch, position, history },
  syncRefused: { epoch, requested: epoch, reason: text },
  records: { epoch, frame: whole, previous: position, commit: offset, wantsAck: fc.boolean(), bytes },
  ack: { epoch, frame: whole, received: offset, applied: offset },
  snapshotChunk: { epoch, last: bool, bytes },
  publications: {
    published: fc.array(
      fc.record({
        channel: fc.uint8Array().map((array) => Buffer.from(array).toString("latin1")),
        message: fc.uint8Array().map((array) => Buffer.from(array).toString("latin1")),
      }),
    ),
  },
  report: {
    group: name,
    seq: whole,
    membership: whole,
    client,
    blank: bool,
    votedEpoch: epoch,
    stored: fc.option(number),
    learnt: fc.option(number),
    record: fc.option(groupRecord),
    master: fc.option(memberId),
    finds: fc.subarray([...VOTE_REASONS]),
    leading: fc.option(epoch),
  },
  askVote: { group: name, epoch, leader, reason: fc.constantFrom(...VOTE_REASONS), pre: bool, round: whole },
  vote: {
    group: name,
    epoch,
    pre: bool,
    round: whole,
    granted: bool,
    why: text,
    votedEpoch: epoch,
    record: fc.option(groupRecord),
    leases: fc.array(fc.record({ process: fc.option(startId), leftMs: millis }, { noNullPrototype: true }), {
      maxLength: 3,
    }),
    dead: fc.array(startId, { maxLength: 3 }),
  },
  store: { group: name, record: groupRecord },
  stored: { group: name, number, ok: bool, votedEpoch: epoch },
  stands: { group: name, record: groupRecord, reason: text },
  operate: { group: name, id: whole, command: fc.constantFrom("pause", "resume") },
  operated: { group: name, id: whole, ok: bool, text },
};

export const messageTypes: PeerMessage["type"][] = Object.keys(fields) as PeerMessage["type"][];

export function arbitraryMessage(type: PeerMessage["type"]): fc.Arbitrary<PeerMessage> {
  const model: Record<string, fc.Arbitrary<unknown>> = { type: fc.constant(type), ...fields[type] };
  return fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<unknown> as fc.Arbitrary<PeerMessage>;
}
