/** How the page of a run looks, in light and in dark. */
export const PAGE_STYLE: string = `
:root {
  color-scheme: light dark;
  --ground: #fbfaf7; --raised: #ffffff; --ink: #22252b; --soft: #68707c; --line: #e3e0d8; --lane: #f3f1ea;
  --ok: #1b8f6a; --read: #58b497; --maybe: #dd8a0b; --refused: #a9afb8; --bad: #d3232f; --bad-soft: #fbe3e2;
  --reign: #4b58b8; --reign-ink: #ffffff; --dead: #8a8f98; --dead-ground: #d9dade; --fault: #7b5ea7; --cut: #a8713a;
  --vote: #8e44ad; --seal: #1f78b4; --promote: #b8860b; --calm: rgba(27, 143, 106, .06);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #15171c; --raised: #1d2027; --ink: #e8e6e1; --soft: #99a1ad; --line: #30343d; --lane: #1c1f26;
    --ok: #35c495; --read: #2b8f70; --maybe: #f0a73a; --refused: #6a717d; --bad: #ff5a5f; --bad-soft: #43191d;
    --reign: #6f7ff0; --reign-ink: #10121a; --dead: #767d89; --dead-ground: #3a3e47; --fault: #a98bdc; --cut: #d09a5f;
    --vote: #c58be0; --seal: #63b3ea; --promote: #e5c04b; --calm: rgba(53, 196, 149, .06);
  }
}
* { box-sizing: border-box; }
html, body { height: 100%; }
body { margin: 0; display: flex; flex-direction: column; background: var(--ground); color: var(--ink);
  font: 13px/1.45 ui-sans-serif, system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
header { padding: 14px 20px 10px; border-bottom: 1px solid var(--line); background: var(--raised); }
h1 { margin: 0; font-size: 17px; font-weight: 650; letter-spacing: -.01em; }
h1 span { color: var(--soft); font-weight: 450; }
p { margin: 4px 0; }
.facts, .replay, .left-out { color: var(--soft); }
code, pre { font: 12px/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { background: var(--lane); border-radius: 4px; padding: 1px 5px; color: var(--ink); }
pre { margin: 6px 0 0; max-height: 180px; overflow: auto; white-space: pre-wrap; }
.verdict { margin: 8px 0; padding: 8px 12px; border-radius: 6px; border-left: 4px solid; }
.verdict.good { border-color: var(--ok); background: var(--calm); }
.verdict.bad { border-color: var(--bad); background: var(--bad-soft); }
.verdict.bad strong { color: var(--bad); }
.verdict.bad span { color: var(--soft); }
.bar { display: flex; flex-wrap: wrap; gap: 6px 22px; align-items: center; margin-top: 8px; }
.controls { display: flex; gap: 6px; align-items: center; flex-wrap: wrap; }
button { font: inherit; color: inherit; background: var(--lane); border: 1px solid var(--line); border-radius: 6px; padding: 3px 10px; cursor: pointer; }
button:hover { border-color: var(--soft); }
button.loud { border-color: var(--bad); color: var(--bad); }
label { color: var(--soft); display: inline-flex; gap: 4px; align-items: center; }
.legend { display: flex; flex-wrap: wrap; gap: 3px 14px; margin: 0; padding: 0; list-style: none; color: var(--soft); font-size: 12px; }
.legend li { display: inline-flex; gap: 5px; align-items: center; }
.pane { flex: 1; overflow: auto; outline: none; min-height: 200px; }
.sheet { --zoom: 1; display: grid; grid-template-columns: 84px 1fr; width: calc(84px + (100% - 84px) * var(--zoom)); }
.corner, .axis { position: sticky; top: 0; background: var(--raised); border-bottom: 1px solid var(--line); height: 33px; z-index: 2; }
.corner { left: 0; z-index: 3; color: var(--soft); font-size: 11px; padding: 8px 10px; }
.axis text { font-size: 11px; fill: var(--soft); font-variant-numeric: tabular-nums; }
.axis .calm-label { fill: var(--ok); font-size: 10px; }
.names { position: sticky; left: 0; background: var(--raised); border-right: 1px solid var(--line); z-index: 1; }
.name { display: flex; align-items: center; padding-left: 10px; font-weight: 600; font-size: 12px; }
.name.world, .name.client { font-weight: 450; color: var(--soft); }
.name.accused { color: var(--bad); background: var(--bad-soft); }
.drawing svg { display: block; }
.sheet-svg { overflow: visible; }
.tenth { display: none; }
.sheet.near .tenth { display: inline; }
.lane { fill: var(--lane); }
.lane.client, .lane.world { fill: transparent; }
.lane.accused { fill: var(--bad-soft); }
.alive { stroke: var(--soft); stroke-opacity: .35; stroke-width: 1.5; }
.grid { stroke: var(--line); stroke-width: 1; shape-rendering: crispEdges; }
.grid.tenth { stroke-dasharray: 2 4; }
.calm { fill: var(--calm); pointer-events: none; }
rect.acknowledged { fill: var(--ok); stroke: var(--ok); stroke-width: 1; }
rect.acknowledged.read { fill: var(--read); stroke: var(--read); }
rect.indeterminate { fill: var(--maybe); stroke: var(--maybe); fill-opacity: .45; }
rect.refused { fill: none; stroke: var(--refused); stroke-width: 1; }
rect.guilty { fill: var(--bad); fill-opacity: 1; stroke: var(--bad); stroke-width: 3; }
svg text { font-size: 11px; }
rect.reign, .reign > rect { fill: var(--reign); } .reign > text { fill: var(--reign-ink); font-weight: 600; }
rect.down, .down > rect { fill: url(#hatch); } rect.paused, .paused > rect { fill: url(#dots); }
.down > text, .paused > text { fill: var(--ink); paint-order: stroke; stroke: var(--ground); stroke-width: 3px; }
rect.fault, .fault > rect { fill: var(--fault); fill-opacity: .28; stroke: var(--fault); } .fault > text { fill: var(--ink); }
rect.cut, .cut > rect { fill: var(--cut); fill-opacity: .25; stroke: var(--cut); } .cut > text { fill: var(--ink); }
.hatch-ground { fill: var(--dead-ground); } .hatch-line { fill: var(--dead); }
.votes, .elected { fill: var(--vote); } .sealed { fill: var(--seal); } .promoted { fill: var(--promote); }
.elected, .promoted, .sealed, .votes, .published { stroke: var(--ground); stroke-width: 1; }
.established { fill: var(--ok); } .follows { fill: var(--soft); } .published { fill: var(--ok); }
.cuts, .wiped { stroke: var(--bad); stroke-width: 2.5; fill: none; } .wiped { stroke: var(--maybe); }
.arrow { stroke-width: 1.2; stroke-opacity: .55; } .arrow:hover { stroke-opacity: 1; stroke-width: 2.5; }
.arrow.vote { stroke: var(--vote); } .arrow.seal { stroke: var(--seal); } .arrow.promote { stroke: var(--promote); stroke-width: 2; }
.tip.vote { fill: var(--vote); } .tip.seal { fill: var(--seal); } .tip.promote { fill: var(--promote); }
.moment line { stroke: var(--bad); stroke-width: 2; stroke-dasharray: 6 3; }
.culprit circle { fill: none; stroke: var(--bad); stroke-width: 2.5; }
.culprit text { fill: var(--bad); font-weight: 650; paint-order: stroke; stroke: var(--ground); stroke-width: 4px; }
.culprit { pointer-events: none; }
.hide-reads .read, .hide-arrows .arrow { display: none; }
.hide-writes rect.acknowledged:not(.read):not(.guilty), .hide-writes rect.refused:not(.read), .hide-writes rect.indeterminate:not(.read) { display: none; }
.drawing rect:hover, .drawing use:hover { filter: brightness(1.2); }
.drawing .lane:hover, .drawing .calm:hover { filter: none; }
.tip-box { position: fixed; z-index: 9; max-width: 460px; padding: 7px 10px; border-radius: 6px; background: var(--ink); color: var(--ground);
  font-size: 12px; white-space: pre-line; pointer-events: none; box-shadow: 0 4px 16px rgba(0, 0, 0, .25); }
.clock { position: fixed; z-index: 8; padding: 1px 6px; border-radius: 4px; background: var(--soft); color: var(--ground); font-size: 11px;
  pointer-events: none; font-variant-numeric: tabular-nums; transform: translateX(-50%); }
[hidden] { display: none; }
`;
