/** What a follower believes of what its master sends, what it answers, and what it does to its log. */
import { beforeEach, describe, expect, it } from "vitest";
import {
  EPOCH_ZERO,
  type Epoch,
  type GroupId,
  type IncarnationId,
  type MemberId,
  OFFSET_ZERO,
  type Offset,
} from "../../../src/base/ids.ts";
import { type MemberEffect, MemberOutbox } from "../../../src/core/member-io.ts";
import { Applier } from "../../../src/core/replication/applier.ts";
import { Follower } from "../../../src/core/replication/follower.ts";
import { ReceivedSnapshot } from "../../../src/core/replication/received-snapshot.ts";
import { ReplicationLog } from "../../../src/core/replication/replication-log.ts";
import type { LinkId } from "../../../src/protocol/peer/identity.ts";
import type { Records, SyncRequest } from "../../../src/protocol/peer/node-messages.ts";
import { RecordWriter } from "../../../src/protocol/record.ts";
import type { LogPosition } from "../../../src/rules/log-position.ts";
import { replicationRules } from "../../../src/rules/replication-rules.ts";

const EPOCH = 3 as Epoch;
const LINK = 7 as LinkId;
const OTHER_LINK = 8 as LinkId;
const CLIENT = { host: "127.0.0.1", port: 6379 };

const at = (epoch: number, offset: number): LogPosition => ({
  epoch: epoch as Epoch,
  offset: offset as Offset,
});

/** Encoded records, each of the epoch that is given for it. */
function encoded(first: number, ...epochs: number[]): Buffer {
  const writer = new RecordWriter();
  for (const [index, epoch] of epochs.entries()) {
    writer.append("effects", epoch as Epoch, (first + index) as Offset, 0, "*1\r\n$4\r\nPING\r\n");
  }
  return writer.take();
}

class Scene {
  readonly outbox = new MemberOutbox();
  readonly log = new ReplicationLog(at(0, 0), []);
  readonly done: string[] = [];
  readonly applier: Applier;
  readonly received: ReceivedSnapshot;
  readonly follower: Follower;
  base = OFFSET_ZERO;
  incarnation = "n2-i1" as IncarnationId;

  /** @param held records in the log at first, all of epoch 1, persisted. */
  constructor(held = 0, mayLoseCommitted = false) {
    const { outbox, log, done } = this;
    this.applier = new Applier(log, outbox, {
      clear: () => void done.push("clear"),
      load: () => undefined,
      replay: () => undefined,
    });
    this.received = new ReceivedSnapshot(log, this.applier, outbox);
    for (let offset = 1; offset <= held; offset++) {
      log.assign(offset === 1 ? "epochStart" : "probe", 1 as Epoch);
    }
    log.endTurn();
    log.persisted = held as Offset;
    this.follower = new Follower({
      ...{ epoch: EPOCH, master: "n1" as MemberId, mayLoseCommitted },
      ...{ log, outbox, applier: this.applier, received: this.received, rules: replicationRules },
      describe: () => ({
        ...{ groupId: "g" as GroupId, client: CLIENT },
        ...{ incarnation: this.incarnation, base: this.base },
      }),
      beforeCut: () => void done.push("beforeCut"),
    });
  }

  /** Asks, and is told to go on behind `from`. */
  stream(from: LogPosition): this {
    this.follower.allow();
    this.follower.onLinkUp(LINK);
    this.answer(from);
    return this;
  }

  answer(from: LogPosition, epoch: Epoch = EPOCH): void {
    this.follower.onSyncPartial(LINK, { type: "syncPartial", epoch, from, client: CLIENT });
  }

  records(previous: LogPosition, bytes: Buffer, more: Partial<Records> & { link?: LinkId } = {}): void {
    const { link = LINK, ...fields } = more;
    const message: Records = {
      ...{ type: "records", epoch: EPOCH, frame: 1, previous, commit: OFFSET_ZERO, wantsAck: true, bytes },
      ...fields,
    };
    this.follower.onRecords(link, message, 0);
  }

