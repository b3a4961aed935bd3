// Who: where a page came before it was known who changed each cell last, that is filled in when it is.
import { fetched } from "./trusted.js";

export function tellWho(root = document) {
  const pages = [...root.querySelectorAll("[data-who]")];
  if (root.matches?.("[data-who]")) pages.push(root);
  for (const page of pages) tell(page, page.dataset.prefix ?? "");
}

async function tell(page, prefix) {
  const address = page.dataset.who;
  delete page.dataset.who;
  const nodes = await fetched(address).catch(() => undefined);
  for (const told of nodes?.querySelectorAll("[data-of]") ?? []) {
    const cell = document.getElementById(prefix + told.dataset.of);
    const place = cell?.querySelector(":scope > .by") ?? cell?.querySelector(":scope > header > .marks");
    if (place && !place.querySelector("a[title], .by")) place.prepend(...told.childNodes);
  }
}
