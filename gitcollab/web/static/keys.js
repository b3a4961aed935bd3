// Keys, as readers of diffs know them: j and k (or n and p) go from change to change and from file to file, u turns side by
// side and one below the other, o shows and hides outputs, f opens and closes what is folded, w begins a comment, ? says so.
const HELP = "j, n next · k, p previous · u side by side or one below the other · o outputs · m settings · c only code · r as it reads · w comment · f open or close all · ? help";

export function listen() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select")) return;
    const act = { j: next, n: next, k: previous, p: previous, u: press("u"), o: press("o"), m: press("m"), c: press("c"), r: () => fold("[data-turn=r]"), f: () => fold(), w: comment, "?": help }[event.key];
    if (act?.()) event.preventDefault();
  });
}

const isFolded = (stop) => Boolean(stop.parentElement.closest("details:not([open])"));
const stops = () => [...document.querySelectorAll(".change, .question, .cell[id], .manyfile")].filter((stop) => !isFolded(stop));
const next = () => go((places, at) => places.find((place) => place > at + 1));
const previous = () => go((places, at) => places.findLast((place) => place < at - 1));

function go(choose) {
  const found = stops();
  const places = found.map((stop) => Math.round(stop.getBoundingClientRect().top + window.scrollY));
  const to = choose(places, Math.round(window.scrollY) + 16);
  if (to === undefined) return false;
  window.scrollTo({ top: to - 16 });
  const stop = found[places.indexOf(to)].querySelector(":scope > summary") ?? found[places.indexOf(to)];
  if (stop.localName !== "summary" && !stop.hasAttribute("tabindex")) stop.setAttribute("tabindex", "-1");
  stop.focus({ preventScroll: true });
  return true;
}

function press(key) {
  return () => {
    const link = document.querySelector(`[data-key="${key}"]`);
    link?.click();
    return Boolean(link);
  };
}

// Opens the form for a comment on what was gone to last, or on the first.
function comment() {
  const stop = document.activeElement?.closest(".change, .cell[id]") ?? stops()[0];
  const link = stop?.querySelector("header [data-say], .by [data-say]");
  link?.click();
  return Boolean(link);
}

function fold(which = "") {
  const found = [...document.querySelectorAll(`main details${which}`)];
  const isOpen = found.some((each) => each.open);
  for (const each of found) each.open = !isOpen;
  return found.length > 0;
}

function help() {
  let place = document.getElementById("keys");
  if (place) {
    place.remove();
    return true;
  }
  place = document.createElement("button");
  place.id = "keys";
  place.className = "pill";
  place.textContent = HELP;
  place.addEventListener("click", () => place.remove());
  document.body.append(place);
  place.focus();
  return true;
}
