import { describe, expect, it } from "vitest";
import type { Epoch, MemberId, Offset } from "../../../src/base/ids.ts";
import { MemberOutbox } from "../../../src/core/member-io.ts";
import { FullSyncNotes } from "../../../src/core/replication/full-sync-notes.ts";

function begun(): { notes: FullSyncNotes; told: () => unknown[] } {
  const outbox = new MemberOutbox();
  const parties = { replica: "n2" as MemberId, epoch: 3 as Epoch };
  const notes = new FullSyncNotes(outbox, parties, { epoch: 2 as Epoch, offset: 70 as Offset }, 1000);
  outbox.take();
  const told = (): unknown[] =>
    outbox.take().map((effect) => (effect.type === "log" ? [effect.event, effect.fields] : effect));
  return { notes, told };
}

const what = { replica: "n2", epoch: 3, snapshotEpoch: 2, offset: 70 };

describe("what the log says of a full sync", () => {
  it("is what it carried and how long it took, once", () => {
    const { notes, told } = begun();
    notes.carried(100);
    notes.carried(20);
    notes.done(1250.4);
    notes.broke();
    notes.done(9000);
    expect(told()).toEqual([["full-sync-done", { ...what, bytes: 120, ms: 250 }]]);
  });

  it("that breaks off is how far it came, once", () => {
    const { notes, told } = begun();
    notes.carried(100);
    notes.broke();
    notes.done(1250);
    expect(told()).toEqual([["full-sync-broken", { ...what, bytes: 100 }]]);
  });
});
