// Who: where a page came before it was known who changed each cell last, that is filled in when it is.
import { fetched } from "./trusted.js";

export async function tellWho() {
  const page = document.querySelector("[data-who]");
  if (!page) return;
  const address = page.dataset.who;
  delete page.dataset.who;
  const nodes = await fetched(address).catch(() => undefined);
  for (const told of nodes?.querySelectorAll("[data-of]") ?? []) {
    const cell = document.getElementById(told.dataset.of);
    const place = cell?.querySelector(":scope > .by") ?? cell?.querySelector(":scope > header > .marks");
    if (place && !place.querySelector("a[title], .by")) place.prepend(...told.childNodes);
  }
}
