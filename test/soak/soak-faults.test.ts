/** Who is hit by which fault. The network and the processes are lists of what they were asked. */
import { describe, expect, it } from "vitest";
import { ProcessArena } from "../../cluster/chaos/process-arena.ts";
import {
  isNetworkKind,
  planSoakFault,
  SOAK_FAULT_KINDS,
  type SoakFaultKind,
} from "../../cluster/soak/soak-faults.ts";
import { SeededRandomness } from "../../src/base/randomness.ts";

const IDS = ["n1", "n2", "n3", "s1", "s2", "s3"];
const arena = new ProcessArena({
  group: "mymaster",
  processes: IDS.map((id) => ({
    id,
    kind: id.startsWith("n") ? ("node" as const) : ("sentinel" as const),
    host: "127.0.0.1",
    port: 1,
    pid: null,
    respawn: { command: "false", args: [] },
    logPath: null,
  })),
});
const master = { id: "n2", kind: "node", host: "127.0.0.1", port: 1 } as const;

function plan(kind: SoakFaultKind, { seed = 1, busy = [] as readonly string[] } = {}) {
  const asked: string[] = [];
  const network = {
    hosts: ["a", "b", "c"].map((name) => ({ name })),
    cutOff: async (name: string) => void asked.push(`cut off ${name}`),
    blockOneWay: async (from: string, to: string) => void asked.push(`${from}>${to}`),
    partition: async (sides: readonly (readonly string[])[]) =>
      void asked.push(sides.map((side) => side.toSorted().join("")).join("|")),
    heal: async () => void asked.push("heal"),
  };
  const random = new SeededRandomness(seed);
  const fault = planSoakFault(kind, {
    arena,
    network,
    master,
    random,
    busy: new Set(busy),
    downAfterMs: 1000,
  });
  return { fault, asked };
}

describe("faults of processes", () => {
  it("hit the master alone, or everyone", () => {
    expect(plan("kill-master").fault?.holds).toEqual(["n2"]);
    expect(plan("stop-master").fault?.holds).toEqual(["n2"]);
    expect(plan("kill-all").fault?.holds).toEqual(IDS);
  });

  it("hit two or more where several are meant", () => {
    for (let seed = 0; seed < 50; seed += 1) {
      expect(plan("kill-several", { seed }).fault?.holds.length).toBeGreaterThan(1);
    }
  });

  it("leave alone who is under another fault, and are left out when nobody is free", () => {
    expect(plan("kill-all", { busy: ["n1", "s2"] }).fault?.holds).toEqual(["n2", "n3", "s1", "s3"]);
    expect(plan("kill-master", { busy: ["n2"] }).fault).toBeNull();
    expect(plan("stop-one", { busy: IDS }).fault).toBeNull();
  });

  it("of a pause end before anyone is down", () => {
    for (let seed = 0; seed < 50; seed += 1) {
      expect(plan("pause-one", { seed }).fault?.lastsMs).toBeLessThan(500);
    }
  });
});

describe("faults of the network", () => {
  it.each<[SoakFaultKind, RegExp]>([
    ["cut-off-master", /^cut off b$/],
    ["cut-off-replica", /^cut off [ac]$/],
    ["partition-minority", /^b\|ac$/],
    ["partition-majority", /^a\|b\|c$/],
    ["partition-one-way", /^(\w)>(?!\1)\w$/],
    ["partition-deaf-master", /^[ac]>b,[ac]>b$/],
    ["partition-mute-master", /^b>[ac],b>[ac]$/],
    ["partition-bridge", /^(b\|[ac]|a\|c|c\|a)$/],
  ])("%s", async (kind, expected) => {
    for (let seed = 0; seed < 20; seed += 1) {
      const { fault, asked } = plan(kind, { seed });
      await fault?.inject();
      expect(asked.join()).toMatch(expected);
      asked.length = 0;
      await fault?.mend();
      expect(asked).toEqual(["heal"]);
    }
  });
});

it("the same seed draws the same faults", () => {
  const drawn = () =>
    SOAK_FAULT_KINDS.map((kind) => {
      const { fault } = plan(kind, { seed: 7 });
      return [kind, fault?.target, fault?.lastsMs];
    });
  expect(drawn()).toEqual(drawn());
  expect(SOAK_FAULT_KINDS.filter(isNetworkKind)).toHaveLength(8);
});
