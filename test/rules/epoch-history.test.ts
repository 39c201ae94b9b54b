import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Epoch, Offset } from "../../src/base/ids.ts";
import {
  type EpochHistory,
  type EpochStart,
  type LogEnd,
  partingPoint,
} from "../../src/rules/epoch-history.ts";
import { comparePositions, EMPTY_POSITION, type LogPosition } from "../../src/rules/log-position.ts";

/** As one reads it: of all reigns that both logs have, the greatest position up to which both have it. */
function partingPointByDefinition(a: LogEnd, b: LogEnd): LogPosition {
  const ends = ({ history, lastOffset }: LogEnd) =>
    history.map((entry, index) => ({
      ...entry,
      end: (history[index + 1]?.firstOffset ?? lastOffset + 1) - 1,
    }));
  const shared = ends(a).flatMap(({ epoch, firstOffset, end }) =>
    ends(b)
      .filter((other) => other.epoch === epoch && other.firstOffset === firstOffset)
      .map((other) => ({ epoch, offset: Math.min(end, other.end) as Offset })),
  );
  return shared.sort(comparePositions).at(-1) ?? EMPTY_POSITION;
}

const reigns = fc.array(
  fc.record({ epochs: fc.integer({ min: 1, max: 3 }), records: fc.integer({ min: 1, max: 3 }) }),
  {
    maxLength: 8,
  },
);

type Reigns = readonly { readonly epochs: number; readonly records: number }[];

/** A log of these reigns, each so many epochs after the one before, and so many records long. */
function logOf(steps: Reigns): LogEnd {
  const history: EpochStart[] = [];
  let epoch = 0;
  let offset = 0;
  for (const { epochs, records } of steps) {
    epoch += epochs;
    history.push({ epoch: epoch as Epoch, firstOffset: (offset + 1) as Offset });
    offset += records;
  }
  return { history, lastOffset: offset as Offset };
}

/** Two logs that begin alike, and one of which may have lost its beginning. */
const twoLogs = fc.tuple(reigns, reigns, reigns, fc.nat(4)).map(([alike, a, b, lost]): [LogEnd, LogEnd] => {
  const whole = logOf([...alike, ...b]);
  return [logOf([...alike, ...a]), { ...whole, history: whole.history.slice(lost) }];
});

describe("the point where two logs part", () => {
  it("is the greatest position of a reign that both have", () => {
    fc.assert(
      fc.property(twoLogs, ([a, b]) => {
        expect(partingPoint(a, b)).toEqual(partingPointByDefinition(a, b));
      }),
      { numRuns: 500 },
    );
  });

  it("is the same from either side", () => {
    fc.assert(
      fc.property(twoLogs, ([a, b]) => {
        expect(partingPoint(a, b)).toEqual(partingPoint(b, a));
      }),
    );
  });

  it.each([
    ["alike", 1, 1],
    ["of other epochs", 2, 3],
  ])("takes a look at each reign a few times only: %s", (_, everyA, everyB) => {
    const count = 2000;
    let looks = 0;
    const history = (every: number): EpochHistory =>
      Array.from({ length: count }, (_entry, index) => ({
        get epoch() {
          looks++;
          return ((index + 1) * every) as Epoch;
        },
        firstOffset: (3 * index + 1) as Offset,
      }));
    const lastOffset = (3 * count) as Offset;
    partingPoint({ history: history(everyA), lastOffset }, { history: history(everyB), lastOffset });
    expect(looks).toBeLessThan(20 * count);
  });
});
