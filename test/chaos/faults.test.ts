/** Faults: who is hit, and that what is broken gets mended. On a made-up arena whose sentinels are real sockets. */

import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { Arena, ArenaMember } from "../../cluster/chaos/arena.ts";
import { planFault } from "../../cluster/chaos/faults.ts";
import { findMaster } from "../../cluster/chaos/look.ts";
import { SeededRandomness } from "../../src/base/randomness.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A sentinel that answers every command with one reply. */
async function sentinelSaying(reply: string): Promise<ArenaMember> {
  const server = createServer((socket) => {
    socket.on("data", () => socket.write(reply)).on("error", () => socket.destroy());
  });
  servers.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { id: `s${port}`, kind: "sentinel", host: "127.0.0.1", port };
}

const NODES: ArenaMember[] = [1, 2, 3].map((n) => ({
  id: `n${n}`,
  kind: "node",
  host: "127.0.0.1",
  port: n,
}));
const N2_IS_MASTER = "*2\r\n$9\r\n127.0.0.1\r\n$1\r\n2\r\n";

function arenaOf(sentinels: readonly ArenaMember[]): { arena: Arena; done: string[] } {
  const done: string[] = [];
  const hand = (verb: string) => async (id: string) => void done.push(`${verb} ${id}`);
  const arena: Arena = {
    group: "mymaster",
    password: undefined,
    members: [...NODES, ...sentinels],
    kill: hand("kill"),
    restart: hand("restart"),
    stop: hand("stop"),
    resume: hand("resume"),
    partition: async (sides) =>
      void done.push(`partition ${sides.map((side) => side.join("+")).join(" | ")}`),
    heal: async () => void done.push("heal"),
    close: async () => {},
  };
  return { arena, done };
}

describe("faults", () => {
  it("kill the master that the sentinels name, and start it again", async () => {
    const { arena, done } = arenaOf([await sentinelSaying(N2_IS_MASTER)]);
    const fault = await planFault(arena, [{ action: "kill", target: "master" }], new SeededRandomness(1));
    await fault.inject();
    await fault.mend();
    expect(done).toEqual(["kill n2", "restart n2"]);
  });

  it("stop replicas only, when told so", async () => {
    const { arena, done } = arenaOf([await sentinelSaying(N2_IS_MASTER)]);
    const random = new SeededRandomness(1);
    for (let round = 0; round < 20; round += 1) {
      await (await planFault(arena, [{ action: "stop", target: "replica" }], random)).inject();
    }
    expect(new Set(done)).toEqual(new Set(["stop n1", "stop n3"]));
  });

  it("call a lone master by its name, when any member may be hit", async () => {
    const { arena } = arenaOf([await sentinelSaying(N2_IS_MASTER)]);
    const lonely: Arena = { ...arena, members: arena.members.filter(({ id }) => !/^n[13]$/.test(id)) };
    const random = new SeededRandomness(1);
    const hit = new Set<string>();
    for (let round = 0; round < 20; round += 1) {
      const { role, memberId } = await planFault(lonely, [{ action: "kill", target: "all" }], random);
      hit.add(`${role} ${memberId.replace(/\d{2,}/, "")}`);
    }
    expect(hit).toEqual(new Set(["master n2", "sentinel s"]));
  });

  it("cut the master and one sentinel off from all others", async () => {
    const { arena, done } = arenaOf([await sentinelSaying(N2_IS_MASTER), await sentinelSaying(N2_IS_MASTER)]);
    const fault = await planFault(arena, [{ action: "partition" }], new SeededRandomness(1));
    await fault.inject();
    await fault.mend();
    expect(done[0]).toMatch(/^partition n2\+s\d+ \| n1\+n3\+s\d+$/);
    expect(done[1]).toBe("heal");
  });

  it("hit the same members for the same seed", async () => {
    const victims = async (seed: number): Promise<string[]> => {
      const { arena, done } = arenaOf([await sentinelSaying(N2_IS_MASTER)]);
      const random = new SeededRandomness(seed);
      for (let round = 0; round < 10; round += 1) {
        await (await planFault(arena, [{ action: "kill", target: "all" }], random)).inject();
      }
      return done.map((line) => line.replace(/s\d+/, "s"));
    };
    expect(await victims(5)).toEqual(await victims(5));
    expect(await victims(5)).not.toEqual(await victims(6));
  });
});

describe("finding the master", () => {
  it("asks the next sentinel when one doesn't answer", async () => {
    const dead: ArenaMember = { id: "dead", kind: "sentinel", host: "127.0.0.1", port: 1 };
    const { arena } = arenaOf([dead, await sentinelSaying(N2_IS_MASTER)]);
    expect((await findMaster(arena)).id).toBe("n2");
  });

  it("says of each sentinel why it was no help", async () => {
    const dead: ArenaMember = { id: "dead", kind: "sentinel", host: "127.0.0.1", port: 1 };
    const { arena } = arenaOf([dead, await sentinelSaying("*-1\r\n")]);
    await expect(findMaster(arena)).rejects.toThrow(/dead: .*ECONNREFUSED.*; s\d+ names none/);
  });
});
