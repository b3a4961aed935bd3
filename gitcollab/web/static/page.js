// What scripts add to a page that reads without them: it keeps itself up to date, keeps time, and listens to keys.
import { follow } from "./live.js";
import { listen } from "./keys.js";
import { keepTime } from "./times.js";
import { offerFrames } from "./frames.js";
import { fetchLater } from "./later.js";
import { offerPreview } from "./preview.js";
import { bePresent } from "./presence.js";
import { offerTimeline } from "./timeline.js";
import { offerTalk } from "./talk.js";
import { tellWho } from "./who.js";
import { tellNumbers } from "./numbers.js";
import { comparePictures } from "./pictures.js";

keepTime();
listen();
offerTimeline();
tellNumbers();
enhance(document);
document.addEventListener("arrived", ({ detail }) => enhance(detail));
bePresent(document.getElementById("main"));
follow(document.getElementById("main"));
for (const input of document.querySelectorAll("[data-select]")) {
  input.addEventListener("focus", () => input.select());
  input.focus();
}

// What is sent is sent once, however slow the network is and however often the button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  if (document.documentElement.dataset.live === "no" && form.dataset.tried !== "yes") {
    event.preventDefault();
    sendIfHeard(form, event.submitter);
    return;
  }
  form.dataset.sent = "yes";
  form.setAttribute("aria-busy", "true");
});

// Where the server may be gone, or its reader signed out, it is asked first: a form sent to nobody would take along what was
// written.
async function sendIfHeard(form, submitter) {
  const isHeard = await fetch(location.href, { method: "HEAD", redirect: "manual" }).then((answer) => answer.ok, () => false);
  form.dataset.tried = isHeard ? "yes" : "no";
  if (isHeard) form.requestSubmit(submitter);
  else document.getElementById("behind").textContent = "Not sent: the server does not answer, or you are signed out. What you wrote is still here.";
}

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    delete form.dataset.tried;
    form.removeAttribute("aria-busy");
  }
});

function enhance(root) {
  offerFrames(root);
  fetchLater(root);
  comparePictures(root);
  offerTalk(root);
  offerPreview(root);
  tellWho(root);
}
