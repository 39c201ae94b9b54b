import { beforeEach, describe, expect, it } from "vitest";
import { type Arrival, BusyPolling } from "../../src/node/busy-polling.ts";

const WINDOW_MS = 0.4;

let nowMs: number;
/** What the next turn of the event loop has to do: while there is something, the loop does not sleep. */
let next: (() => void) | null;
let polling: BusyPolling;

beforeEach(() => {
  nowMs = 1000;
  next = null;
  polling = withWindow(WINDOW_MS);
});

function withWindow(windowMs: number): BusyPolling {
  return new BusyPolling({
    windowMs,
    nowMs: () => nowMs,
    nextTurn: (action) => {
      next = action;
    },
  });
}

/** One turn of the event loop, `tookMs` after the one before. */
function turn(tookMs: number): void {
  nowMs += tookMs;
  const action = next;
  next = null;
  action?.();
}

/** Two commands, one right after the other: from here on the next is expected. */
function begin(): void {
  polling.came("commands", nowMs);
  nowMs += 0.1;
  polling.came("commands", nowMs);
}

/** It comes, and so much time passes. */
function comes(arrival: Arrival, thenMs: number): void {
  polling.came(arrival, nowMs);
  nowMs += thenMs;
}

describe("busy polling", () => {
  it("keeps the loop turning after what was followed soon by something the last time", () => {
    polling.came("commands", nowMs);
    expect(next).toBeNull();
    nowMs += 0.1;
    polling.came("commands", nowMs);
    expect(next).not.toBeNull();
  });

  it("sleeps after the window, and no sooner", () => {
    begin();
    turn(0.2);
    turn(0.19);
    expect(next).not.toBeNull();
    turn(0.02);
    expect(next).toBeNull();
  });

  it("goes on as long as something comes within the window", () => {
    begin();
    for (let count = 0; count < 20; count++) {
      turn(0.3);
      polling.came("commands", nowMs);
    }
    expect(next).not.toBeNull();
  });

  it("sleeps behind a turn in which many clients wrote, for ten milliseconds", () => {
    begin();
    polling.wrote(5, nowMs);
    turn(0.01);
    expect(next).toBeNull();
    nowMs += 0.1;
    polling.came("commands", nowMs);
    expect(next).toBeNull();
    nowMs += 9.7;
    begin();
    expect(next).toBeNull();
    nowMs += 0.1;
    begin();
    expect(next).not.toBeNull();
  });

  it("goes on behind a turn in which a few clients wrote", () => {
    begin();
    polling.wrote(4, nowMs);
    turn(0.01);
    expect(next).not.toBeNull();
  });

  it("sleeps at once after what was not followed soon the last time", () => {
    begin();
    turn(0.5);
    nowMs += 5;
    polling.came("commands", nowMs);
    expect(next).toBeNull();
    nowMs += 5;
    polling.came("commands", nowMs);
    expect(next).toBeNull();
  });

  it("knows for each kind of arrival how soon something follows", () => {
    // A command is acknowledged soon, and the next one comes 5 ms later.
    for (let count = 0; count < 3; count++) {
      comes("commands", 0.1);
      comes("acks", 5);
    }
    turn(0);
    polling.came("commands", nowMs);
    expect(next).not.toBeNull();
    turn(0.1);
    polling.came("acks", nowMs);
    turn(0.01);
    expect(next).toBeNull();
  });

  it("knows a second ack, which nothing follows, from the first", () => {
    for (let count = 0; count < 3; count++) {
      comes("commands", 0.1);
      comes("acks", 0.3);
      comes("acks", 5);
    }
    turn(0);
    polling.came("commands", nowMs);
    turn(0.1);
    polling.came("acks", nowMs);
    turn(0.1);
    expect(next).not.toBeNull();
    polling.came("acks", nowMs);
    turn(0.01);
    expect(next).toBeNull();
  });

  it("takes no notice of acks that confirm the beats of a node at rest, though two come at once", () => {
    begin();
    turn(0.5);
    for (let count = 0; count < 3; count++) {
      nowMs += 100;
      comes("acks", 0.2);
      comes("acks", 0);
      expect(next).toBeNull();
    }
  });

  it("makes one turn follow another however much comes in one", () => {
    begin();
    const first = next;
    polling.came("acks", nowMs);
    polling.came("commands", nowMs);
    expect(next).toBe(first);
  });

  it("lets go of its core for a while once it had to wait for it", () => {
    begin();
    turn(2);
    expect(next).toBeNull();
    for (let count = 0; count < 30; count++) {
      nowMs += 0.3;
      polling.came("commands", nowMs);
    }
    expect(next).toBeNull();
    nowMs += 1;
    begin();
    expect(next).not.toBeNull();
  });

  it("rests longer each time that it has to wait again soon, and as at first after a quiet time", () => {
    const restMs = (): number => {
      begin();
      turn(2);
      const beganMs = nowMs;
      for (; next === null; nowMs += 0.1) polling.came("commands", nowMs);
      turn(0.5);
      turn(0.5);
      return Math.round(nowMs - beganMs - 1);
    };
    const rests = Array.from({ length: 8 }, restMs);
    expect(rests).toEqual([10, 20, 40, 80, 160, 320, 320, 320]);
    nowMs += 10_000;
    expect(restMs()).toBe(10);
  });

  it("takes a long turn in which something came for what it is: work", () => {
    begin();
    nowMs += 1.9;
    polling.came("commands", nowMs);
    nowMs += 0.1;
    polling.came("commands", nowMs);
    turn(0.1);
    expect(next).not.toBeNull();
  });

  it("takes a long batch that it begins behind for what it is, too", () => {
    polling.came("commands", nowMs);
    nowMs += 0.1;
    const beganMs = nowMs;
    nowMs += 2;
    polling.came("commands", beganMs);
    turn(0.1);
    nowMs += 5;
    begin();
    expect(next).not.toBeNull();
  });

  it("never keeps it turning where the window is 0", () => {
    polling = withWindow(0);
    for (let count = 0; count < 5; count++) polling.came("commands", nowMs);
    expect(next).toBeNull();
  });
});
