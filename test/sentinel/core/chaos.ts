/** Random faults on a world, from a seed, with writes that are acknowledged as semi-sync does. */
import { expect } from "vitest";
import type { Offset } from "../../../src/base/ids.ts";
import { SeededRandomness } from "../../../src/base/randomness.ts";
import { compareRecordNumbers, isAdmitted } from "../../../src/rules/group-record.ts";
import { comparePositions, EMPTY_POSITION, type LogPosition } from "../../../src/rules/log-position.ts";
import type { FakeNode } from "./fake-node.ts";
import { World } from "./world.ts";
import type { WorldOptions } from "./world-config.ts";

export class Chaos {
  readonly world: World;
  /** The greatest position that was ever acknowledged. */
  acked: LogPosition = EMPTY_POSITION;
  readonly #random: SeededRandomness;
  readonly #down = new Set<string>();
  readonly #paused = new Set<string>();

  constructor(seed: number, options: WorldOptions = {}) {
    this.#random = new SeededRandomness(seed * 7919 + 1);
    // In async, acknowledged writes may be lost: the fence is checked all the same, by the world.
    const promoting = options.group?.replication?.mode === "async" ? () => {} : this.#checkPromoted;
    this.world = new World({ ...options, seed, promoting: (node) => promoting.call(this, node) });
  }

  /** One fault or repair, some writes, some time. */
  round(): void {
    this.#fault();
    const slices = 1 + this.#random.below(8);
    for (let slice = 0; slice < slices; slice++) {
      this.#seeCaughtUp();
      this.#write();
      this.world.run(this.#random.below(4) === 0 ? this.#random.below(600) : this.#random.below(15));
    }
  }

  repairAll(): void {
    this.world.heal();
    for (const id of this.#paused) this.world.resume(id);
    for (const id of this.#down) this.#restart(id);
    this.#paused.clear();
    this.#down.clear();
  }

  #everyone(): string[] {
    return [...this.world.nodes.keys(), ...this.world.sentinelIds()];
  }

  #fault(): void {
    const everyone = this.#everyone();
    const id = everyone[this.#random.below(everyone.length)] as string;
    const free = !this.#down.has(id) && !this.#paused.has(id);
    switch (this.#random.below(12)) {
      case 0:
      case 1:
        if (!free) break;
        this.world.kill(id);
        this.#down.add(id);
        break;
      case 2:
        if (!free) break;
        this.world.pause(id);
        this.#paused.add(id);
        break;
      case 3: {
        const side = everyone.filter(() => this.#random.below(2) === 0);
        this.world.partition(
          side,
          everyone.filter((one) => !side.includes(one)),
        );
        break;
      }
      case 4:
      case 5:
        this.world.heal();
        break;
      case 6: {
        const sentinel = this.world
          .sentinelIds()
          .find((one) => !this.#down.has(one) && !this.#paused.has(one));
        const type = this.#random.below(2) === 0 ? "failover" : "switchover";
        if (sentinel !== undefined) this.world.operator(sentinel, { type, group: "mymaster" });
        break;
      }
      case 7: {
        const leader = this.world.sentinelIds().find((one) => !this.#down.has(one) && this.#leads(one));
        if (leader === undefined) break;
        this.world.kill(leader);
        this.#down.add(leader);
        break;
      }
      case 8:
        this.#wipe();
        break;
      case 9:
        for (const one of this.#paused) this.world.resume(one);
        this.#paused.clear();
        break;
      default:
        for (const one of this.#down) this.#restart(one);
        this.#down.clear();
    }
  }

  #leads(sentinel: string): boolean {
    return this.world.view(sentinel).failover !== null;
  }

  /** One member loses its disk; only while all others count, for two lost disks lose data in any design. */
  #wipe(): void {
    const nodes = [...this.world.nodes.values()];
    const lost = nodes[this.#random.below(nodes.length)] as FakeNode;
    if (this.#down.has(lost.id) || this.#paused.has(lost.id)) return;
    const records = nodes.flatMap((node) => (node.record === null ? [] : [node.record]));
    const newest = records.sort((a, b) => compareRecordNumbers(b.number, a.number))[0];
    if (newest === undefined || !nodes.every((node) => isAdmitted(newest, node.id, node.incarnation))) return;
    this.world.kill(lost.id);
    this.world.restartNode(lost.id, "everything");
  }

  /** A master tells the sentinels of new incarnations that hold all that it holds. */
  #seeCaughtUp(): void {
    for (const master of this.world.nodes.values()) {
      const { record } = master;
      if (master.role !== "master" || record === null || this.#down.has(master.id)) continue;
      const waiting = [...this.world.nodes.values()].filter(
        (node) =>
          node.following?.master === master.id &&
          node.roleEpoch === master.roleEpoch &&
          !isAdmitted(record, node.id, node.incarnation) &&
          comparePositions(node.position, master.position) === 0 &&
          this.world.connected(node.id, master.id),
      );
      master.waiting = waiting.map(({ id, incarnation }) => ({ id, incarnation }));
    }
  }

  #restart(id: string): void {
    if (this.world.nodes.has(id)) this.world.restartNode(id);
    else this.world.startSentinel(id);
  }

  /** Any node that takes itself for the master writes; acknowledged is what W members hold and still vouch for. */
  #write(): void {
    for (const master of this.world.nodes.values()) {
      const { record } = master;
      if (master.role !== "master" || !master.established || record === null) continue;
      if (this.#down.has(master.id) || this.#paused.has(master.id) || master.handover !== null) continue;
      const position = { epoch: master.roleEpoch, offset: (master.position.offset + 1) as Offset };
      master.position = position;
      const followers = [...this.world.nodes.values()].filter(
        (node) =>
          node.role === "replica" &&
          node.roleEpoch === master.roleEpoch &&
          node.promise.epoch === master.roleEpoch &&
          node.following?.master === master.id &&
          isAdmitted(record, node.id, node.incarnation) &&
          this.world.connected(node.id, master.id),
      );
      const takers = followers.filter(() => this.#random.below(3) > 0);
      for (const taker of takers) taker.position = position;
      const acknowledged = 1 + takers.length >= record.copies;
      if (acknowledged && comparePositions(position, this.acked) > 0) this.acked = position;
    }
  }

  /** S2: whoever takes the role holds everything that was ever acknowledged. */
  #checkPromoted(node: FakeNode): void {
    // In an epoch that has been superseded already, it can acknowledge nothing.
    if (node.promise.epoch < this.acked.epoch) return;
    expect(
      comparePositions(node.position, this.acked),
      `S2: ${node.id} lacks acknowledged writes`,
    ).not.toBeLessThan(0);
  }
}
