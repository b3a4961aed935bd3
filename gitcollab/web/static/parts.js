// Parts: a page's cells, changes or questions, each known by its id, brought up to what the server has now. What the reader
// looks at stays where it is on the screen, and nothing is taken away in which somebody is writing.
export function reconcile(fresh) {
  const old = document.querySelector("[data-parts]");
  const other = old && fresh.getElementById(old.id);
  if (!other) return false;
  const anchor = [...old.children].find((part) => part.id && part.getBoundingClientRect().bottom > 0);
  const top = anchor?.getBoundingClientRect().top;
  const kept = new Map([...old.children].filter((part) => part.id).map((part) => [part.id, part]));
  const next = [...other.children].map((part) => chosen(kept.get(part.id), document.adoptNode(part)));
  const writing = [...kept.values()].filter((part) => isWriting(part) && !next.includes(part));
  old.replaceChildren(...next, ...writing);
  const there = anchor && document.getElementById(anchor.id);
  if (there && top < 0) window.scrollBy({ top: there.getBoundingClientRect().top - top, behavior: "instant" });
  return true;
}

function chosen(old, part) {
  if (old && (isWriting(old) || old.dataset.made === part.outerHTML || old.outerHTML === part.outerHTML)) return old;
  const made = part.outerHTML;
  if (old?.open) part.open = true; // what the reader has opened stays open
  document.dispatchEvent(new CustomEvent("arrived", { detail: part }));
  part.dataset.made = made;
  return part;
}

const isWriting = (part) =>
  part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")
  || [...part.querySelectorAll("textarea")].some((text) => text.value !== text.defaultValue);
