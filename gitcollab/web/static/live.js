// Live: follows a collab's events. A page that lists swaps its lists in place; a page that is read says that there is
// news and waits for a click, so that nothing jumps under the reader.
import { parsed } from "./trusted.js";
import { reconcile } from "./parts.js";

const KINDS = [
  "created", "removed", "membership", "linked", "joined", "left", "saved", "drafted", "landed", "delivered", "contested",
  "settled", "closed", "commented", "forked", "asked", "skipped", "published",
];
const QUIET = new Set(["delivered", "joined", "left", "linked"]);
const TOGETHER = 150; // ms: events that come together are shown together
const AGAIN = 2000; // ms: after which a refused connection is tried again
const BEHIND = 4000; // ms without a connection after which the reader is told
const REST = 10000; // ms: a page that is out of sight for so long gives its connection back

export function follow(main) {
  if (!main?.dataset.events) return;
  const bar = document.createElement("p");
  bar.id = "behind";
  bar.setAttribute("role", "status");
  document.body.append(bar);
  const page = { main, news: [], shown: 0, timer: 0, rest: 0, isBusy: false, source: null };
  connect(page);
  document.addEventListener("visibilitychange", () => {
    clearTimeout(page.rest);
    if (document.hidden) page.rest = setTimeout(() => disconnect(page), REST);
    else connect(page);
  });
  window.addEventListener("pagehide", () => disconnect(page));
  window.addEventListener("pageshow", () => connect(page));
}

// A browser has six connections to a server for all its tabs: one that nobody looks at gives its own back, and takes up
// where it left off when it is looked at again.
function connect(page) {
  if (page.source) return;
  const source = new EventSource(`${page.main.dataset.events}?after=${page.main.dataset.after}&here=1`);
  source.addEventListener("here", ({ data }) => document.dispatchEvent(new CustomEvent("here", { detail: JSON.parse(data) })));
  for (const kind of KINDS) source.addEventListener(kind, (event) => arrived(page, kind, event));
  source.addEventListener("open", () => {
    say(true);
    document.dispatchEvent(new Event("connected"));
  });
  source.addEventListener("error", () => {
    say(false);
    document.dispatchEvent(new Event("disconnected"));
    if (source.readyState === EventSource.CLOSED) setTimeout(() => again(page), AGAIN);
  });
  source.addEventListener("ended", () => leave(page));
  page.source = source;
}

// A lost connection is taken up by the browser itself; one that was refused is not.
async function again(page) {
  disconnect(page);
  try {
    const answer = await fetch(location.href, { method: "HEAD", redirect: "manual" });
    if (answer.ok) connect(page);
    else if (answer.status >= 500) setTimeout(() => again(page), AGAIN);
    else leave(page);
  } catch {
    setTimeout(() => again(page), AGAIN);
  }
}

// Signed out, or without access: the page itself says what to do. Where somebody is writing it stays, so that nothing of
// that is lost: it can be sent once they have signed in somewhere else.
function leave(page) {
  disconnect(page);
  if (![...document.querySelectorAll("textarea")].some((text) => text.value !== text.defaultValue)) return location.reload();
  document.documentElement.dataset.live = "no";
  clearTimeout(behind.timer);
  behind.timer = -1;
  const way = document.createElement("a");
  way.href = "/signin";
  way.target = "_blank";
  way.textContent = "Sign in in another tab";
  document.getElementById("behind").replaceChildren("You are signed out, or may not be here any more. What you are writing stays on this page. ", way, " and send it then.");
  setTimeout(() => again(page), AGAIN);
}

function disconnect(page) {
  document.dispatchEvent(new Event("disconnected"));
  page.source?.close();
  page.source = null;
}

function say(isLive) {
  document.documentElement.dataset.live = isLive ? "yes" : "no";
  behind(isLive);
  const place = document.getElementById("live");
  if (!place) return;
  place.className = `live ${isLive ? "on" : "off"}`;
  place.textContent = isLive ? "live" : "connecting again…";
}

// Who reads a page that has not been heard of for a while is told so: it may be out of date.
function behind(isLive) {
  const bar = document.getElementById("behind");
  if (isLive) {
    clearTimeout(behind.timer);
    behind.timer = 0;
    bar.textContent = "";
  } else behind.timer ||= setTimeout(() => (bar.textContent = "Not connected: this page may be out of date. Connecting again…"), BEHIND);
}

function arrived(page, kind, event) {
  page.main.dataset.after = event.lastEventId;
  if (page.main.dataset.update === "swap") {
    clearTimeout(page.timer);
    page.timer = setTimeout(() => swap(page), TOGETHER);
  } else if (!QUIET.has(kind) && Number(event.lastEventId) > page.shown) {
    page.news.push(Number(event.lastEventId));
    offer(page);
  }
}

function offer(page) {
  let pill = document.getElementById("pill");
  if (!pill) {
    pill = document.createElement("button");
    pill.id = "pill";
    pill.className = "pill";
    pill.setAttribute("aria-live", "polite");
    pill.addEventListener("click", () => refresh(page));
    document.body.append(pill);
  }
  pill.textContent = `${page.news.length} new ${page.news.length === 1 ? "change" : "changes"}: show`;
}

// Shows the news where the reader is: what has changed is put in its place, what is being written stays. What happened
// after the server made the fresh page is still news, and what it shows already is none, however late the stream tells it.
async function refresh(page) {
  const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "error" }).catch(() => undefined);
  if (!answer || answer.status >= 500) return say(false); // the page stays as it is until the server is back
  const fresh = answer?.ok ? parsed(await answer.text()) : undefined;
  if (!fresh || !reconcile(fresh)) return location.reload();
  place(fresh);
  page.shown = Number(fresh.getElementById(page.main.id)?.dataset.after) || page.shown;
  page.news = page.news.filter((n) => n > page.shown);
  if (page.news.length) offer(page);
  else document.getElementById("pill")?.remove();
}

// Takes the lists out of the page as it is on the server now; whatever else is on the page stays as it is, the place that
// is scrolled to and the focus too.
async function swap(page) {
  if (page.isBusy) {
    page.timer = setTimeout(() => swap(page), TOGETHER);
    return;
  }
  page.isBusy = true;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "error" });
    if (answer.ok) place(parsed(await answer.text()));
  } catch {
    say(false); // the stream connects again by itself, and the next event swaps again
  } finally {
    page.isBusy = false;
  }
}

function place(fresh) {
  const isList = Boolean(document.querySelector(".activity"));
  const scroll = { top: window.scrollY, height: document.documentElement.scrollHeight };
  const seen = newest(document);
  for (const part of document.querySelectorAll("[data-swap]")) {
    const other = fresh.getElementById(part.id);
    if (!other || other.outerHTML === part.outerHTML || part.contains(document.activeElement)) continue;
    part.replaceWith(document.adoptNode(other));
  }
  for (const line of document.querySelectorAll(".activity [data-n]")) {
    if (Number(line.dataset.n) > seen) line.classList.add("new");
  }
  const tab = fresh.getElementById("contested-tab");
  const old = document.getElementById("contested-tab");
  if (tab && old && tab.outerHTML !== old.outerHTML && old !== document.activeElement) old.replaceWith(document.adoptNode(tab));
  if (isList && scroll.top > 0) window.scrollTo({ top: scroll.top + document.documentElement.scrollHeight - scroll.height, behavior: "instant" });
}

function newest(root) {
  return Math.max(0, ...[...root.querySelectorAll(".activity [data-n]")].map((line) => Number(line.dataset.n)));
}
