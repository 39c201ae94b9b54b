import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KnownPongs } from "../../../src/protocol/peer/known-pongs.ts";
import type { Pong } from "../../../src/protocol/peer/node-messages.ts";
import { arbitraryMessage } from "./arbitrary-messages.ts";

const pongs = arbitraryMessage("pong") as fc.Arbitrary<Pong>;
const pong = fc.sample(pongs, { numRuns: 1, seed: 1 })[0] as Pong;
const text = JSON.stringify(pong);

function knowing(known: string, message: Pong): KnownPongs {
  const all = new KnownPongs();
  all.noting(known, message);
  return all;
}

describe("known pongs", () => {
  it("are found again whatever their number is, and say what they said", () => {
    fc.assert(
      fc.property(pongs, fc.nat(), (message, seq) => {
        const known = knowing(JSON.stringify(message), message);
        const next = { ...message, seq };
        expect(known.find(JSON.stringify(next))).toEqual(next);
      }),
    );
  });

  it("are none of another status", () => {
    fc.assert(
      fc.property(pongs, pongs, (one, other) => {
        fc.pre(JSON.stringify(one.status) !== JSON.stringify(other.status));
        expect(knowing(JSON.stringify(one), one).find(JSON.stringify(other))).toBeUndefined();
      }),
    );
  });

  it.each(["-1", "01", "1.5", "1e3", '"1"', "", " 1", "281474976710656", "9999999999999999"])(
    "are none with %s for a number, which a pong may not have",
    (seq) => {
      const odd = text.replace(`"seq":${pong.seq}`, `"seq":${seq}`);
      expect(knowing(text, pong).find(odd)).toBeUndefined();
    },
  );

  it("are none of texts that say more than the message that was read from them", () => {
    const twice = `${text.slice(0, -1)},"seq":${pong.seq}}`;
    expect(knowing(twice, pong).find(twice)).toBeUndefined();
  });

  it("are forgotten when many others have come since", () => {
    const known = knowing(text, pong);
    for (let offset = 0; offset < 16; offset += 1) {
      const other = { ...pong, status: { ...pong.status, committed: offset } } as Pong;
      known.noting(JSON.stringify(other), other);
    }
    expect(known.find(text)).toBeUndefined();
  });
});
