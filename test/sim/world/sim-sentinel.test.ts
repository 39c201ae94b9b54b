import { describe, expect, it } from "vitest";
import type { SentinelState } from "../../../sentinel/core/sentinel-state.ts";
import { Simulation } from "../simulation.ts";
import { type Plan, planOf } from "../swarm/plan.ts";

/** A disk so slow that an election leaves several saves under way. */
const plan: Plan = {
  ...planOf(4),
  sentinels: 3,
  quorum: 2,
  faults: [],
  syncMs: 60,
  clients: 1,
  replicaReaders: 0,
};

describe("a sentinel that is killed with saves under way", () => {
  it("tells its monitor of each that reached the disk, in order: checks compare one with the next", () => {
    const simulation = new Simulation(plan);
    const asked = new Map<string, SentinelState[]>();
    const skipped: string[] = [];
    let savedAtOnce = 0;
    const { watch } = simulation;
    const { sentinelEffect, sentinelSaved } = watch;
    watch.sentinelEffect = (sentinel, effect) => {
      if (effect.type === "saveState") {
        asked.set(sentinel.id, [...(asked.get(sentinel.id) ?? []), effect.state]);
      }
      sentinelEffect.call(watch, sentinel, effect);
    };
    watch.sentinelSaved = (sentinel) => {
      const pending = asked.get(sentinel.id) ?? [];
      if (pending.shift() !== sentinel.disk) skipped.push(`${sentinel.id}: a save of ${pending.length + 1}`);
      sentinelSaved.call(watch, sentinel);
    };
    simulation.start();
    for (let at = 0; at < 20; at++) {
      const hasTwo = () => simulation.sentinels.find(({ id }) => (asked.get(id)?.length ?? 0) > 1);
      while (hasTwo() === undefined && simulation.runNext(20_000)) {}
      const sentinel = hasTwo();
      if (sentinel === undefined) break;
      const before = asked.get(sentinel.id)?.length ?? 0;
      simulation.kill(sentinel);
      if (before - (asked.get(sentinel.id)?.length ?? 0) > 1) savedAtOnce++;
      asked.delete(sentinel.id);
      simulation.startAgain(sentinel);
    }
    expect(skipped).toEqual([]);
    expect(savedAtOnce).toBeGreaterThan(0);
  });
});
