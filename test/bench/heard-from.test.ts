import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { heardFrom } from "../../bench/heard-from.ts";

function child(script: string): ChildProcess {
  return spawn(process.execPath, ["-e", script], { stdio: ["ignore", "ignore", "ignore", "ipc"] });
}

const number = (message: unknown): number | undefined => (typeof message === "number" ? message : undefined);

describe("what is heard from a client process", () => {
  it("is its first message that means something", async () => {
    const talker = child(`process.send("writing"); process.send(7, () => process.disconnect())`);
    expect(await heardFrom(talker, number)).toBe(7);
  });

  it("is its end when it dies without a word, however late one asks", async () => {
    const dying = child("process.exit(3)");
    await expect(heardFrom(dying, number)).rejects.toThrow("A client process ended by itself: exit 3");
    await expect(heardFrom(dying, number)).rejects.toThrow("A client process ended by itself: exit 3");
  });

  it("is its end when it was killed before", async () => {
    const killed = child("setInterval(() => {}, 1000)");
    killed.kill("SIGKILL");
    await once(killed, "exit");
    await expect(heardFrom(killed, number)).rejects.toThrow("SIGKILL");
  });
});
