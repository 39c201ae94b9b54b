/** What the page of a run does by itself: zoom, scroll, details under the pointer. It works without, less comfortably. */
export const PAGE_SCRIPT: string = `
"use strict";
const pane = document.querySelector(".pane");
const sheet = document.querySelector(".sheet");
const names = document.querySelector(".names");
const box = document.querySelector(".tip-box");
const clock = document.querySelector(".clock");
const endMs = Number(pane.dataset.endMs);
const ZOOM_MAX = 400;
let zoom = 1;

const drawnWidth = () => sheet.clientWidth - names.clientWidth;
const msAt = (clientX) => {
  const left = pane.getBoundingClientRect().left + names.clientWidth;
  return ((clientX - left + pane.scrollLeft) / drawnWidth()) * endMs;
};

/** Keeps the time that is shown at clientX where it is. */
const zoomTo = (next, clientX) => {
  const rect = pane.getBoundingClientRect();
  const x = clientX ?? rect.left + rect.width / 2;
  const ms = msAt(x);
  zoom = Math.min(ZOOM_MAX, Math.max(1, next));
  sheet.style.setProperty("--zoom", zoom);
  const pixelsPerMs = drawnWidth() / endMs;
  sheet.classList.toggle("near", pixelsPerMs * 100 > 40);
  pane.scrollLeft = ms * pixelsPerMs - (x - rect.left - names.clientWidth);
};

const showMoment = (ms, spanMs) => {
  zoomTo(Math.max(1, endMs / spanMs));
  pane.scrollLeft = (ms / endMs) * drawnWidth() - (pane.clientWidth - names.clientWidth) / 2;
};

for (const button of document.querySelectorAll("[data-zoom]")) {
  button.addEventListener("click", () => {
    const what = button.dataset.zoom;
    if (what === "in") zoomTo(zoom * 2);
    else if (what === "out") zoomTo(zoom / 2);
    else if (what === "violation") showMoment(Number(pane.dataset.momentMs), 300);
    else zoomTo(1);
  });
}
for (const input of document.querySelectorAll("[data-shows]")) {
  input.addEventListener("change", () => sheet.classList.toggle("hide-" + input.dataset.shows, !input.checked));
}
pane.addEventListener("wheel", (event) => {
  if (!event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  zoomTo(zoom * Math.exp(-event.deltaY / 250), event.clientX);
}, { passive: false });
pane.addEventListener("keydown", (event) => {
  if (event.key === "+" || event.key === "=") zoomTo(zoom * 2);
  else if (event.key === "-") zoomTo(zoom / 2);
  else if (event.key === "0") zoomTo(1);
});

/** A label whose beginning is out of sight moves along. */
const labels = [...document.querySelectorAll(".drawing svg svg > text")];
let isDue = false;
const moveLabels = () => {
  isDue = false;
  const left = pane.getBoundingClientRect().left + names.clientWidth;
  const rects = labels.map((label) => label.parentNode.getBoundingClientRect());
  labels.forEach((label, at) => {
    const hidden = left - rects[at].left;
    label.setAttribute("x", hidden > 0 && hidden < rects[at].width - 30 ? hidden + 4 : 4);
  });
};
pane.addEventListener("scroll", () => {
  if (!isDue) requestAnimationFrame(moveLabels);
  isDue = true;
});

let dragged = null;
pane.addEventListener("pointerdown", (event) => {
  if (event.button === 0) dragged = { x: event.clientX, y: event.clientY, left: pane.scrollLeft, top: pane.scrollTop };
});
addEventListener("pointerup", () => { dragged = null; });

/** The browser's own tooltip is slow: its text is lent to a quicker one. */
let lent = null;
const giveBack = () => {
  if (lent === null) return;
  lent.owner.append(lent.title);
  lent = null;
  box.hidden = true;
};
pane.addEventListener("pointerover", (event) => {
  giveBack();
  const owner = event.target.closest("rect, use, line, svg, g");
  const found = owner === null ? null : owner.querySelector(":scope > title") ?? owner.parentNode.querySelector(":scope > title");
  if (found === null || found === undefined) return;
  lent = { owner: found.parentNode, title: found };
  found.remove();
  box.textContent = found.textContent;
  box.hidden = false;
});
pane.addEventListener("pointermove", (event) => {
  if (dragged !== null && event.buttons === 1) {
    pane.scrollLeft = dragged.left - (event.clientX - dragged.x);
    pane.scrollTop = dragged.top - (event.clientY - dragged.y);
  }
  box.style.left = Math.min(event.clientX + 14, innerWidth - box.offsetWidth - 8) + "px";
  box.style.top = Math.min(event.clientY + 16, innerHeight - box.offsetHeight - 8) + "px";
  const ms = msAt(event.clientX);
  const isInside = ms >= 0 && event.clientX > pane.getBoundingClientRect().left + names.clientWidth;
  clock.hidden = !isInside;
  clock.textContent = ms.toFixed(1) + " ms";
  clock.style.left = event.clientX + "px";
  clock.style.top = pane.getBoundingClientRect().top + 8 + "px";
});
pane.addEventListener("pointerleave", () => { giveBack(); clock.hidden = true; });

const asked = /^#at=([\\d.]+)(?:,([\\d.]+))?$/.exec(location.hash);
if (asked !== null) showMoment(Number(asked[1]), Number(asked[2] ?? 300));
`;
