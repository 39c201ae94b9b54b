import { describe, expect, it } from "vitest";
import { createLogger, type Logger } from "../../src/io/logger.ts";
import { rehearse, rehearseLater } from "../../src/node/rehearsal.ts";
import type { NodeStatus } from "../../src/protocol/peer/node-messages.ts";
import { startLoneMaster } from "./lone-master.ts";

/** Ports and connections of this process. */
function sockets(): string[] {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith("TCP"));
}

function collected(): { logger: Logger; events: string[] } {
  const events: string[] = [];
  const write = (line: string): void => void events.push(JSON.parse(line).event);
  return { logger: createLogger({ level: "debug", id: "n1", destination: { write } }), events };
}

describe("a rehearsal", () => {
  it("is played to the end, and leaves no port or connection behind", async () => {
    const before = sockets();
    await rehearse();
    // Sockets that were reset say so in the next turns.
    await expect.poll(sockets).toEqual(before);
  });

  it("takes place in the process of a replica, once it is one", async () => {
    const roles: NodeStatus["role"][] = ["none", "none"];
    const node = { status: () => ({ role: roles.shift() ?? "replica" }) };
    const { logger, events } = collected();
    await rehearseLater(node, { logger, lookEveryMs: 1 });
    expect(roles).toEqual([]);
    expect(events).toEqual(["rehearsed"]);
  });

  it("is spared a master, who has run all of it", async () => {
    const master = await startLoneMaster();
    const { logger, events } = collected();
    await rehearseLater(master, { logger, lookEveryMs: 1 });
    expect(master.status().role).toBe("master");
    expect(events).toEqual([]);
  });
});
