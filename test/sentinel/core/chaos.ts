/** Random faults on a world, from a seed, with writes that are acknowledged as semi-sync does. */
import { expect } from "vitest";
import type { Offset } from "../../../src/base/ids.ts";
import { SeededRandomness } from "../../../src/base/randomness.ts";
import { isAdmitted } from "../../../src/rules/group-record.ts";
import { comparePositions, EMPTY_POSITION, type LogPosition } from "../../../src/rules/log-position.ts";
import type { FakeNode } from "./fake-node.ts";
import { World, type WorldOptions } from "./world.ts";

export class Chaos {
  readonly world: World;
  /** The greatest position that was ever acknowledged. */
  acked: LogPosition = EMPTY_POSITION;
  readonly #random: SeededRandomness;
  readonly #down = new Set<string>();
  readonly #paused = new Set<string>();

  constructor(seed: number, options: WorldOptions = {}) {
    this.#random = new SeededRandomness(seed * 7919 + 1);
    this.world = new World({ ...options, seed, promoting: (node) => this.#checkPromoted(node) });
  }

  /** One fault or repair, some writes, some time. */
  round(): void {
    this.#fault();
    const slices = 1 + this.#random.below(8);
    for (let slice = 0; slice < slices; slice++) {
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
    switch (this.#random.below(8)) {
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
        this.world.heal();
        break;
      case 5:
        for (const one of this.#paused) this.world.resume(one);
        this.#paused.clear();
        break;
      default:
        for (const one of this.#down) this.#restart(one);
        this.#down.clear();
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
    expect(comparePositions(node.position, this.acked), `S2: ${node.id} lacks acknowledged writes`).not.toBeLessThan(0);
  }
}
