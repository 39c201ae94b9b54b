import { describe, expect, it } from "vitest";
import { Member, type Shell } from "../../cluster/member.ts";
import { InterrexError } from "../../src/base/errors.ts";

/** A shell that writes down what is done to it. */
function recordingMember(refusals: InterrexError[] = []) {
  const done: string[] = [];
  const failed: unknown[] = [];
  let fail: (error: unknown) => void = () => {};
  const shell: Shell = {
    address: { host: "127.0.0.1", port: 1 },
    stop: async () => void done.push("stop"),
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
      fail = onFailed;
      done.push("start");
      return shell;
    },
    (error) => failed.push(error),
  );
  return { member, done, failed, fail: (error: Error) => fail(error) };
}

describe("a member", () => {
  it("is dead until it is started", async () => {
    const { member } = recordingMember();
    expect(member.state).toBe("dead");
    expect(member.shell).toBeNull();
    await member.start();
    expect(member.state).toBe("running");
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
});
