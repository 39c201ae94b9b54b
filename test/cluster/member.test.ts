import { describe, expect, it } from "vitest";
import { Member, type Shell } from "../../cluster/member.ts";
import { InterrexError } from "../../src/base/errors.ts";

/** A shell that writes down what is done to it. */
function recordingMember(refusals: InterrexError[] = []) {
  const done: string[] = [];
  const failed: unknown[] = [];
  /** How each start tells that its shell has stopped by itself. */
  const fails: ((error: unknown) => void)[] = [];
  /** What the next start waits for. */
  let gate: Promise<void> = Promise.resolve();
  /** What a stop waits for. */
  let stopGate: Promise<void> = Promise.resolve();
  const shell: Shell = {
    address: { host: "127.0.0.1", port: 1 },
    stop: async () => {
      await stopGate;
      done.push("stop");
    },
    kill: () => void done.push("kill"),
    pause: () => void done.push("pause"),
    resume: () => void done.push("resume"),
    setReachable: (reachable) => void done.push(`reaches n2: ${reachable("n2")}`),
  };
  const member = new Member(
    "n1",
    async (onFailed) => {
      const refusal = refusals.shift();
      if (refusal !== undefined) throw refusal;
      fails.push(onFailed);
      await gate;
      done.push("start");
      return shell;
    },
    (error) => failed.push(error),
  );
  const held = (): { until: Promise<void>; release: () => void } => {
    let release = (): void => {};
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    return { until, release };
  };
  /** Both hold up what comes next until the function that they return is called. */
  const holdStart = (): (() => void) => {
    const { until, release } = held();
    gate = until;
    return release;
  };
  const holdStop = (): (() => void) => {
    const { until, release } = held();
    stopGate = until;
    return release;
  };
  return { member, done, failed, holdStart, holdStop, fail: (error: Error) => fails.at(-1)?.(error), fails };
}

describe("a member", () => {
  it("is dead until it is started", async () => {
    const { member } = recordingMember();
    expect(member.state).toBe("dead");
    expect(member.shell).toBeNull();
    await member.start();
    expect(member.state).toBe("running");
  });

  it("that is stopped twice, or started again, waits for the stop that is under way", async () => {
    const { member, done, holdStop } = recordingMember();
    await member.start();
    const release = holdStop();
    const ends = [member.stop(), member.stop().then(() => done.push("second stop")), member.start()];
    await turn();
    expect(done).toEqual(["start", "reaches n2: true"]);
    release();
    await Promise.all(ends);
    expect(done[2]).toBe("stop");
    expect(done.slice(3).sort()).toEqual(["reaches n2: true", "second stop", "start"]);
  });

  it("that is killed can be started again", async () => {
    const { member, done } = recordingMember();
    await member.start();
    member.kill();
    expect(member.state).toBe("dead");
    await member.start();
    expect(member.state).toBe("running");
    expect(done).toEqual(["start", "reaches n2: true", "kill", "start", "reaches n2: true"]);
  });

  it("that runs is stopped cleanly before it is started again", async () => {
    const { member, done } = recordingMember();
    await member.start();
    await member.start();
    expect(done.filter((what) => !what.startsWith("reaches"))).toEqual(["start", "stop", "start"]);
  });

  it("says nothing while it is paused", async () => {
    const { member } = recordingMember();
    await member.start();
    member.pause();
    expect(member.state).toBe("paused");
    expect(member.shell).toBeNull();
    member.resume();
    expect(member.state).toBe("running");
  });

  it("that is paused is woken to stop", async () => {
    const { member, done } = recordingMember();
    await member.start();
    member.pause();
    await member.stop();
    expect(done.slice(-3)).toEqual(["pause", "resume", "stop"]);
  });

  it("that is dead can be neither paused nor resumed", () => {
    const { member } = recordingMember();
    expect(() => member.pause()).toThrow('n1 is dead; restart("n1") brings it back');
    expect(() => member.resume()).toThrow(InterrexError);
  });

  it("stays cut off through a restart", async () => {
    const { member, done } = recordingMember();
    await member.start();
    member.setReachable((peer) => peer !== "n2");
    member.kill();
    await member.start();
    expect(done.at(-1)).toBe("reaches n2: false");
  });

  it("that stops by itself is dead, and its error is told", async () => {
    const { member, failed, fail } = recordingMember();
    await member.start();
    fail(new Error("the disk is gone"));
    expect(member.state).toBe("dead");
    expect(failed).toEqual([new Error("the disk is gone")]);
  });

  it("waits for its port to be free again", async () => {
    const { member } = recordingMember([new InterrexError("PORT_IN_USE", "Port 1 is in use")]);
    await member.start();
    expect(member.state).toBe("running");
  });

  it("does not start again after any other refusal", async () => {
    const { member } = recordingMember([new InterrexError("CORRUPT_LOG", "a record fails its CRC")]);
    await expect(member.start()).rejects.toThrow("a record fails its CRC");
    expect(member.state).toBe("dead");
  });

  it("that is killed while it starts is dead, and leaves no shell behind", async () => {
    const { member, done, holdStart } = recordingMember();
    const release = holdStart();
    const started = member.start();
    await turn();
    member.kill();
    release();
    await started;
    expect(member.state).toBe("dead");
    expect(done).toEqual(["start", "kill"]);
  });

  it("that is stopped while it starts has stopped cleanly by then", async () => {
    const { member, done, holdStart } = recordingMember();
    const release = holdStart();
    const started = member.start();
    await turn();
    const stopped = member.stop();
    release();
    await stopped;
    expect(done).toEqual(["start", "stop"]);
    await started;
    expect(member.state).toBe("dead");
  });

  it("that is killed while it starts can be started again, once that start has ended", async () => {
    const { member, done, holdStart } = recordingMember();
    const release = holdStart();
    const first = member.start();
    await turn();
    member.kill();
    const second = member.start();
    release();
    await Promise.all([first, second]);
    expect(member.state).toBe("running");
    expect(done).toEqual(["start", "kill", "start", "reaches n2: true"]);
  });

  it("that is started twice at once is started once", async () => {
    const { member, done } = recordingMember();
    await Promise.all([member.start(), member.start()]);
    expect(done).toEqual(["start", "reaches n2: true"]);
  });

  it("that fails before its start is over is dead", async () => {
    const { member, done, failed, holdStart, fail } = recordingMember();
    const release = holdStart();
    const started = member.start();
    await turn();
    fail(new Error("the disk is gone"));
    release();
    await started;
    expect(member.state).toBe("dead");
    expect(failed).toEqual([new Error("the disk is gone")]);
    expect(done).toEqual(["start", "kill"]);
  });

  it("doesn't die of the failure of an earlier life", async () => {
    const { member, failed, fails } = recordingMember();
    await member.start();
    member.kill();
    await member.start();
    fails[0]?.(new Error("too late"));
    expect(member.state).toBe("running");
    expect(failed).toEqual([]);
  });
});

/** Until a start that was asked for is under way. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
