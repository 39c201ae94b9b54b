import { describe, expect, it } from "vitest";
import { healthBody, prometheusText } from "../../sentinel/sentinel-metrics.ts";
import { groupView, memberView } from "./clients/sentinel-fixture.ts";

describe("metrics", () => {
  const lines = prometheusText({
    id: "s1",
    clients: 4,
    views: [groupView("n1", { odown: true, master: memberView("n1", "n1", { sdown: true }) })],
    switches: new Map([["mymaster", 3]]),
  }).split("\n");

  it.each([
    "# TYPE interrex_sentinel_clients gauge",
    "interrex_sentinel_clients 4",
    'interrex_sentinel_switches_total{group="mymaster"} 3',
    'interrex_sentinel_epoch{group="mymaster"} 1',
    'interrex_sentinel_voted_epoch{group="mymaster"} 1',
    'interrex_sentinel_master{group="mymaster",member="n1"} 1',
    'interrex_sentinel_master{group="mymaster",member="n2"} 0',
    'interrex_sentinel_odown{group="mymaster"} 1',
    'interrex_sentinel_member_sdown{group="mymaster",member="n1"} 1',
    'interrex_sentinel_member_offset{group="mymaster",member="n2"} 77',
    'interrex_sentinel_sentinel_sdown{group="mymaster",sentinel="s2"} 0',
  ])("have %s", (line) => {
    expect(lines).toContain(line);
  });

  it("are comments and samples only, each family explained", () => {
    const sample = /^interrex_sentinel_[a-z_]+(\{([a-z]+="[^"]*",?)+\})? -?\d+$/;
    for (const line of lines.slice(0, -1))
      expect(line).toMatch(line.startsWith("#") ? /^# (HELP|TYPE) \S+ \S/ : sample);
  });

  it("escape what labels must not hold", () => {
    const view = { ...groupView(), name: 'a"b\\c' };
    const text = prometheusText({ id: "s1", clients: 0, views: [view], switches: new Map() });
    expect(text).toContain('interrex_sentinel_odown{group="a\\"b\\\\c"} 0');
  });
});

describe("health", () => {
  it("names each group's master and what stands in the way of a failover", () => {
    expect(healthBody("s1", [groupView("n1", { obstacles: ["n2: no link"] })])).toEqual({
      id: "s1",
      groups: [
        { name: "mymaster", master: "n1", epoch: 1, odown: false, paused: false, obstacles: ["n2: no link"] },
      ],
    });
  });
});
