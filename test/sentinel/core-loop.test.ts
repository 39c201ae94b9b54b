import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SentinelOutbox } from "../../sentinel/core/outbox.ts";
import type { SentinelInput } from "../../sentinel/core/sentinel-input.ts";
import type { GroupView } from "../../sentinel/core/view.ts";
import { CoreLoop } from "../../sentinel/core-loop.ts";
import { InvariantError } from "../../src/base/errors.ts";
import type { Millis } from "../../src/base/ids.ts";
import { groupView } from "./clients/sentinel-fixture.ts";

/** A core whose answer to each event the test writes. */
class ScriptedCore {
  readonly outbox: SentinelOutbox = new SentinelOutbox();
  readonly seen: string[] = [];
  deadline: Millis | undefined;
  viewsMade = 0;
  onStep: (input: SentinelInput) => void = () => {};

  step(_now: unknown, input: SentinelInput): void {
    this.seen.push(input.type === "linkDown" ? `linkDown ${input.link}` : input.type);
    this.onStep(input);
  }

  deadlineMs(): Millis | undefined {
    return this.deadline;
  }

  view(): GroupView {
    this.viewsMade++;
    return groupView();
  }

  isHolding(): boolean {
    return false;
  }
}

let nowMs: Millis;
let core: ScriptedCore;
let carriedOut: number[];
let settled: number;
let failures: Error[];
let loop: CoreLoop;
let onEffect: (link: number) => void;
let settleDeadlineMs: Millis | undefined;

beforeEach(() => {
  vi.useFakeTimers();
  nowMs = 1000;
  core = new ScriptedCore();
  carriedOut = [];
  settled = 0;
  failures = [];
  onEffect = () => {};
  settleDeadlineMs = undefined;
  loop = new CoreLoop({
    core,
    clock: { now: () => ({ monoMs: nowMs, wallMs: nowMs }) },
    carryOut: (effect) => {
      if (effect.type !== "closeLink") throw new Error(`unexpected ${effect.type}`);
      carriedOut.push(effect.link);
      onEffect(effect.link);
    },
    settle: () => {
      settled++;
    },
    settleDeadlineMs: () => settleDeadlineMs,
    failed: (error) => failures.push(error),
  });
});

afterEach(() => {
  loop.stop();
  vi.useRealTimers();
});

function advance(byMs: number): void {
  nowMs += byMs;
  vi.advanceTimersByTime(byMs);
}

describe("order", () => {
  it("carries out all effects of an event before the next event, though an effect sets one off", () => {
    core.onStep = (input) => {
      if (input.type === "start") for (const link of [1, 2, 3]) core.outbox.push({ type: "closeLink", link });
      if (input.type === "linkDown" && input.link === 1) core.outbox.push({ type: "closeLink", link: 4 });
    };
    onEffect = (link) => loop.dispatch({ type: "linkDown", link });
    loop.dispatch({ type: "start" });
    expect(carriedOut).toEqual([1, 2, 3, 4]);
    expect(core.seen).toEqual(["start", "linkDown 1", "linkDown 2", "linkDown 3", "linkDown 4"]);
    expect(settled).toBe(1);
  });
});

describe("time", () => {
  it("ticks at the core's deadline or at the clients', whichever is earlier, and not before", () => {
    core.deadline = 1030;
    settleDeadlineMs = 1020;
    loop.dispatch({ type: "start" });
    advance(19);
    expect(core.seen).toEqual(["start"]);
    settleDeadlineMs = undefined;
    advance(1);
    expect(core.seen).toEqual(["start", "tick"]);
    core.deadline = undefined;
    advance(10);
    expect(core.seen).toEqual(["start", "tick", "tick"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("arms for a deadline that a client's wait has set", () => {
    loop.observe(() => {
      settleDeadlineMs = 1500;
    });
    advance(500);
    expect(core.seen).toEqual(["tick"]);
  });

  it("makes a group's view once for each moment", () => {
    loop.observe(() => [loop.view("mymaster"), loop.view("mymaster")]);
    expect(core.viewsMade).toBe(1);
    loop.observe(() => loop.view("mymaster"));
    expect(core.viewsMade).toBe(2);
  });
});

describe("a paused process", () => {
  it("does nothing, then sees its late timer first and what came meanwhile after it", () => {
    core.deadline = 1010;
    loop.dispatch({ type: "start" });
    loop.pause();
    advance(1000);
    loop.dispatch({ type: "stateSaved", version: 1 });
    expect(core.seen).toEqual(["start"]);
    loop.resume();
    expect(core.seen).toEqual(["start", "tick", "stateSaved"]);
  });

  it("is not woken by a resume that had no pause", () => {
    loop.resume();
    expect(core.seen).toEqual([]);
  });
});

describe("a broken invariant", () => {
  const broken = new InvariantError("S4: a promise never decreases");

  it.each([
    ["in the core", () => loop.dispatch({ type: "tick" })],
    ["in an effect", () => loop.dispatch({ type: "linkDown", link: 9 })],
    [
      "while clients are answered",
      () =>
        loop.observe(() => {
          throw broken;
        }),
    ],
  ])("%s stops the loop for good and is told once", (_, cause) => {
    core.deadline = 1010;
    core.onStep = (input) => {
      if (input.type === "tick") throw broken;
      if (input.type === "linkDown") {
        core.outbox.push({ type: "closeLink", link: 1 });
        core.outbox.push({ type: "closeLink", link: 2 });
      }
    };
    onEffect = () => {
      throw broken;
    };
    loop.dispatch({ type: "start" });
    cause();
    const seen = [...core.seen];
    expect(failures).toEqual([broken]);
    loop.dispatch({ type: "start" });
    loop.observe(() => expect.unreachable());
    advance(100);
    expect(core.seen).toEqual(seen);
    expect(carriedOut.length).toBeLessThan(2);
    expect(failures).toHaveLength(1);
  });
});
