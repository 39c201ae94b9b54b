/** Several clients that push, pop and block, side by side on a member and on redis-server. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Client } from "../../../src/core/client.ts";
import { TestGroup, type TestMember } from "../member/test-group.ts";
import { decodeAll } from "./harness.ts";
import { BLOCKING_POPS, LISTS } from "./random-commands.ts";
import { hasRedisServer, RedisServer, type RedisSession } from "./redis-server.ts";

const CLIENTS = 4;

const key = fc.constantFrom("a", "b", "c");
const element = fc.constantFrom("1", "2", "3");
const side = fc.constantFrom("LEFT", "RIGHT");

const waits = fc.oneof(
  fc.tuple(fc.constantFrom("BLPOP", "BRPOP"), key, key, fc.constant("0")),
  fc.tuple(fc.constantFrom("BLPOP", "BRPOP"), key, fc.constant("0")),
  fc.tuple(fc.constant("BLMOVE"), key, key, side, side, fc.constant("0")),
  fc.tuple(fc.constant("BRPOPLPUSH"), key, key, fc.constant("0")),
  fc.tuple(fc.constant("BLMPOP"), fc.constant("0"), fc.constant("2"), key, key, side),
  fc.tuple(
    fc.constant("BLMPOP"),
    fc.constant("0"),
    fc.constant("1"),
    key,
    side,
    fc.constant("COUNT"),
    element,
  ),
);
const wakes = fc.oneof(
  fc.tuple(fc.constantFrom("RPUSH", "LPUSH"), key, element),
  fc.tuple(fc.constantFrom("RPUSH", "LPUSH"), key, element, element),
  fc.tuple(fc.constantFrom("RENAME", "RPOPLPUSH", "COPY"), key, key),
  fc.tuple(fc.constantFrom("DEL", "LPOP"), key),
  fc.tuple(fc.constant("SET"), key, element),
  fc.tuple(fc.constant("MOVE"), key, fc.constant("1")),
  fc.tuple(fc.constant("SWAPDB"), fc.constant("0"), fc.constant("1")),
);

/** Commands that one client sends one after the other: one alone, or a whole transaction. */
const burst: fc.Arbitrary<string[][]> = fc.oneof(
  { weight: 4, arbitrary: waits.map((argv) => [argv]) },
  { weight: 2, arbitrary: wakes.map((argv) => [argv]) },
  {
    weight: 3,
    arbitrary: fc
      .array(fc.oneof({ weight: 4, arbitrary: wakes }, { weight: 1, arbitrary: waits }), { maxLength: 4 })
      .map((commands) => [["MULTI"], ...commands, ["EXEC"]]),
  },
  { weight: 1, arbitrary: fc.oneof(LISTS, BLOCKING_POPS).map((argv) => [argv]) },
);
const step = fc.record({ client: fc.nat({ max: CLIENTS - 1 }), burst });

/** What a member says to each of its clients. */
class Ours {
  readonly member: TestMember;
  readonly clients: Client[];
  readonly #group = new TestGroup({ members: 1, copies: 1 });

  constructor() {
    this.member = this.#group.reign(1, "n1", []);
    this.clients = Array.from({ length: CLIENTS }, () => this.member.connect());
  }

  /** @returns what each client has got since the last command. */
  ask(client: number, argv: string[]): unknown[][] {
    const own = this.member.ask(this.clients[client] as Client, ...argv);
    return this.clients.map((each, at) => decodeAll(at === client ? own : this.member.read(each)));
  }
}

describe.skipIf(!hasRedisServer())("blocked clients, compared with redis-server 7.0", () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(async () => {
    await redis?.stop();
  });

  it("are served alike, whoever pushes what, and the same is left", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40, size: "max" }), async (steps) => {
        // Nobody of an earlier run may still wait for these keys.
        await redis.ask([["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"], ["FLUSHALL"]]);
        const theirs: RedisSession[] = [];
        for (let at = 0; at < CLIENTS; at += 1) theirs.push(await redis.connect());
        const ours = new Ours();
        for (const { client, argv } of steps.flatMap((one) => one.burst.map((argv) => ({ ...one, argv })))) {
          // A blocked client sends nothing.
          if (ours.clients[client]?.blocked !== null) continue;
          theirs[client]?.send(argv);
          const got = ours.ask(client, argv);
          // Once the server has answered what came later, it has done what came before.
          for (let round = 0; round < 3; round += 1) await redis.ask([["PING"]]);
          expect({ client, argv, got }).toEqual({ client, argv, got: theirs.map((each) => each.received()) });
        }
        for (const each of theirs) each.close();
        const lists = ["a", "b", "c", "d"].map((name) => ["LRANGE", name, "0", "-1"]);
        const left = await redis.ask(lists);
        const probe = ours.member.connect();
        expect(lists.flatMap((argv) => decodeAll(ours.member.ask(probe, ...argv)))).toEqual(left);
      }),
      { numRuns: 100 },
    );
  });
});
