/**
 * Watches all logs at once: S2 and S10 (what was committed stays, and is in each later master's log), S3 (same
 * position, same prefix), S7 (only admitted incarnations make copies), S11 (same position, same state). Keeps a log of
 * its own of what was ever committed, and judges by the disks, not by what the cores say of them.
 */
import type { Epoch, IncarnationId, MemberId, Offset } from "../../../src/base/ids.ts";
import type { Keyspace } from "../../../src/core/keyspace/keyspace.ts";
import type { Ack } from "../../../src/protocol/peer/node-messages.ts";
import { RecordCursor } from "../../../src/protocol/record.ts";
import { epochAt } from "../../../src/rules/epoch-history.ts";
import type { GroupRecord } from "../../../src/rules/group-record.ts";
import type { LogPosition } from "../../../src/rules/log-position.ts";
import type { SimNode } from "../world/sim-node.ts";
import { demand } from "./violation.ts";

/** Hears of what is new in the logs. */
export interface LogListener {
  onRecord(epoch: Epoch, offset: Offset, bytes: Buffer): void;
  onCommit(epoch: Epoch, members: readonly MemberId[]): void;
  /** Something committed is lost, by a choice that may lose. */
  onLoss(): void;
}

export class LogChecks {
  /** Epoch of each committed record; index is the offset. */
  readonly #committed: Epoch[] = [0 as Epoch];
  /** Content and predecessor of each record ever appended, by position. */
  readonly #records = new Map<string, string>();
  /** The state at each position that was looked at. */
  readonly #states = new Map<string, string>();
  readonly #admitted = new Set<IncarnationId>();
  readonly #acks = new Map<Epoch, Map<MemberId, Map<IncarnationId, Offset>>>();
  readonly #reigns = new Map<SimNode, Epoch>();
  readonly #seenCommit = new Map<SimNode, Offset>();
  /** Those whose admission stands. */
  readonly #counted = new Set<IncarnationId>();
  /** What was committed when each incarnation began. */
  readonly #begunAt = new Map<IncarnationId, Offset>();
  readonly #nodes: () => readonly SimNode[];
  /** What was committed last when a choice has lost it; until a sentinel says so. */
  #lostTail: LogPosition | null = null;
  readonly #copies: number;
  readonly #listener: LogListener;
  /** False in async, where the last moments before a failover may be lost. */
  readonly #isLossless: boolean;

  constructor(copies: number, isLossless: boolean, nodes: () => readonly SimNode[], listener: LogListener) {
    this.#nodes = nodes;
    this.#copies = copies;
    this.#listener = listener;
    this.#isLossless = isLossless;
  }

