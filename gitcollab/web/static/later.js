// Later: what a page does not hold is fetched when it is opened or comes near to sight, once.
import { fetched } from "./trusted.js";

const NEAR = "800px";

export function fetchLater(root = document) {
  const places = [...root.querySelectorAll("details[data-fill]")];
  if (root.matches?.("details[data-fill]")) places.push(root);
  for (const place of places) place.addEventListener("toggle", () => fill(place));
  for (const link of root.querySelectorAll("a[data-raw]")) link.addEventListener("click", (event) => raw(event, link));
  const sight = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) {
      if (!isIntersecting) continue;
      sight.unobserve(target);
      output(target);
    }
  }, { rootMargin: NEAR });
  for (const note of root.querySelectorAll("[data-later]")) sight.observe(note);
}

// One after the other, for many may be opened at once. What could not be fetched is tried again when it is opened again.
let turn = Promise.resolve();

function fill(place) {
  if (!place.open || !place.dataset.fill) return;
  const address = place.dataset.fill;
  delete place.dataset.fill;
  turn = turn.then(async () => {
    const nodes = await fetched(address).catch(() => undefined);
    if (!nodes) return void (place.dataset.fill = address);
    place.lastElementChild.replaceWith(nodes);
    document.dispatchEvent(new CustomEvent("arrived", { detail: place }));
  });
}

async function output(note) {
  const nodes = await fetched(note.dataset.later).catch(() => undefined);
  if (!nodes) return;
  const body = document.createElement(nodes.querySelector("table, p, img") ? "div" : "pre");
  body.tabIndex = 0;
  body.append(nodes);
  note.replaceWith(body);
}

// The JSON of a cell in both versions, shown below it; with a key held down the link opens as any other.
async function raw(event, link) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const cell = link.closest(".change");
  const old = cell.querySelector(":scope > .written");
  if (old) return old.remove();
  const texts = await Promise.all([link.dataset.raw, link.href].filter(Boolean).map(text));
  const place = document.createElement("div");
  place.className = "outs written";
  for (const each of texts) {
    const shown = document.createElement("pre");
    shown.tabIndex = 0;
    shown.textContent = each;
    place.append(shown);
  }
  if (texts.length < 2) place.classList.add("stacked");
  cell.append(place);
}

async function text(address) {
  const answer = await fetch(address);
  return answer.ok ? answer.text() : "It cannot be fetched now.";
}
