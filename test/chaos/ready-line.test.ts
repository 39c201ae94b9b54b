/** The ready line of `interrex up --json`, read back into processes that can be started again. */
import { describe, expect, it } from "vitest";
import { parseReadyLine, processesOf } from "../../cluster/chaos/ready-line.ts";

const member = (id: string, kind: string) => {
  return { id, host: "127.0.0.1", port: 6379, peerPort: 16379, pid: 42, config: `/data/${id}/${kind}.yaml` };
};
const LINE = {
  event: "ready",
  group: "mymaster",
  master: "n1",
  nodes: [member("n1", "node")],
  sentinels: [member("s1", "sentinel")],
};

describe("ready line", () => {
  it("tells how to start each process again", () => {
    const ready = parseReadyLine(JSON.stringify(LINE), "up.json");
    expect(processesOf(ready, "/dist/cli/main.js")).toMatchObject([
      {
        id: "n1",
        kind: "node",
        pid: 42,
        respawn: {
          command: process.execPath,
          args: ["/dist/cli/main.js", "node", "--config", "/data/n1/node.yaml"],
        },
        logPath: "/data/n1/n1.log",
      },
      {
        id: "s1",
        kind: "sentinel",
        respawn: { args: ["/dist/cli/main.js", "sentinel", "--config", "/data/s1/sentinel.yaml"] },
      },
    ]);
  });

  it.each([
    ["", /up\.json is no JSON/],
    [
      "{}",
      /up\.json is not the line that interrex up --json prints \(event is missing\); save that line in it$/,
    ],
    ["5", /\(it must be keys and values\)/],
    [JSON.stringify({ ...LINE, event: "end" }), /\(event must be "ready"\)/],
    [JSON.stringify({ ...LINE, nodes: [] }), /\(nodes must be a list of processes, not empty\)/],
    [
      JSON.stringify({ ...LINE, nodes: [{ ...member("n1", "node"), pid: "42" }] }),
      /\(nodes\.0\.pid must be a process's number\)/,
    ],
    [JSON.stringify({ ...LINE, nodes: [{ ...member("n1", "node"), pid: 0 }] }), /nodes\.0\.pid/],
    [JSON.stringify({ ...LINE, nodes: [{ ...member("n1", "node"), port: 70_000 }] }), /nodes\.0\.port/],
    [JSON.stringify({ ...LINE, nodes: [{ ...member("n1", "node"), id: "../n1" }] }), /nodes\.0\.id/],
  ])("refuses %s in words that name the file", (text, words) => {
    expect(() => parseReadyLine(text, "up.json")).toThrow(words);
  });
});