  persist(offset: number): void {
    this.log.persisted = offset as Offset;
    this.follower.onPersisted();
  }

  take<Type extends MemberEffect["type"]>(type: Type): Extract<MemberEffect, { type: Type }>[] {
    return this.outbox.take().filter((effect) => effect.type === type) as never;
  }

  /** What was sent, by type. */
  sent(type: "sync" | "ack"): unknown[] {
    return this.take("send").flatMap(({ message }) => (message.type === type ? [message] : []));
  }
}

describe("records", () => {
  let scene: Scene;
  beforeEach(() => {
    scene = new Scene(4).stream(at(1, 4));
    scene.outbox.take();
  });

  it("that continue the log are written to it", () => {
    scene.records(at(1, 4), encoded(5, 1, 2, 3));
    expect(scene.log.tail.position).toEqual(at(3, 7));
    expect(scene.log.tail.history).toEqual([
      { epoch: 1, firstOffset: 1 },
      { epoch: 2, firstOffset: 6 },
      { epoch: 3, firstOffset: 7 },
    ]);
    expect(scene.take("append")).toMatchObject([{ firstOffset: 5, lastOffset: 7 }]);
  });

  it("of another reign, or on another link, are nothing to it", () => {
    scene.records(at(1, 4), encoded(5, 1), { epoch: 2 as Epoch });
    scene.records(at(1, 4), encoded(5, 1), { epoch: 4 as Epoch });
    scene.records(at(1, 4), encoded(5, 1), { link: OTHER_LINK });
    expect(scene.outbox.take()).toEqual([]);
    expect(scene.log.tail.lastOffset).toBe(4);
  });

  const damaged = encoded(5, 1, 1);
  damaged.writeUInt8(damaged.readUInt8(damaged.length - 1) ^ 1, damaged.length - 1);
  it.each([
    ["that continue another log", at(2, 4), encoded(5, 2)],
    ["that leave a gap", at(1, 5), encoded(6, 1)],
    ["with a gap between them", at(1, 4), Buffer.concat([encoded(5, 1), encoded(7, 1)])],
    ["that do not begin behind what is said to be before them", at(1, 4), encoded(6, 1)],
    ["that go back in epoch", at(1, 4), encoded(5, 2, 1)],
    ["of an epoch above the reign's", at(1, 4), encoded(5, 4)],
    ["that are damaged", at(1, 4), damaged],
  ])("%s are refused whole, with the link", (_what, previous, bytes) => {
    scene.records(previous, bytes);
    const effects = scene.outbox.take();
    expect(effects.filter(({ type }) => type === "append")).toEqual([]);
    expect(effects.filter(({ type }) => type === "closeLink")).toEqual([{ type: "closeLink", link: LINK }]);
    expect(scene.log.tail.position).toEqual(at(1, 4));
    expect(scene.follower.streaming).toBe(false);
  });

  it("are acknowledged when they are persisted, with the frame that they came in", () => {
    scene.records(at(1, 4), encoded(5, 1), { frame: 8 });
    scene.records(at(1, 5), encoded(6, 1), { frame: 9 });
    expect(scene.sent("ack")).toEqual([]);
    scene.persist(5);
    expect(scene.sent("ack")).toMatchObject([{ epoch: EPOCH, frame: 8, received: 5 }]);
    scene.persist(6);
    expect(scene.sent("ack")).toMatchObject([{ epoch: EPOCH, frame: 9, received: 6 }]);
  });

  it("of an earlier stream are not acknowledged in a later one, nor are its frames", () => {
    scene.records(at(1, 4), encoded(5, 1), { frame: 50 });
    scene.persist(5);
    scene.records(at(1, 5), encoded(6, 1), { frame: 51 });
    scene.follower.onLinkDown(LINK);
    scene.stream(at(1, 6));
    scene.outbox.take();
    scene.persist(6);
    expect(scene.sent("ack")).toEqual([]);
    scene.log.applied = 6 as Offset;
    scene.follower.acknowledgeApplied();
    expect(scene.sent("ack")).toMatchObject([{ frame: 0, received: 6, applied: 6 }]);
  });
});

