import { expect, it } from "vitest";
import type { Epoch } from "../../../src/base/ids.ts";
import { MasterLease } from "../../../src/core/replication/lease.ts";
import type { LinkId } from "../../../src/protocol/peer/identity.ts";
import type { Ping } from "../../../src/protocol/peer/node-messages.ts";
import { replicationRules } from "../../../src/rules/replication-rules.ts";

const EPOCH = 3 as Epoch;

function ping(sawPong: number, leaseEpoch: Epoch | null, sentinels: number): Ping {
  const times = { downAfterMs: 1000, stallAfterMs: 2000 };
  return { type: "ping", group: "mymaster", seq: sawPong + 1, sawPong, leaseEpoch, sentinels, ...times };
}

it("a sentinel of another set that watches the same master makes no majority of one", () => {
  const lease = new MasterLease(replicationRules);
  const of = (link: number, sentinel: string, ...message: Parameters<typeof ping>): void => {
    lease.onPongSent(link as LinkId, sentinel, 1, 0);
    lease.onPing(link as LinkId, sentinel, ping(...message), EPOCH, 10);
  };
  of(1, "s1", 1, EPOCH, 3);
  expect(lease.holds(20)).toBe(false);
  of(9, "other", 0, null, 1);
  expect(lease.holds(20)).toBe(false);
  of(2, "s2", 1, EPOCH, 3);
  expect(lease.holds(20)).toBe(true);
});
