/** The page of a run: what is on it, that it is safe and needs nothing else, and that it stays within bounds. */
import { describe, expect, it } from "vitest";
import { mutantOf } from "../mutants/all-mutants.ts";
import { find, optionsOf, planFor } from "../mutants/mutant.ts";
import { runPlan } from "../run-plan.ts";
import type { SimulationOptions } from "../simulation.ts";
import { type Plan, planOf } from "../swarm/plan.ts";
import type { Chronicle, Span } from "./chronicle.ts";
import { historyPage } from "./history-page.ts";
import { HistoryRecorder } from "./history-recorder.ts";
import { layOut } from "./layout.ts";

const LANES: Chronicle["lanes"] = [
  { id: "faults", kind: "world" },
  { id: "s1", kind: "sentinel" },
  { id: "n1", kind: "node" },
  { id: "client1", kind: "client" },
];

function span(change: Partial<Span>): Span {
  return {
    ...{ lane: "client1", kind: "acknowledged", fromMs: 10, toMs: 12, label: "", detail: "SET r1 a: OK" },
    ...{ isRead: false, isGuilty: false },
    ...change,
  };
}

function page(change: Partial<Chronicle>): string {
  const chronicle: Chronicle = {
    ...{
      title: "seed 1",
      facts: "3 nodes",
      endMs: 1000,
      calmFromMs: 800,
      lanes: LANES,
      spans: [],
      points: [],
    },
    ...{ arrows: [], violation: null, leftOut: [] },
    ...change,
  };
  return historyPage(chronicle, "npm run sim -- --seed 1");
}

const EVIL = `<script>alert("1")</script>&'`;

describe("the page of a run", () => {
  it("shows text as text, wherever it comes from", () => {
    const html = page({
      ...{ title: EVIL, facts: EVIL, leftOut: [EVIL], lanes: [{ id: EVIL, kind: "node" }, ...LANES] },
      spans: [span({ detail: EVIL }), span({ lane: "faults", kind: "fault", label: EVIL, detail: EVIL })],
      points: [{ lane: "s1", kind: "votes", atMs: 1, detail: EVIL }],
      arrows: [{ from: "s1", to: "n1", kind: "seal", atMs: 1, detail: EVIL }],
      violation: { atMs: 5, text: `${EVIL}\n${EVIL}`, operation: EVIL, lane: "n1" },
    });
    expect(html).not.toContain("<script>alert");
    expect(html).not.toContain(`alert("1")`);
    expect(
      html.match(/&lt;script&gt;alert\(&quot;1&quot;\)&lt;\/script&gt;&amp;&#39;/g)?.length,
    ).toBeGreaterThan(10);
  });

  it("needs nothing from elsewhere", () => {
    const html = page({ spans: [span({})] });
    expect(html).not.toMatch(/https?:|@import|url\((?!#)|<link|src=|<iframe/);
  });

  it("tells reads from writes, and outcomes apart", () => {
    const html = page({
      spans: [
        span({ detail: "a write" }),
        span({ detail: "a read", isRead: true }),
        span({ detail: "nobody knows", kind: "indeterminate" }),
        span({ detail: "not done", kind: "refused" }),
      ],
    });
    expect(html).toMatch(/<rect class="acknowledged" [^>]*><title>a write/);
    expect(html).toMatch(/<rect class="acknowledged read" [^>]*><title>a read/);
    expect(html).toMatch(/<rect class="indeterminate" [^>]*><title>nobody knows/);
    expect(html).toMatch(/<rect class="refused" [^>]*><title>not done/);
  });

  it("puts the broken promise on top, and marks its moment, its lane and its operation", () => {
    const html = page({
      spans: [span({ isGuilty: true })],
      violation: {
        atMs: 12,
        text: "S8: no order explains it\ndetails",
        operation: "get r1: a",
        lane: "client1",
      },
    });
    expect(html).toMatch(/role="alert"><strong>S8: no order explains it<\/strong> <span>at 12.0 ms/);
    expect(html).toContain(`<g class="moment"><line x1="1.2%"`);
    expect(html).toContain(`class="name client accused"`);
    expect(html).toContain(`<rect class="acknowledged guilty"`);
    expect(html).toMatch(/<g class="culprit">.*get r1: a/);
  });

  it("says so when nothing is wrong, and what is left out", () => {
    const html = page({ leftOut: ["3 more operations"] });
    expect(html).toContain("No promise was broken.");
    expect(html).toContain("Left out: 3 more operations.");
    expect(html).not.toContain(`class="moment"`);
  });
});

describe("the layout", () => {
  it("gives spans of a lane that overlap rows of their own", () => {
    const one = span({ fromMs: 0, toMs: 100 });
    const during = span({ fromMs: 50, toMs: 60 });
    const after = span({ fromMs: 200, toMs: 300 });
    const { rowOf } = layOut({
      ...{ title: "", facts: "", endMs: 1000, calmFromMs: 0, lanes: LANES, spans: [after, during, one] },
      ...{ points: [], arrows: [], violation: null, leftOut: [] },
    });
    expect([one, during, after].map((each) => rowOf.get(each))).toEqual([0, 1, 0]);
  });
});

describe("a recorded run", () => {
  const FAULTY_SEED = 1764;

  function recorded(
    plan: Plan,
    options: SimulationOptions,
    limits?: ConstructorParameters<typeof HistoryRecorder>[1],
  ): Chronicle {
    const recorder = new HistoryRecorder(plan, limits);
    const outcome = runPlan(plan, { ...options, onTrace: (event) => recorder.take(event) });
    return recorder.end(outcome);
  }

  it("has a lane for everyone, and shows reigns, faults, elections and operations", () => {
    const { lanes, spans, points, arrows, violation } = recorded(planOf(FAULTY_SEED), {});
    expect(lanes.map(({ id }) => id).join(" ")).toBe("faults network s1 s2 s3 n1 n2 n3 client1 client2");
    const kinds = new Set(spans.map(({ kind }) => kind));
    for (const kind of [
      "fault",
      "cut",
      "down",
      "reign",
      "acknowledged",
      "indeterminate",
      "refused",
    ] as const) {
      expect(kinds).toContain(kind);
    }
    for (const kind of ["votes", "elected", "sealed", "promoted", "established"] as const) {
      expect(points.some((point) => point.kind === kind)).toBe(true);
    }
    expect(arrows.length).toBeGreaterThan(10);
    expect(violation).toBeNull();
  });

  it("marks the operation that no order explains, and its client", () => {
    const mutant = mutantOf("a reply does not wait for the records that it saw");
    const finding = find(mutant, 20);
    expect(finding?.invariant).toBe("S8");
    const { spans, violation } = recorded(planFor(mutant, finding?.seed ?? 0), optionsOf(mutant));
    const guilty = spans.filter(({ isGuilty }) => isGuilty);
    expect(guilty).toHaveLength(1);
    expect(guilty[0]?.lane).toBe(violation?.lane);
    expect(guilty[0]?.detail).toContain(violation?.operation);
  });

  it("draws no more than its limits, and counts the rest", () => {
    const all = recorded(planOf(FAULTY_SEED), {});
    const few = recorded(planOf(FAULTY_SEED), {}, { operationsMax: 10, pointsMax: 5, arrowsMax: 3 });
    const operations = ({ lane }: Span): boolean => lane.startsWith("client") || lane.startsWith("reader");
    expect(few.spans.filter(operations)).toHaveLength(10);
    expect(few.leftOut).toEqual([
      `${all.spans.filter(operations).length - 10} more operations`,
      `${all.points.length - 5} more marks`,
      `${all.arrows.length - 3} more messages of elections`,
    ]);
  });
});