describe("an answer to a request", () => {
  it("of another reign, or that nobody asked for, is none", () => {
    const scene = new Scene(4);
    scene.answer(at(1, 4));
    expect(scene.follower.streaming).toBe(false);
    scene.follower.allow();
    scene.follower.onLinkUp(LINK);
    scene.answer(at(1, 4), 2 as Epoch);
    expect(scene.follower.streaming).toBe(false);
    scene.answer(at(1, 4));
    expect(scene.follower.streaming).toBe(true);
  });

  it("that goes on behind the end of the log is refused with the link", () => {
    const scene = new Scene(4).stream(at(1, 9));
    expect(scene.take("closeLink")).toEqual([{ type: "closeLink", link: LINK }]);
    expect(scene.follower.streaming).toBe(false);
  });

  it("that parts within the log has it cut there, and nothing is claimed of what went", () => {
    const scene = new Scene(9);
    scene.log.committed = 5 as Offset;
    scene.log.applied = 7 as Offset;
    scene.stream(at(1, 5));
    expect(scene.take("cut")).toEqual([{ type: "cut", last: at(1, 5) }]);
    expect(scene.done).toEqual(["beforeCut", "clear"]);
    expect([scene.log.tail.lastOffset, scene.log.persisted, scene.log.committed]).toEqual([5, 5, 5]);
    expect(scene.log.applied).toBe(0);
    scene.records(at(1, 5), Buffer.alloc(0));
    expect(scene.sent("ack")).toMatchObject([{ received: 5 }]);
  });

  it("leaves the keyspace alone where the cut takes away only what was not applied", () => {
    const scene = new Scene(9);
    scene.log.applied = 5 as Offset;
    scene.stream(at(1, 5));
    expect(scene.done).toEqual(["beforeCut"]);
    expect(scene.log.applied).toBe(5);
  });

  it.each([
    [true, "warn"],
    [false, "error"],
  ])("that cuts what is committed says so, and commits it no more (async: %s)", (isAsync, level) => {
    const scene = new Scene(9, isAsync);
    scene.log.committed = 7 as Offset;
    scene.stream(at(1, 5));
    expect(scene.take("log")).toMatchObject([{ level, event: "cut-below-commit" }]);
    expect(scene.log.committed).toBe(5);
  });

  it("that parts below the snapshot has it ask once more, as if it held nothing", () => {
    const scene = new Scene(9);
    scene.base = 6 as Offset;
    scene.stream(at(1, 5));
    const requests = scene.sent("sync") as SyncRequest[];
    expect(requests.map(({ lastOffset, history }) => [lastOffset, history.length])).toEqual([
      [9, 1],
      [0, 0],
    ]);
    expect(scene.log.tail.lastOffset).toBe(9);
  });

  it("that has everything sent anew, below the snapshot, first ends the incarnation, then empties it", () => {
    const scene = new Scene(9);
    scene.base = 6 as Offset;
    scene.stream(at(0, 0));
    expect(scene.take("startIncarnation")).toHaveLength(1);
    expect(scene.received.replacing).toBe(false);
    scene.incarnation = "n2-i2" as IncarnationId;
    scene.follower.retry();
    scene.answer(at(0, 0));
    expect(scene.done).toEqual(["beforeCut"]);
    expect(scene.received.replacing).toBe(true);
    const effects = scene.outbox.take().map(({ type }) => type);
    expect(effects.filter((type) => type.endsWith("Snapshot"))).toEqual(["beginSnapshot", "commitSnapshot"]);
  });
});

