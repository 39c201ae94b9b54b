import { describe, expect, it } from "vitest";
import { establishedMaster, masterOfMajority } from "../../cluster/agreed-master.ts";
import type { GroupView } from "../../sentinel/core/view.ts";
import type { Epoch, MemberId } from "../../src/base/ids.ts";
import { EMPTY_VIEW, HEALTHY_VIEW } from "../cli/example-views.ts";

function viewOf(master: string, epoch: number): GroupView {
  const { standing } = HEALTHY_VIEW;
  if (standing === null) throw new Error("the example has a record");
  const number = { epoch: epoch as Epoch, seq: 1 };
  return { ...HEALTHY_VIEW, standing: { ...standing, number, master: master as MemberId } };
}

describe("the master that a majority names", () => {
  it("is the one of the newest reign", () => {
    expect(masterOfMajority([viewOf("n1", 2), viewOf("n2", 3), viewOf("n2", 3)], 3)).toEqual({
      id: "n2",
      host: "127.0.0.1",
      port: 6380,
      epoch: 3,
    });
  });

  it("is nobody while a minority only knows the newest reign", () => {
    expect(masterOfMajority([viewOf("n1", 2), viewOf("n1", 2), viewOf("n2", 3)], 3)).toBeUndefined();
  });

  it("counts the sentinels that can't be asked", () => {
    expect(masterOfMajority([viewOf("n1", 2)], 3)).toBeUndefined();
    expect(masterOfMajority([viewOf("n1", 2)], 1)?.id).toBe("n1");
  });

  it("is nobody before the first record", () => {
    expect(masterOfMajority([EMPTY_VIEW, EMPTY_VIEW, EMPTY_VIEW], 3)).toBeUndefined();
    expect(masterOfMajority([], 3)).toBeUndefined();
  });
});

describe("the first master", () => {
  it("is there when every sentinel names it and it acknowledges", () => {
    expect(establishedMaster([HEALTHY_VIEW, HEALTHY_VIEW])).toBe("n1");
  });

  it("is not there while one sentinel doesn't answer, or knows none", () => {
    expect(establishedMaster([HEALTHY_VIEW, null])).toBeNull();
    expect(establishedMaster([HEALTHY_VIEW, EMPTY_VIEW])).toBeNull();
  });

  it("is not there before it acknowledges", () => {
    const { master } = HEALTHY_VIEW;
    if (!master?.status) throw new Error("the example has a master");
    const silent = {
      ...HEALTHY_VIEW,
      master: { ...master, status: { ...master.status, established: false } },
    };
    expect(establishedMaster([silent, silent])).toBeNull();
  });
});
