import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { InterrexError } from "../../src/base/errors.ts";
import type { Epoch, Offset } from "../../src/base/ids.ts";
import type { MemberInput } from "../../src/core/member-io.ts";
import type { StoredSnapshot } from "../../src/io/storage/member-storage.ts";
import { SnapshotHands } from "../../src/node/snapshot-hands.ts";
import type { LinkId } from "../../src/protocol/peer/identity.ts";

const LINK = 7 as LinkId;
const AT = { epoch: 1 as Epoch, offset: 5 as Offset };

function snapshotThat(breaks: Error): StoredSnapshot {
  return {
    position: AT,
    history: [],
    bytes: 0,
    async *chunks(): AsyncGenerator<Buffer> {
      yield Buffer.from("first");
      throw breaks;
    },
  };
}

/** What the core hears of a stream that breaks, when `newer` stands by then instead of what was streamed. */
async function heard(breaks: Error, newer?: StoredSnapshot): Promise<string[]> {
  let standing = snapshotThat(breaks);
  const inputs: MemberInput[] = [];
  const hands = new SnapshotHands(
    { readSnapshot: () => standing, writeSnapshot: () => Promise.reject(new Error("none is written")) },
    {
      input: (input) => void inputs.push(input),
      log: () => {},
      fail: (error) => expect.unreachable(String(error)),
    },
  );
  hands.carryOut({ type: "openSnapshot", link: LINK });
  hands.carryOut({ type: "readSnapshot", link: LINK });
  for (let turns = 0; turns < 5; turns++) await turn();
  if (newer !== undefined) standing = newer;
  hands.carryOut({ type: "readSnapshot", link: LINK });
  for (let turns = 0; turns < 5; turns++) await turn();
  return inputs.slice(2).map(({ type }) => type);
}

const corrupt = new InterrexError("CORRUPT_SNAPSHOT", "a chunk fails its CRC");

it("a damaged snapshot is told as damaged, then as not to be had", async () => {
  const damage = ["snapshotDamaged", "snapshotOpened"];
  expect(await heard(corrupt)).toEqual(damage);
  expect(await heard(Object.assign(new Error("EIO"), { code: "EIO" }))).toEqual(damage);
});

it("one that was replaced, or that another has replaced since, is not", async () => {
  expect(await heard(new InterrexError("SNAPSHOT_GONE", "a newer one"))).toEqual(["snapshotOpened"]);
  expect(await heard(corrupt, snapshotThat(corrupt))).toEqual(["snapshotOpened"]);
});
