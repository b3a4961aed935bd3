// Timeline: a file's history as a slider. Dragging says whose save it is, letting go shows the file as it was then.
import { parsed } from "./trusted.js";

export function offerTimeline() {
  const list = document.querySelector("ol.history");
  const entries = list ? [...list.querySelectorAll("li")].filter((li) => li.querySelector("a[href]")).reverse() : [];
  if (entries.length < 2) return;
  const box = document.createElement("div");
  box.className = "timeline";
  const slider = document.createElement("input");
  slider.type = "range";
  slider.max = String(entries.length - 1);
  slider.setAttribute("aria-label", "Which save is shown");
  const words = document.createElement("output");
  words.className = "hint";
  box.append(slider, words);
  list.before(box);
  const here = entries.findIndex((li) => li.classList.contains("here"));
  slider.value = String(here < 0 ? entries.length - 1 : here);
  const tell = () => {
    words.textContent = said(entries[Number(slider.value)]);
    slider.setAttribute("aria-valuetext", words.textContent);
  };
  slider.addEventListener("input", tell);
  slider.addEventListener("change", () => show(entries, Number(slider.value)));
  window.addEventListener("popstate", () => location.reload());
  const isBetween = here < 0 && new URLSearchParams(location.search).has("at"); // a merge: nobody's own save
  if (isBetween) words.textContent = "Between two saves";
  else tell();
}

const said = (li) => li.innerText.replace(/\s+/g, " ").replace(/ · Changes$/, "").trim();

async function show(entries, at) {
  const link = entries[at].querySelector("a[href]");
  const address = at === entries.length - 1 ? link.pathname : link.href; // the newest is the file as it is now
  const answer = await fetch(address, { headers: { accept: "text/html" }, redirect: "error" }).catch(() => undefined);
  const fresh = answer?.ok ? parsed(await answer.text()) : undefined;
  const article = fresh?.querySelector("article");
  if (!article) return location.assign(address);
  const part = document.adoptNode(article);
  document.querySelector("article").replaceWith(part);
  document.dispatchEvent(new CustomEvent("arrived", { detail: part }));
  history.pushState({}, "", address);
  for (const [k, li] of entries.entries()) {
    li.classList.toggle("here", k === at);
    li.querySelector("[aria-current]")?.removeAttribute("aria-current");
  }
  link.setAttribute("aria-current", "true");
}
