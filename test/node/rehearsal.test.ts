import { describe, expect, it } from "vitest";
import { createLogger } from "../../src/io/logger.ts";
import type { DataNode } from "../../src/node/data-node.ts";
import { rehearse, rehearseLater } from "../../src/node/rehearsal.ts";
import { startLoneMaster } from "./lone-master.ts";

/** What keeps a process from its end. */
function resources(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /TCP|Timeout|FS/i.test(name))
    .sort();
}

function collected(): { logger: ReturnType<typeof createLogger>; events: () => string[] } {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ level: "debug", id: "n1", destination });
  return { logger, events: () => lines.map((line) => (JSON.parse(line) as { event: string }).event) };
}

describe("a rehearsal", () => {
  it("is played to the end, and leaves no port, socket or timer behind", async () => {
    const before = resources();
    await rehearse();
    // Sockets that were reset say so in the next turns.
    await expect.poll(resources).toEqual(before);
  });

  it("takes place in the process of a replica, once it is one", async () => {
    const roles = ["none", "none", "replica"];
    const node = { status: () => ({ role: roles.shift() ?? "replica" }) } as unknown as DataNode;
    const { logger, events } = collected();
    await rehearseLater(node, { logger, lookEveryMs: 1 });
    expect(roles).toEqual([]);
    expect(events()).toEqual(["rehearsed"]);
  });

  it("is spared a master, who has run all of it", async () => {
    const master = await startLoneMaster();
    const { logger, events } = collected();
    await rehearseLater(master, { logger, lookEveryMs: 1 });
    expect(master.status().role).toBe("master");
    expect(events()).toEqual([]);
  });
});
