import { describe, expect, it } from "vitest";
import { readyLine, readyText } from "../../cli/up-report.ts";
import { planLayout } from "../../cluster/processes/layout.ts";
import { examplePlan } from "../cluster/processes/example-plan.ts";

const layout = planLayout({ ...examplePlan, dataDir: "/tmp/data", nodes: 2, sentinels: 1 });
const ready = readyLine("mymaster", "n2", {
  nodes: layout.nodes.map((plan, index) => ({ plan, pid: 100 + index })),
  sentinels: layout.sentinels.map((plan) => ({ plan, pid: 200 })),
});

describe("when the cluster is up", () => {
  it("machines get one line that names every process", () => {
    expect(ready).toEqual({
      event: "ready",
      group: "mymaster",
      master: "n2",
      nodes: [
        {
          id: "n1",
          host: "127.0.0.1",
          port: 6379,
          peerPort: 16_379,
          pid: 100,
          config: "/tmp/data/n1/node.yaml",
        },
        {
          id: "n2",
          host: "127.0.0.1",
          port: 6380,
          peerPort: 16_380,
          pid: 101,
          config: "/tmp/data/n2/node.yaml",
        },
      ],
      sentinels: [
        {
          id: "s1",
          host: "127.0.0.1",
          port: 26_379,
          peerPort: 36_379,
          pid: 200,
          config: "/tmp/data/s1/sentinel.yaml",
        },
      ],
    });
  });

  it("people get told what runs where and what to try", () => {
    const context = {
      dataDir: "/tmp/data",
      replication: "semi-sync",
      survives: "2 nodes, W 2: no node; 1 sentinel: no sentinel",
    };
    expect(readyText(ready, context, { colours: false })).toMatchInlineSnapshot(`
      "mymaster is up, semi-sync
      Survives: 2 nodes, W 2: no node; 1 sentinel: no sentinel.

          ROLE      CLIENTS          PEERS, HEALTH    PID
      n1  replica   127.0.0.1:6379   127.0.0.1:16379  100
      n2  master    127.0.0.1:6380   127.0.0.1:16380  101
      s1  sentinel  127.0.0.1:26379  127.0.0.1:36379  200

      Data, configuration and logs are in /tmp/data, such as /tmp/data/n1/n1.log; the same --data-dir brings them back.

      Try it:
        redis-cli -h 127.0.0.1 -p 6380 set greeting hello
        redis-cli -h 127.0.0.1 -p 26379 sentinel get-master-addr-by-name mymaster
        interrex status --sentinel 127.0.0.1:26379
        kill -9 101   # the master: see who takes over

      Ctrl-C stops everything.
      "
    `);
  });

  it("a password is asked for, never shown", () => {
    const context = {
      dataDir: "/tmp/data",
      replication: "semi-sync",
      survives: "any 1 node",
      password: "sesame",
    };
    const text = readyText(ready, context, { colours: false });
    expect(text).toContain("-a PASSWORD");
    expect(text).not.toContain("sesame");
  });
});
