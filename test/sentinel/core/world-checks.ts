/** Invariants that hold at every step of a world: of votes, of promotions, and of what clients are told. */
import { expect } from "vitest";
import type { SentinelState } from "../../../sentinel/core/sentinel-state.ts";
import type { MemberId } from "../../../src/base/ids.ts";
import { compareRecordNumbers, type RecordNumber } from "../../../src/rules/group-record.ts";
import type { FakeNode } from "./fake-node.ts";
import type { AnyMessage } from "./wires.ts";

export class WorldChecks {
  /** Who took the role, by group and epoch. */
  readonly reigns: Map<string, MemberId> = new Map();
  /** For whom each sentinel has voted, by sentinel, group and epoch. */
  readonly #votes = new Map<string, string>();
  /** What each life of a sentinel has told clients last, by group. */
  readonly #told = new Map<string, RecordNumber>();

  /** S1, and the fence: no other live node may serve by its lease while this one takes the role. */
  onPromotion(id: MemberId, epoch: number, group: string, others: readonly FakeNode[]): void {
    const key = `${group} ${epoch}`;
    expect(this.reigns.get(key) ?? id, `S1: one master in ${key}`).toBe(id);
    this.reigns.set(key, id);
    for (const node of others) {
      if (node.handover?.ready === true) continue;
      // A promotion that was long under way finds a later master: that one's lease is right.
      if (node.roleEpoch > epoch) continue;
      expect(node.holdsLease(), `${node.id} still holds its lease while ${id} is promoted`).toBe(false);
    }
  }

  /** S1: one vote an epoch. */
  onSave(sentinel: string, state: SentinelState): void {
    for (const [group, { votedEpoch, votedFor }] of Object.entries(state.groups)) {
      if (votedFor === null) continue;
      const key = `${sentinel} ${group} ${votedEpoch}`;
      expect(this.#votes.get(key) ?? votedFor.startId, `S1: one vote of ${key}`).toBe(votedFor.startId);
      this.#votes.set(key, votedFor.startId);
    }
  }

  /** A vote may only be spoken of once it is on disk. */
  onSend(disk: SentinelState | null, message: AnyMessage): void {
    if (message.type !== "vote" || !message.granted || message.pre) return;
    expect(disk?.groups[message.group]?.votedEpoch, "a vote is durable before it is said").toBe(
      message.epoch,
    );
  }

  /** S9: answers go forward, and what clients are told stands at a majority, or a newer record does. */
  onTold(
    startId: string,
    group: string,
    number: RecordNumber,
    disks: readonly (SentinelState | null)[],
  ): void {
    const key = `${startId} ${group}`;
    const before = this.#told.get(key);
    if (before !== undefined) {
      expect(compareRecordNumbers(number, before), "S9: answers go forward").toBeGreaterThan(0);
    }
    this.#told.set(key, number);
    const holders = disks.filter((disk) => {
      const held = disk?.groups[group]?.record?.number;
      return held !== undefined && compareRecordNumbers(held, number) >= 0;
    });
    expect(holders.length, "S9: only what stands at a majority is named").toBeGreaterThan(disks.length / 2);
  }
}
