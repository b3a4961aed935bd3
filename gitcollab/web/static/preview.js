// Preview: beside an editor stands what it says, coloured or formatted by the server, a moment after the last key.
import { parsed } from "./trusted.js";

const PAUSE = 250; // ms

export function offerPreview(root = document) {
  for (const form of root.querySelectorAll("form[data-preview]")) {
    const place = document.createElement("div");
    place.className = "preview";
    place.setAttribute("role", "group");
    place.setAttribute("aria-label", "As it will look");
    form.append(place);
    const text = form.elements.source;
    let timer = 0;
    const later = () => {
      clearTimeout(timer);
      timer = setTimeout(() => show(form, place, text.value), PAUSE);
    };
    text.addEventListener("input", later);
    form.closest("details")?.addEventListener("toggle", later);
  }
}

async function show(form, place, source) {
  const body = new URLSearchParams({ source, language: form.dataset.language });
  const answer = await fetch(form.dataset.preview, { method: "POST", body }).catch(() => undefined);
  if (!answer?.ok || form.elements.source.value !== source) return;
  place.replaceChildren(...[...parsed(await answer.text()).body.childNodes].map((node) => document.adoptNode(node)));
}
