import { describe, expect, it } from "vitest";
import { OFFSET_ZERO } from "../../src/base/ids.ts";
import { BlockedClients } from "../../src/core/blocked-clients.ts";
import { type BlockedCommand, Client } from "../../src/core/client.ts";
import type { BlockRequest } from "../../src/core/commands/execution.ts";
import { Keyspace } from "../../src/core/keyspace/keyspace.ts";
import { ClientSession } from "../../src/core/session.ts";

const FOR_KEYS: BlockRequest = {
  ...{ kind: "keys", type: "list", keys: ["l"], timeoutMs: 0, timeoutReply: "*-1\r\n" },
  serve: () => undefined,
};
const FOR_REPLICAS: BlockRequest = { kind: "replicas", replicas: 1, timeoutMs: 0 };

interface Scene {
  readonly blocked: BlockedClients;
  readonly answered: number[];
  add(request: BlockRequest, deadlineMs?: number): Client;
  /** How often clients were looked at since the last time. */
  looks(): number;
}

function scene(): Scene {
  const answered: number[] = [];
  let looked = 0;
  const blocked = new BlockedClients(new Keyspace(), {
    reply: ({ session }) => answered.push(session.id),
    replyWithData: ({ session }) => answered.push(session.id),
    resume: () => {},
    countReplicas: () => 1,
    snapshotHolds: () => false,
    retry: () => false,
  });
  let id = 0;
  return {
    blocked,
    answered,
    add: (request, deadlineMs = Number.POSITIVE_INFINITY) => {
      id += 1;
      const client = new Client(new ClientSession({ id, address: "", localAddress: "", createdAtMs: 0 }));
      let held: BlockedCommand | null = null;
      Object.defineProperty(client, "blocked", {
        get: () => {
          looked += 1;
          return held;
        },
        set: (value) => {
          held = value;
        },
      });
      blocked.add(client, { request, argv: [], seen: OFFSET_ZERO, deadlineMs });
      return client;
    },
    looks: () => {
      const count = looked;
      looked = 0;
      return count;
    },
  };
}

describe("many clients that are blocked on keys", () => {
  it("are not looked at when acks come for one that waits for replicas", () => {
    const { blocked, answered, add, looks } = scene();
    for (let count = 0; count < 1000; count += 1) add(FOR_KEYS);
    const waiting = add(FOR_REPLICAS);
    looks();
    blocked.settleWaits();
    expect(answered).toEqual([waiting.session.id]);
    expect(looks()).toBeLessThan(10);
    blocked.settleWaits();
    expect([blocked.size, answered.length, looks()]).toEqual([1000, 1, 0]);
  });

  it("are not looked at either when the time of some is up, who are answered in order of time", () => {
    const { blocked, answered, add, looks } = scene();
    for (let count = 0; count < 1000; count += 1) add(FOR_KEYS, 100 + (count % 500));
    add(FOR_KEYS);
    expect(blocked.deadlineMs).toBe(100);
    looks();
    blocked.expire(99);
    blocked.expire(101);
    expect(answered.slice(0, 2).toSorted()).toEqual([1, 501]);
    expect(answered.slice(2).toSorted()).toEqual([2, 502]);
    expect(blocked.deadlineMs).toBe(102);
    expect(looks()).toBeLessThan(20);
  });

  it("leave no deadline behind when they wait no more", () => {
    const { blocked, answered, add } = scene();
    const first = add(FOR_KEYS, 100);
    add(FOR_KEYS, 200);
    blocked.remove(first);
    expect(blocked.deadlineMs).toBe(200);
    blocked.expire(1000);
    expect([answered, blocked.size, blocked.deadlineMs]).toEqual([[2], 0, Number.POSITIVE_INFINITY]);
  });
});
