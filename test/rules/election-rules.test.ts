import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Epoch, MemberId, Millis, Offset, StartId } from "../../src/base/ids.ts";
import { type Candidate, type ChoiceWish, chooseCandidate } from "../../src/rules/choose-candidate.ts";
import { electionRules } from "../../src/rules/election-rules.ts";
import { confirmsUntilMs, type FencingFacts, mayPromoteAnother } from "../../src/rules/fencing.ts";
import { majority, sealQuorum } from "../../src/rules/quorums.ts";
import { replicationRules } from "../../src/rules/replication-rules.ts";

const epoch = (value: number): Epoch => value as Epoch;
const number = (e: number, seq: number) => ({ epoch: epoch(e), seq });

function candidate(id: string, at: [number, number], more: Partial<Candidate> = {}): Candidate {
  return {
    id: id as MemberId,
    position: { epoch: epoch(at[0]), offset: at[1] as Offset },
    applied: at[1] as Offset,
    priority: 100,
    zone: "",
    incumbent: false,
    ...more,
  };
}

const wish: ChoiceWish = { coverQuorum: 2, target: null, avoid: null, zone: null };

describe("chooseCandidate", () => {
  it("takes the greatest position: epoch before offset", () => {
    expect(chooseCandidate([candidate("a", [1, 90]), candidate("b", [2, 5])], wish)?.id).toBe("b");
  });

  it("never prefers anything to the position", () => {
    const behind = candidate("a", [2, 4], { incumbent: true, priority: 1 });
    const all = [behind, candidate("b", [2, 5])];
    expect(chooseCandidate(all, { ...wish, target: "a" as MemberId })?.id).toBe("b");
  });

  it("has clients wait for no replay where another one holds as much", () => {
    const restarted = candidate("a", [2, 1_000_000], { priority: 1, applied: 998_000 as Offset });
    const replica = candidate("b", [2, 1_000_000], { applied: 999_000 as Offset });
    expect(chooseCandidate([restarted, replica], wish)?.id).toBe("b");
    expect(chooseCandidate([restarted, { ...replica, diskFailing: true }], wish)?.id).toBe("a");
    const ahead = candidate("a", [2, 1_000_001], { applied: 0 as Offset });
    expect(chooseCandidate([ahead, replica], wish)?.id).toBe("a");
  });

  it("settles ties by target, incumbent, priority, zone, id", () => {
    const a = candidate("a", [1, 1], { priority: 3, zone: "x" });
    const b = candidate("b", [1, 1], { priority: 2, zone: "y" });
    const c = candidate("c", [1, 1], { priority: 2, zone: "x" });
    const d = candidate("d", [1, 1], { priority: 9, incumbent: true });
    expect(chooseCandidate([a, b, c, d], { ...wish, target: "a" as MemberId })?.id).toBe("a");
    expect(chooseCandidate([a, b, c, d], wish)?.id).toBe("d");
    expect(chooseCandidate([a, b, c], { ...wish, zone: "y" })?.id).toBe("b");
    expect(chooseCandidate([a, b, c], wish)?.id).toBe("c");
  });

  it("leaves the master to be avoided out, though it is ahead, where the others hold all that was acknowledged", () => {
    const all = [candidate("m", [1, 9]), candidate("a", [1, 7]), candidate("b", [1, 8])];
    expect(chooseCandidate(all, { ...wish, avoid: "m" as MemberId })?.id).toBe("b");
  });

  it("keeps it in where the others alone might miss an acknowledged write", () => {
    const all = [candidate("m", [1, 9]), candidate("a", [1, 7])];
    expect(chooseCandidate(all, { ...wish, avoid: "m" as MemberId })?.id).toBe("m");
    const level = [candidate("m", [1, 9], { incumbent: true }), candidate("a", [1, 9])];
    expect(chooseCandidate(level, { ...wish, avoid: "m" as MemberId })?.id).toBe("a");
  });

  it("finds nobody among none", () => {
    expect(chooseCandidate([], wish)).toBeUndefined();
  });
});

