import { describe, expect, it } from "vitest";
import { suggest } from "../../../cluster/config/suggest.ts";

const KEYS = ["id", "host", "port", "peerPort", "announceHost", "dataDir", "appendfsync"];

describe("suggest", () => {
  it.each([
    ["prot", "port"],
    ["Port", "port"],
    ["peer_port", "peerPort"],
    ["datadir", "dataDir"],
    ["appendFsync", "appendfsync"],
    ["anounceHost", "announceHost"],
  ])("takes %s for %s", (typed, meant) => {
    expect(suggest(typed, KEYS)).toBe(meant);
  });

  it("names nothing rather than something far off", () => {
    expect(suggest("colour", KEYS)).toBeUndefined();
  });
});
