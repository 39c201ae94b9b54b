import { describe, expect, it } from "vitest";
import { giveBackPorts, takeFreePorts } from "../../cluster/free-ports.ts";
import { bindProblem } from "../../cluster/processes/check-ports.ts";

const HOST = "127.0.0.1";

describe("free ports", () => {
  it("can be bound, and nobody else gets them until they are given back", async () => {
    const first = await takeFreePorts(HOST, 5);
    const second = await takeFreePorts(HOST, 5);
    try {
      expect(new Set([...first, ...second]).size).toBe(10);
      for (const port of first) expect(await bindProblem(HOST, port)).toBeNull();
    } finally {
      giveBackPorts(first);
      giveBackPorts(second);
    }
  });

  it("are as many as asked for, over several blocks where one is too small", async () => {
    const ports = await takeFreePorts(HOST, 100);
    giveBackPorts(ports);
    expect(new Set(ports).size).toBe(100);
  });

  it("are claimed from other processes by a port of their block that is bound", async () => {
    const ports = await takeFreePorts(HOST, 1);
    const [port = 0] = ports;
    const claimed = port - ((port - 23_000) % 64);
    expect(await bindProblem(HOST, claimed)).toMatchObject({ code: "EADDRINUSE" });
    giveBackPorts(ports);
  });
});