describe("mayPromoteAnother", () => {
  const process = "m-life1" as StartId;
  const voter = (endsAtMs: Millis, of: StartId | null = process) => ({ leases: [{ process: of, endsAtMs }] });
  const facts: FencingFacts = {
    hasOldMaster: true,
    oldMasterSealed: false,
    masterProcess: process,
    dead: new Set(),
    voters: [voter(100), voter(200)],
    sentinels: 3,
    confirmedUntilMs: Number.NEGATIVE_INFINITY,
    nowMs: 150,
  };

  it("waits while a majority's leases may stand", () => {
    expect(mayPromoteAnother(facts)).toBe(false);
    expect(mayPromoteAnother({ ...facts, nowMs: 200 })).toBe(true);
  });

  it("does not wait for a sealed, a dead or no old master", () => {
    expect(mayPromoteAnother({ ...facts, oldMasterSealed: true })).toBe(true);
    expect(mayPromoteAnother({ ...facts, dead: new Set([process]) })).toBe(true);
    expect(mayPromoteAnother({ ...facts, hasOldMaster: false })).toBe(true);
  });

  it("waits, without any lease, while the other members may confirm the old master", () => {
    expect(mayPromoteAnother({ ...facts, nowMs: 400, confirmedUntilMs: 500 })).toBe(false);
    expect(mayPromoteAnother({ ...facts, nowMs: 500, confirmedUntilMs: 500 })).toBe(true);
    expect(confirmsUntilMs({ atMs: 100, seesMaster: true }, 1000)).toBe(600);
    expect(confirmsUntilMs({ atMs: 100, seesMaster: false }, 1000)).toBe(100);
    const lasts = replicationRules.confirmationLastsMs(1000);
    expect(lasts).toBeLessThan(500);
    expect(lasts).toBeGreaterThan(450);
  });

  it("does not take the death of another process for the master's", () => {
    expect(mayPromoteAnother({ ...facts, dead: new Set(["m-life0" as StartId]) })).toBe(false);
  });

  it("lets a lease that an earlier life gave end by time alone", () => {
    const young = {
      ...facts,
      masterProcess: null,
      voters: [voter(100), voter(200, null)],
      dead: new Set([process]),
    };
    expect(mayPromoteAnother(young)).toBe(false);
    expect(mayPromoteAnother({ ...young, nowMs: 200 })).toBe(true);
  });

  it("counts late voters: any that leave no majority are enough", () => {
    expect(mayPromoteAnother({ ...facts, voters: [voter(100), voter(300), voter(140)] })).toBe(true);
    expect(mayPromoteAnother({ ...facts, sentinels: 5, voters: [voter(1), voter(1), voter(300)] })).toBe(
      false,
    );
  });
});

describe("votes and records", () => {
  it.each([
    [5, 3, 6, true],
    [5, 3, 5, false],
    [5, 3, 4, false],
    [3, 5, 5, false],
  ])("voted %i, record of %i, asked for %i: %s", (voted, record, asked, may) => {
    expect(electionRules.mayVote(epoch(voted), epoch(record), epoch(asked))).toBe(may);
  });

  it("stores newer records only, and none below the voted epoch", () => {
    expect(electionRules.mayStore(epoch(2), null, number(2, 1))).toBe(true);
    expect(electionRules.mayStore(epoch(3), null, number(2, 1))).toBe(false);
    expect(electionRules.mayStore(epoch(2), number(2, 1), number(2, 2))).toBe(true);
    expect(electionRules.mayStore(epoch(2), number(2, 2), number(2, 2))).toBe(false);
  });

  it("grants no lease after a vote for a higher epoch, nor while blank", () => {
    expect(electionRules.leaseEpoch(epoch(2), epoch(2), false)).toBe(2);
    expect(electionRules.leaseEpoch(epoch(3), epoch(2), false)).toBeNull();
    expect(electionRules.leaseEpoch(epoch(2), epoch(2), true)).toBeNull();
  });

  it("silence needs an old pong and a sentinel that has run as long", () => {
    expect(electionRules.isSilent(1000, 1000, 1000)).toBe(true);
    expect(electionRules.isSilent(999, 5000, 1000)).toBe(false);
    expect(electionRules.isSilent(5000, 999, 1000)).toBe(false);
    expect(electionRules.isSilent(null, 1000, 1000)).toBe(true);
  });
});