describe("a full sync", () => {
  const staging = (): Scene => {
    const scene = new Scene(4);
    scene.follower.allow();
    scene.follower.onLinkUp(LINK);
    const position = at(2, 90);
    scene.follower.onSyncFull(LINK, { type: "syncFull", epoch: EPOCH, position, history: [] }, 0);
    scene.outbox.take();
    return scene;
  };
  const chunk = (epoch: Epoch, last: boolean) =>
    ({ type: "snapshotChunk", epoch, last, bytes: Buffer.from("x") }) as const;

  it("takes pieces of its reign and its link only", () => {
    const scene = staging();
    scene.follower.onSnapshotChunk(OTHER_LINK, chunk(EPOCH, true));
    scene.follower.onSnapshotChunk(LINK, chunk(2 as Epoch, true));
    expect(scene.outbox.take()).toEqual([]);
    scene.follower.onSnapshotChunk(LINK, chunk(EPOCH, false));
    expect(scene.outbox.take().map(({ type }) => type)).toEqual(["writeSnapshot"]);
  });

  it("asks for nothing while what it brought takes the place of the log", () => {
    const scene = staging();
    scene.follower.onSnapshotChunk(LINK, chunk(EPOCH, true));
    scene.outbox.take();
    scene.follower.tick();
    expect(scene.sent("sync")).toEqual([]);
    scene.received.onCommitted(null, 0);
    scene.follower.tick();
    expect(scene.sent("sync")).toMatchObject([{ lastOffset: 90 }]);
  });

  it("is given up with the role, and with the link", () => {
    for (const end of [
      (follower: Follower) => follower.stop(),
      (follower: Follower) => follower.onLinkDown(LINK),
    ]) {
      const scene = staging();
      end(scene.follower);
      expect(scene.take("abortSnapshot")).toHaveLength(1);
    }
  });
});

describe("a follower", () => {
  it("asks anew on a link that is up before the end of the old one is told", () => {
    const scene = new Scene(3).stream(at(1, 3));
    scene.outbox.take();
    scene.follower.onLinkUp(OTHER_LINK);
    scene.follower.onLinkDown(LINK);
    expect(scene.sent("sync")).toHaveLength(1);
    expect(scene.follower.streaming).toBe(false);
  });

  it("asks when it may and can, and no more once another role has begun", () => {
    const scene = new Scene(4);
    scene.follower.onLinkUp(LINK);
    scene.follower.tick();
    expect(scene.sent("sync")).toEqual([]);
    scene.follower.allow();
    expect(scene.sent("sync")).toMatchObject([{ epoch: EPOCH, lastOffset: 4, incarnation: "n2-i1" }]);
    scene.follower.stop();
    scene.follower.onLinkUp(OTHER_LINK);
    scene.follower.tick();
    scene.follower.retry();
    expect(scene.sent("sync")).toEqual([]);
  });

  it("may be read once it has applied all that was committed, and nothing else", () => {
    const scene = new Scene(4).stream(at(1, 4));
    const heard = (applied: number, commit: number, committed: number): boolean => {
      scene.log.applied = applied as Offset;
      scene.log.committed = committed as Offset;
      scene.records(at(1, 4), Buffer.alloc(0), { commit: commit as Offset });
      return scene.follower.synced;
    };
    expect(heard(0, 0, 0)).toBe(false);
    expect(heard(2, 3, 0)).toBe(false);
    // As a master that was demoted: it is ahead of what is committed.
    expect(heard(4, 3, 0)).toBe(false);
    expect(heard(3, 3, 0)).toBe(true);
  });

  it("takes a refusal of its own request only", () => {
    const scene = new Scene(4);
    scene.follower.allow();
    scene.follower.onLinkUp(LINK);
    const refused = { type: "syncRefused", epoch: EPOCH_ZERO, reason: "lessThanAcked" } as const;
    expect(scene.follower.onSyncRefused(LINK, { ...refused, requested: 2 as Epoch })).toBe(false);
    expect(scene.follower.onSyncRefused(OTHER_LINK, { ...refused, requested: EPOCH })).toBe(false);
    expect(scene.follower.onSyncRefused(LINK, { ...refused, requested: EPOCH })).toBe(true);
  });
});
