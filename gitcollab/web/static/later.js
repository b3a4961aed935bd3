// Later: what a page does not hold is fetched when it is opened or comes near to sight, once.
import { fetched } from "./trusted.js";

const NEAR = "800px";

export function fetchLater(root = document) {
  for (const place of root.querySelectorAll("details[data-fill]")) {
    place.addEventListener("toggle", () => place.open && fill(place, place.dataset.fill, place.lastElementChild), { once: true });
  }
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

async function fill(place, address, old) {
  const nodes = await fetched(address).catch(() => undefined);
  if (!nodes) return;
  old.replaceWith(nodes);
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
