import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { CommandTurns } from "../../../src/io/redis/command-turns.ts";

/** Clients whose commands take `commandMs` each, by a clock that nothing else moves. */
class Scene {
  /** Whose commands have run, in order: `A A B`. */
  readonly ran: string[] = [];
  /** What had run each time that replies were sent. */
  readonly sentAfter: string[] = [];
  isRunning = true;
  readonly turns: CommandTurns<string> = new CommandTurns({
    nowMs: () => this.#nowMs,
    isRunning: () => this.isRunning,
    sendReplies: () => this.sentAfter.push(stretches(this.ran)),
    run: (client) => this.#batch(client),
    turnEnds: (batches) => {
      this.batches.push(batches);
      this.sentAfter.push(stretches(this.ran));
    },
  });
  /** How many each turn that has ended had. */
  readonly batches: number[] = [];
  readonly #left = new Map<string, number>();
  commandMs: number;
  #nowMs = 0;

  constructor(commandMs: number) {
    this.commandMs = commandMs;
  }

  /** As when bytes have come. */
  sends(client: string, commands: number): void {
    this.#left.set(client, (this.#left.get(client) ?? 0) + commands);
    if (!this.turns.isWaiting(client)) this.#batch(client);
  }

  leftOf(client: string): number {
    return this.#left.get(client) ?? 0;
  }

  #batch(client: string): void {
    if (!this.turns.mayBegin(client, this.#nowMs)) return;
    for (let left = this.leftOf(client); left > 0; left--) {
      this.ran.push(client);
      this.#nowMs += this.commandMs;
      this.#left.set(client, left - 1);
      if (left > 1 && !this.turns.mayGoOn(this.commandMs < 0.5)) return this.turns.wait(client);
    }
  }
}

/** `AAAB` as `3A 1B`. */
function stretches(ran: readonly string[]): string {
  return (ran.join("").match(/(.)\1*/g) ?? []).map((run) => `${run.length}${run[0]}`).join(" ");
}

describe("the turns of commands", () => {
  it("leave small batches alone, however many clients send some", () => {
    const scene = new Scene(0.001);
    for (let i = 0; i < 100; i++) scene.sends("A", 20);
    expect(stretches(scene.ran)).toBe("2000A");
  });

  it("have a client with much to do go on later, behind those who wait already", async () => {
    const scene = new Scene(0.2);
    scene.sends("A", 70);
    scene.sends("B", 40);
    expect(stretches(scene.ran)).toBe("16A 16B");
    await turnOfTheLoop();
    expect(stretches(scene.ran)).toBe("16A 16B 16A 16B");
    await turnOfTheLoop();
    expect(stretches(scene.ran)).toBe("16A 16B 16A 16B 16A 8B");
    await turnOfTheLoop();
    expect(stretches(scene.ran)).toBe("16A 16B 16A 16B 16A 8B 22A");
    expect(scene.batches).toEqual([2, 2, 2, 2]);
  });

  it("give a client whose socket is read again and again its time once, and then to others", async () => {
    const scene = new Scene(0.2);
    for (let read = 0; read < 8; read += 1) scene.sends("A", 4);
    scene.sends("B", 1);
    expect(stretches(scene.ran)).toBe("12A 1B");
    expect(scene.turns.isWaiting("A")).toBe(true);
    await turnOfTheLoop();
    scene.sends("A", 4);
    expect(stretches(scene.ran)).toBe("12A 1B 24A");
  });

  it("have replies go out after a millisecond of commands, and not after less", () => {
    const scene = new Scene(0.3);
    for (const client of "ABCDEFGHI") scene.sends(client, 1);
    // Four take 1.2 ms.
    expect(scene.sentAfter).toEqual(["1A 1B 1C 1D", "1A 1B 1C 1D 1E 1F 1G 1H"]);
  });

  it("have replies go out after much of one client, before what waits runs, and after it", async () => {
    const scene = new Scene(0.2);
    scene.sends("A", 20);
    scene.sends("B", 1);
    expect(scene.sentAfter).toEqual(["16A"]);
    await turnOfTheLoop();
    expect(stretches(scene.ran)).toBe("16A 1B 4A");
    scene.sends("B", 1);
    await turnOfTheLoop();
    expect(scene.sentAfter).toEqual(["16A", "16A 1B", "16A 1B 4A", "16A 1B 4A 1B"]);
  });

  it("end when all clients together have had their time, whoever sends something then", async () => {
    const scene = new Scene(1);
    // Two ms for each, until C comes too late.
    for (const client of ["A", "B", "C"]) scene.sends(client, 3);
    expect(stretches(scene.ran)).toBe("2A 2B");
    await turnOfTheLoop();
    expect(stretches(scene.ran)).toBe("2A 2B 1A 1B 2C");
    await turnOfTheLoop();
    expect(stretches(scene.ran)).toBe("2A 2B 1A 1B 3C");
  });

  it("end after one command that is slow, though those before it were fast", async () => {
    const scene = new Scene(0.001);
    scene.sends("A", 40);
    scene.commandMs = 250;
    scene.sends("A", 3);
    expect(stretches(scene.ran)).toBe("41A");
    await turnOfTheLoop();
    expect(stretches(scene.ran)).toBe("42A");
  });

  it("end after one slow command, though each client sends only one", async () => {
    const scene = new Scene(250);
    for (const client of ["A", "B", "C"]) scene.sends(client, 1);
    expect(stretches(scene.ran)).toBe("1A");
    await turnOfTheLoop();
    expect(stretches(scene.ran)).toBe("1A 1B");
  });

  it("come to nobody while the node stands still, and go on afterwards", async () => {
    const scene = new Scene(1);
    scene.sends("A", 20);
    scene.isRunning = false;
    await turnOfTheLoop();
    expect(stretches(scene.ran)).toBe("2A");
    scene.isRunning = true;
    scene.turns.resume();
    await turnOfTheLoop();
    expect(stretches(scene.ran)).toBe("6A");
  });

  it("end once for all batches that sockets bring, and not without one", async () => {
    const scene = new Scene(0.001);
    for (const client of ["A", "B", "C"]) scene.sends(client, 1);
    expect(scene.sentAfter).toEqual([]);
    await turnOfTheLoop();
    expect(scene.sentAfter).toEqual(["1A 1B 1C"]);
    scene.turns.resume();
    await turnOfTheLoop();
    expect(scene.sentAfter).toHaveLength(1);
  });

  it("end only after a standstill that came before their end", async () => {
    const scene = new Scene(0.001);
    scene.sends("A", 1);
    scene.isRunning = false;
    await turnOfTheLoop();
    expect(scene.sentAfter).toEqual([]);
    scene.isRunning = true;
    scene.turns.resume();
    await turnOfTheLoop();
    expect(scene.sentAfter).toEqual(["1A"]);
  });

  it("do not come to a client that has gone", async () => {
    const scene = new Scene(1);
    scene.sends("A", 20);
    scene.turns.forget("A");
    await turnOfTheLoop();
    expect(stretches(scene.ran)).toBe("2A");
  });
});
