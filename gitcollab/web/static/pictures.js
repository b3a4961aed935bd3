// Pictures in two versions: beside each other, one wiped over the other, or one shining through the other.
const WAYS = [["beside", "Side by side"], ["wipe", "Swipe"], ["fade", "Onion skin"]];

export function comparePictures(root = document) {
  for (const outs of root.querySelectorAll(".outs")) {
    const sides = [outs.querySelector(":scope > .gone"), outs.querySelector(":scope > .come")];
    const pictures = sides.map((side) => side?.querySelector(".output.image > img"));
    if (pictures.every(Boolean)) offer(outs, pictures);
  }
}

function offer(outs, pictures) {
  const bar = document.createElement("div");
  bar.className = "ways segments";
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "How to compare the pictures");
  for (const [way, words] of WAYS) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = words;
    button.setAttribute("aria-pressed", String(way === "beside"));
    button.addEventListener("click", () => {
      for (const each of bar.children) each.setAttribute("aria-pressed", String(each === button));
      show(outs, pictures, way);
    });
    bar.append(button);
  }
  outs.before(bar);
}

function show(outs, pictures, way) {
  outs.nextElementSibling?.matches(".overlay") && outs.nextElementSibling.remove();
  outs.hidden = way !== "beside";
  if (way === "beside") return;
  const place = document.createElement("div");
  place.className = `overlay ${way}`;
  const stack = document.createElement("div");
  stack.className = "stacked-pictures";
  for (const [k, picture] of pictures.entries()) {
    const copy = picture.cloneNode();
    copy.alt = `${picture.alt}, ${k ? "after" : "before"}`;
    copy.loading = "eager";
    stack.append(copy);
  }
  const slider = document.createElement("input");
  slider.type = "range";
  slider.value = "50";
  slider.setAttribute("aria-label", way === "wipe" ? "How far the new picture is uncovered" : "How much of the new picture shines through");
  const move = () => stack.style.setProperty("--at", `${slider.value}%`);
  slider.addEventListener("input", move);
  move();
  place.append(stack, slider);
  outs.after(place);
  slider.focus();
}
