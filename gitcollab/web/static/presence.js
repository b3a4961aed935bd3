// Presence: while a page is live it says where its reader is, and shows the others' faces, beside their cells too. They
// come by the event stream as they move; what is said again after a while is that one is still here.
const AGAIN = 20000; // ms
const SETTLED = 1000; // ms after scrolling until the new cell is told

let timer = 0;
let told = "";

export function bePresent(main) {
  if (!main?.dataset.here) return;
  document.addEventListener("connected", () => say(main));
  document.addEventListener("disconnected", () => clearTimeout(timer));
  document.addEventListener("here", ({ detail }) => show(main, detail.filter(({ user }) => user !== main.dataset.me)));
  window.addEventListener("pagehide", () => navigator.sendBeacon(main.dataset.here, new URLSearchParams({ gone: "1" })));
  window.addEventListener("scroll", () => {
    if (!timer || cell() === told) return;
    clearTimeout(timer);
    timer = setTimeout(() => say(main), SETTLED);
  }, { passive: true });
}

const cell = () => {
  const middle = window.innerHeight / 2;
  const found = [...document.querySelectorAll(".cell[id]")].find((each) => each.getBoundingClientRect().bottom > middle);
  return found?.id.replace(/^cell-/, "") ?? "";
};

async function say(main) {
  clearTimeout(timer);
  told = cell();
  const body = new URLSearchParams({ path: main.dataset.path ?? "", cell: told });
  const answer = await fetch(main.dataset.here, { method: "POST", body, redirect: "error" }).catch(() => undefined);
  if (!answer?.ok) return;
  show(main, await answer.json());
  timer = setTimeout(() => say(main), AGAIN);
}

function show(main, others) {
  for (const old of document.querySelectorAll(".face")) old.remove();
  const place = document.getElementById("here");
  const words = others.map(({ name, path }) => `${name} is here${path ? `, on ${path}` : ""}`).join("; ");
  if (place.getAttribute("aria-label") !== words) place.setAttribute("aria-label", words);
  for (const other of others) {
    place.append(face(other, `${other.name} is here${other.path ? `, on ${other.path}` : ""}`));
    const isHere = other.path && other.path === main.dataset.path;
    const at = isHere ? document.getElementById(`cell-${other.cell}`) : null;
    at?.querySelector(".by")?.append(face(other, `${other.name} is looking at this cell`));
  }
}

function face({ initials, colour }, title) {
  const made = document.createElement("span");
  made.className = `who small face c${Number(colour)}`;
  made.textContent = initials;
  made.title = title;
  return made;
}
