// Frames: what an output would run is run only when the reader asks, in a sandbox that has no origin and no network.
export function offerFrames(root = document) {
  for (const note of root.querySelectorAll("[data-frame]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "second small";
    button.textContent = "Run it in a sandbox";
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => turn(note, button));
    note.append(" ", button);
  }
}

function turn(note, button) {
  const shown = note.nextElementSibling?.localName === "iframe" ? note.nextElementSibling : null;
  if (shown) shown.remove();
  else note.after(framed(note.dataset.frame));
  button.textContent = shown ? "Run it in a sandbox" : "Take it away";
  button.setAttribute("aria-pressed", String(!shown));
}

function framed(address) {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts");
  frame.title = "Output, run in a sandbox without network";
  frame.src = address;
  return frame;
}
