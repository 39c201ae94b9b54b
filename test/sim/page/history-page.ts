/** One run as one page that needs nothing else: no library, no font, no network. Pure: data in, HTML out. */
import type { Chronicle } from "./chronicle.ts";
import { drawing, SHAPES, timeAxis } from "./drawing.ts";
import { escapeHtml } from "./escape.ts";
import { layOut, type PlacedLane } from "./layout.ts";
import { PAGE_SCRIPT } from "./page-script.ts";
import { PAGE_STYLE } from "./page-style.ts";

/** @param replay the command that runs it again. */
export function historyPage(chronicle: Chronicle, replay: string): string {
  const layout = layOut(chronicle);
  const { title, facts, endMs, violation, leftOut } = chronicle;
  const missing =
    leftOut.length === 0 ? "" : `<p class="left-out">Left out: ${escapeHtml(leftOut.join(", "))}.</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>interrex simulator, ${escapeHtml(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<h1>interrex simulator <span>${escapeHtml(title)}</span></h1>
<p class="facts">${escapeHtml(facts)}</p>
${verdictOf(violation)}
<p class="replay">Again: <code>${escapeHtml(replay)}</code></p>
${missing}
<div class="bar">
<div class="controls">
<button type="button" data-zoom="whole">whole run</button>
<button type="button" data-zoom="out" aria-label="zoom out">&minus;</button>
<button type="button" data-zoom="in" aria-label="zoom in">+</button>
${violation === null ? "" : '<button type="button" data-zoom="violation" class="loud">to the violation</button>'}
<label><input type="checkbox" data-shows="reads" checked> reads</label>
<label><input type="checkbox" data-shows="writes" checked> writes</label>
<label><input type="checkbox" data-shows="arrows" checked> messages of elections</label>
</div>
${LEGEND}
</div>
</header>
<main class="pane" tabindex="0" data-end-ms="${endMs}" data-moment-ms="${violation?.atMs ?? ""}">
<div class="sheet">
<div class="corner">true time</div><div class="axis">${timeAxis(chronicle)}</div>
<div class="names">${layout.lanes.map((lane, at) => nameOf(lane, layout.lanes[at - 1], violation?.lane)).join("")}</div>
<div class="drawing">${drawing(chronicle, layout)}</div>
</div>
</main>
<div class="tip-box" hidden></div><div class="clock" hidden></div>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

function verdictOf(violation: Chronicle["violation"]): string {
  if (violation === null) return '<p class="verdict good">No promise was broken.</p>';
  const [first, ...rest] = violation.text.split("\n");
  const more =
    rest.length === 0
      ? ""
      : `<details><summary>what each thinks</summary><pre>${escapeHtml(rest.join("\n"))}</pre></details>`;
  return (
    `<div class="verdict bad" role="alert"><strong>${escapeHtml(first ?? "")}</strong> ` +
    `<span>at ${violation.atMs.toFixed(1)} ms</span>${more}</div>`
  );
}

function nameOf(lane: PlacedLane, before: PlacedLane | undefined, guilty: string | null | undefined): string {
  const gap = before === undefined ? 0 : lane.top - before.top - before.height;
  const mark = lane.id === guilty ? " accused" : "";
  return `<div class="name ${lane.kind}${mark}" style="height:${lane.height}px;margin-top:${gap}px">${escapeHtml(lane.id)}</div>`;
}

function shape(kind: string, words: string): string {
  return `<li><svg viewBox="-9 -9 18 18" width="15" height="15"><g class="${kind}">${SHAPES[kind] ?? ""}</g></svg>${words}</li>`;
}

function swatch(classes: string, words: string): string {
  return `<li><svg width="22" height="12"><rect class="${classes}" width="22" height="12" rx="2"/></svg>${words}</li>`;
}

const LEGEND: string = `<ul class="legend">
${swatch("acknowledged", "write, acknowledged")}
<li><svg width="22" height="12"><rect class="acknowledged read" y="4" width="22" height="4"/></svg>read, answered</li>
${swatch("indeterminate", "no answer: may have happened")}
${swatch("refused", "refused: did not happen")}
${swatch("guilty", "breaks the promise")}
${swatch("reign", "master")}
${swatch("down", "process dead")}
${swatch("paused", "stands still")}
${swatch("fault", "fault")}
${swatch("cut", "cut off")}
${shape("votes", "votes")}
${shape("elected", "elected")}
${shape("sealed", "sealed")}
${shape("promoted", "promotes")}
${shape("established", "acknowledges from here")}
${shape("follows", "follows")}
${shape("published", "clients are told")}
${shape("cuts", "cuts what was committed")}
${shape("wiped", "disk wiped")}
</ul>`;
