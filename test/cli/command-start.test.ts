/** The built command where it can hardly be loaded, and as the first process of a container. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { expect, it } from "vitest";
import { skipsNamespaces } from "../process/host-cluster.ts";
import { MAIN } from "./built-command.ts";

it("says in one line that the limit of open files is too low to load it", async () => {
  const limited = 'ulimit -n 36 && exec "$0" "$@"';
  const node = [process.execPath, MAIN, "node", "--id", "n1", "--memory-only"];
  const child = spawn("sh", ["-c", limited, ...node], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  expect(await once(child, "close")).toEqual([2, null]);
  expect(said).toMatch(/^interrex: The limit of open files is too low .*\n$/);
});

it.skipIf(skipsNamespaces())(
  "as the first process of a container it ends at a signal that nothing in it waits for",
  async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const asked = once(silent, "connection");
    const { port } = silent.address() as AddressInfo;
    const status = [process.execPath, MAIN, "status", "--sentinel", `127.0.0.1:${port}`];
    const outside = spawn("unshare", ["--pid", "--fork", "--kill-child", ...status], { stdio: "ignore" });
    try {
      await asked;
      const children = `/proc/${outside.pid}/task/${outside.pid}/children`;
      process.kill(Number(readFileSync(children, "utf8")), "SIGTERM");
      expect(await once(outside, "exit")).toEqual([143, null]);
    } finally {
      outside.kill("SIGKILL");
      silent.close();
    }
  },
);