describe("seals", () => {
  it("every ack set meets every seal set (S6)", () => {
    for (let n = 1; n <= 7; n++) {
      for (let copies = 1; copies <= n; copies++) {
        expect(sealQuorum("semi-sync", n, copies) + copies).toBeGreaterThan(n);
      }
    }
  });

  it("need R admitted and W voting members", () => {
    const count = { admitted: 2, voting: 2, sealQuorum: 2, copies: 2 };
    expect(electionRules.sealedEnough(count)).toBe(true);
    expect(electionRules.sealedEnough({ ...count, admitted: 1 })).toBe(false);
    expect(electionRules.sealedEnough({ ...count, voting: 1 })).toBe(false);
  });

  it("recovery needs all, of this group, each admitted or doubtful by reboot only", () => {
    const fine = { answers: true, sameGroup: true, admitted: true, doubtfulByReboot: false };
    const rebooted = { ...fine, admitted: false, doubtfulByReboot: true };
    expect(electionRules.mayRecover([fine, rebooted])).toBe(true);
    expect(electionRules.mayRecover([fine, { ...rebooted, answers: false }])).toBe(false);
    expect(electionRules.mayRecover([fine, { ...rebooted, sameGroup: false }])).toBe(false);
    expect(electionRules.mayRecover([fine, { ...rebooted, doubtfulByReboot: false }])).toBe(false);
    expect(electionRules.mayRecover([])).toBe(false);
  });

  it("two majorities always share a sentinel", () => {
    for (let count = 1; count <= 9; count++) expect(2 * majority(count)).toBeGreaterThan(count);
  });
});

describe("seeEachOther", () => {
  const sees = (entries: Record<string, string[]>) =>
    new Map(Object.entries(entries).map(([id, others]) => [id as MemberId, others as MemberId[]]));

  it("wants so many that see each other, all with all", () => {
    expect(electionRules.seeEachOther(sees({ a: ["b"], b: ["a"] }), 2)).toBe(true);
    expect(electionRules.seeEachOther(sees({ a: ["b"], b: [] }), 2)).toBe(false);
    const chain = sees({ a: ["b"], b: ["a", "c"], c: ["b"] });
    expect(electionRules.seeEachOther(chain, 2)).toBe(true);
    expect(electionRules.seeEachOther(chain, 3)).toBe(false);
  });

  it("finds those who do among others who don't", () => {
    const two = sees({ a: ["b", "c", "d"], b: ["a", "c", "e"], c: ["a", "b"], d: ["a", "e"], e: ["b", "d"] });
    expect(electionRules.seeEachOther(two, 3)).toBe(true);
    expect(electionRules.seeEachOther(two, 4)).toBe(false);
    // The one who sees fewest is needed here, the one who sees most is not.
    const star = sees({
      hub: ["a", "b", "c", "d"],
      a: ["hub", "b"],
      b: ["hub", "a"],
      c: ["hub"],
      d: ["hub"],
    });
    expect(electionRules.seeEachOther(star, 3)).toBe(true);
    expect(electionRules.seeEachOther(star, 4)).toBe(false);
  });

  it("comes to an end in a large group, whoever sees whom", () => {
    const ids = Array.from({ length: 60 }, (_, index) => `n${index}`);
    // Twenty times three who don't see each other: of each three only one can belong to a set, and there are 3^20 sets.
    const threes = sees(
      Object.fromEntries(ids.map((id, at) => [id, ids.filter((_, i) => i % 20 !== at % 20)])),
    );
    expect(electionRules.seeEachOther(threes, 20)).toBe(true);
    expect(electionRules.seeEachOther(threes, 21)).toBe(false);
  });

  // It may miss a set in a large group, never find one that is not there: of few members it misses none.
  it("agrees with a look at every set of up to eight members", () => {
    const mostly = fc.nat(6).map((dice) => dice > 0);
    const graph = fc.array(fc.array(mostly, { minLength: 8, maxLength: 8 }), { minLength: 0, maxLength: 8 });
    fc.assert(
      fc.property(graph, fc.integer({ min: 0, max: 8 }), (rows, needed) => {
        const names = rows.map((_, index) => `m${index}`);
        const who = sees(
          Object.fromEntries(
            rows.map((row, at) => [`m${at}`, names.filter((_, other) => row[other] === true)]),
          ),
        );
        const isSet = (bits: number): boolean => {
          const chosen = names.filter((_, index) => (bits >> index) % 2 === 1) as MemberId[];
          return (
            chosen.length >= needed &&
            chosen.every((a) => chosen.every((b) => a === b || who.get(a)?.includes(b) === true))
          );
        };
        let isAny = false;
        for (let bits = 0; bits < 2 ** names.length; bits++) isAny ||= isSet(bits);
        expect(electionRules.seeEachOther(who, needed)).toBe(isAny);
      }),
    );
  });
});
