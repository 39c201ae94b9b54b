/** Clients that come back all at once, as after a failover, stand in line until they are accepted. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { mayUse } from "../../may-use.ts";
import { startServer } from "./redis-harness.ts";

it.runIf(process.platform === "linux" && mayUse("ss", "how many clients may wait to be accepted"))(
  "as many as the kernel allows, up to 4096",
  async () => {
    const { port } = await startServer();
    // State, Recv-Q, Send-Q: of a listening socket the last one is its backlog.
    const line = execFileSync("ss", ["--listening", "--tcp", "--numeric", "--no-header", `sport = :${port}`]);
    const [, , backlog] = line.toString().trim().split(/\s+/);
    const somaxconn = Number(readFileSync("/proc/sys/net/core/somaxconn", "utf8"));
    expect(Number(backlog)).toBe(Math.min(4096, somaxconn));
  },
);