  get committedOffset(): Offset {
    return (this.#committed.length - 1) as Offset;
  }

  isCommitted({ epoch, offset }: LogPosition): boolean {
    return this.#committed[offset] === epoch;
  }

  wasAdmitted(incarnation: IncarnationId): boolean {
    return this.#admitted.has(incarnation);
  }

  onRecord(record: GroupRecord): void {
    for (const { incarnation, admitted } of record.members) {
      if (admitted && incarnation !== null) this.#admitted.add(incarnation);
    }
  }

  /** It stands at a majority: whom it admits may be counted from now on. */
  onStands(record: GroupRecord): void {
    for (const { id, incarnation, admitted } of record.members) {
      if (!admitted || incarnation === null || this.#counted.has(incarnation)) continue;
      this.#counted.add(incarnation);
      this.#checkCaughtUp(id, incarnation);
    }
  }

  onStart(node: SimNode): void {
    this.#reigns.delete(node);
    this.#seenCommit.delete(node);
    this.#onBegun(node);
  }

  /** An incarnation that the disk has begun: from here on it may not be asked for what was committed before. */
  #onBegun({ disk }: SimNode): void {
    const { incarnation } = disk;
    if (incarnation !== null && !this.#begunAt.has(incarnation))
      this.#begunAt.set(incarnation, this.committedOffset);
  }

  /** What its member's earlier life may have been counted for, it must hold by now. */
  #checkCaughtUp(id: MemberId, incarnation: IncarnationId): void {
    const node = this.#nodes().find((one) => one.id === id);
    if (!this.#isLossless || node?.disk.incarnation !== incarnation) return;
    const begunAt = this.#begunAt.get(incarnation) ?? 0;
    const held = this.#heldBy(node);
    demand(held >= begunAt, "S7", () => {
      return `${incarnation} is admitted with ${this.#show(held)}, and began when ${this.#show(begunAt)} was committed`;
    });
  }

  onReign(node: SimNode, epoch: Epoch): void {
    this.#reigns.set(node, epoch);
    const log = node.member?.log;
    if (!this.#isLossless || log === undefined) return;
    const last = this.committedOffset;
    // A leader that was overtaken may still promote in its own epoch: nobody can acknowledge there any more.
    if (last > 0 && (this.#committed[last] ?? 0) > epoch) return;
    const holds = log.tail.lastOffset > last && this.#agreesAt(log.tail.history, last);
    demand(holds, "S2", () => {
      const { position } = log.tail;
      return `${node.id} became master of ${epoch} at ${show(position)} without ${this.#show(last)}, which is committed`;
    });
  }

  /** A choice that may lose something has been made: only what the chosen one holds stays committed. */
  onLossyChoice(master: MemberId): void {
    const node = this.#nodes().find((one) => one.id === master);
    if (!this.#isLossless || node === undefined) return;
    const kept = this.#heldBy(node) as Offset;
    if (kept === this.committedOffset) return;
    this.#lostTail = { epoch: this.#committed[this.committedOffset] as Epoch, offset: this.committedOffset };
    this.#committed.length = kept + 1;
    for (const [incarnation, offset] of this.#begunAt) {
      if (offset > kept) this.#begunAt.set(incarnation, kept);
    }
    this.#listener.onLoss();
  }

  onLossDeclared(): void {
    this.#lostTail = null;
  }

  /** Clients are sent to this master: it holds all that was ever committed, or somebody has said that it may not. */
  onPublished(master: MemberId): void {
    const node = this.#nodes().find((one) => one.id === master);
    const lost = this.#lostTail;
    if (lost === null || node === undefined) return;
    demand(epochAt(node.disk.history, lost.offset) === lost.epoch, "S2", () => {
      return `${master} is published without ${show(lost)}, which was committed, and nobody has spoken of a loss`;
    });
  }

  onAck(node: SimNode, ack: Ack): void {
    const { disk } = node;
    demand(ack.received <= disk.ackable, "S5", () => {
      return `${node.id} acknowledged ${ack.received}, its disk holds ${disk.ackable}`;
    });
    const { incarnation } = disk;
    if (incarnation === null || epochAt(disk.history, ack.received) !== ack.epoch) return;
    const byMember = upsert(this.#acks, ack.epoch, () => new Map());
    const byIncarnation = upsert(byMember, node.id, () => new Map<IncarnationId, Offset>());
    const known = byIncarnation.get(incarnation) ?? 0;
    if (ack.received > known) byIncarnation.set(incarnation, ack.received);
  }

  /** After each step: nobody may know of another commit than this one, and a master only of what has its copies. */
  onStep(node: SimNode): void {
    const log = node.member?.log;
    if (!this.#isLossless || log === undefined || log.committed === this.#seenCommit.get(node)) return;
    const { committed } = log;
    this.#seenCommit.set(node, committed);
    if (committed > this.committedOffset) this.#extend(node, committed);
    demand(this.#agreesAt(log.tail.history, committed), "S10", () => {
      return `${node.id} holds ${show(log.tail.positionAt(committed))} committed, not ${this.#show(committed)}`;
    });
  }

  onAppend(node: SimNode, bytes: Buffer): void {
    const cursor = new RecordCursor(bytes);
    let previous = node.disk.last.epoch;
    while (cursor.next()) {
      const key = `${cursor.epoch}/${cursor.offset}`;
      const content = `${previous} ${bytes.readUInt32LE(cursor.start)}`;
      const known = this.#records.get(key);
      if (known === undefined) {
        this.#records.set(key, content);
        this.#listener.onRecord(
          cursor.epoch,
          cursor.offset,
          bytes.subarray(cursor.payloadStart, cursor.payloadEnd),
        );
      } else {
        demand(known === content, "S3", () => `${node.id} appends another record ${key} than was there`);
      }
      previous = cursor.epoch;
    }
  }

  onCut(node: SimNode, lastOffset: number): void {
    if (!this.#isLossless) return;
    const held = this.#heldBy(node);
    demand(lastOffset >= held, "S10", () => {
      return `${node.id} cuts its log at ${lastOffset}, and with it ${this.#show(held)}, which is committed`;
    });
  }

  onFullSync(node: SimNode, position: LogPosition): void {
    if (!this.#isLossless) return;
    const held = this.#heldBy(node);
    // An observer is counted for nothing: one that applied what a declared loss took away starts over from any snapshot.
    demand(position.offset >= held || !node.voting, "S10", () => {
      return `${node.id} replaces ${this.#show(held)}, which is committed, by a snapshot at ${show(position)}`;
    });
    const isCommitted =
      position.offset <= this.committedOffset && this.#committed[position.offset] === position.epoch;
    demand(
      isCommitted,
      "S10",
      () => `${node.id} takes a snapshot at ${show(position)}, which is not committed`,
    );
  }

  /** Compares states; cheap enough now and then. */
  sample(node: SimNode): void {
    const { member, keyspace } = node;
    if (member === null || member.view.loading) return;
    const { applied, tail } = member.log;
    if (applied === 0 || applied > tail.lastOffset) return;
    const key = `${epochAt(tail.history, applied)}/${applied}`;
    const state = stateOf(keyspace);
    const known = this.#states.get(key);
    if (known === undefined) this.#states.set(key, state);
    else
      demand(known === state, "S11", () => `${node.id} has another state at ${key}: ${state}, not ${known}`);
  }

  #extend(node: SimNode, committed: Offset): void {
    const epoch = this.#reigns.get(node);
    const { tail } = node.member?.log ?? {};
    if (tail === undefined) return;
    demand(epoch !== undefined, "S10", () => {
      return `${node.id}, no master, takes ${show(tail.positionAt(committed))} for committed before any master did`;
    });
    demand(epochAt(tail.history, committed) === epoch, "S2", () => {
      return `master ${node.id} of ${epoch} committed ${show(tail.positionAt(committed))} by counting copies`;
    });
    const holders = this.#holdersOf(node, epoch, committed);
    demand(holders.length >= this.#copies, "S7", () => {
      return `master ${node.id} committed ${epoch}/${committed} with ${holders.length} sure copies, not ${this.#copies}`;
    });
    this.#listener.onCommit(epoch, holders);
    const before = this.committedOffset;
    demand(this.#agreesAt(tail.history, before), "S2", () => {
      return `master ${node.id} of ${epoch} commits without ${this.#show(before)}, which is committed`;
    });
    for (let offset = before + 1; offset <= committed; offset++) {
      this.#committed.push(epochAt(tail.history, offset as Offset));
    }
  }

  #holdersOf(master: SimNode, epoch: Epoch, offset: Offset): MemberId[] {
    const holders: MemberId[] = master.disk.ackable >= offset ? [master.id] : [];
    for (const [id, byIncarnation] of this.#acks.get(epoch) ?? []) {
      if (id === master.id) continue;
      const counts = [...byIncarnation].some(
        ([incarnation, received]) => received >= offset && this.#admitted.has(incarnation),
      );
      if (counts) holders.push(id);
    }
    return holders;
  }

  /** The greatest committed offset that this disk holds. */
  #heldBy(node: SimNode): number {
    const { history, last } = node.disk;
    let offset = Math.min(last.offset, this.committedOffset);
    while (offset > 0 && epochAt(history, offset as Offset) !== this.#committed[offset]) offset--;
    return offset;
  }

  #agreesAt(history: Parameters<typeof epochAt>[0], offset: Offset): boolean {
    return epochAt(history, offset) === this.#committed[offset];
  }

  #show(offset: number): string {
    return `${this.#committed[offset]}/${offset}`;
  }
}

/** All keys, values and expiries as text: with a few keys that is cheaper than a hash of them, and says more. */
function stateOf(keyspace: Keyspace): string {
  const lines: string[] = [];
  for (const database of keyspace.databases) {
    for (const [key, entry] of database.entries()) {
      const { value } = entry;
      const content = typeof value === "string" ? value : value.digest().toString("hex");
      lines.push(JSON.stringify([database.index, key, content, entry.expireAtMs]));
    }
  }
  return lines.sort().join();
}

function show({ epoch, offset }: LogPosition): string {
  return `${epoch}/${offset}`;
}

function upsert<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
