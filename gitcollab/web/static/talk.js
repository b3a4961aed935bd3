// Talk: the form that begins a thread opens beside what it is about, without leaving the page. A line's number in a page
// of changes opens it for that line, w for the cell that is looked at.
export function offerTalk(root = document) {
  const template = document.getElementById("saying");
  if (!template) return;
  for (const link of root.querySelectorAll("[data-say]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      open(template, link);
    });
  }
  for (const number of root.querySelectorAll(".change td.w")) {
    if (number.textContent) number.addEventListener("click", () => onLine(template, number));
  }
}

function onLine(template, number) {
  const link = number.closest(".change").querySelector(":scope > header [data-say]");
  const form = link && open(template, link, { again: true });
  if (form) form.elements.line.value = number.textContent;
}

// Opens the form; where it is open already it is closed, or (again) kept.
function open(template, link, { again = false } = {}) {
  const cell = link.closest(".cell, .change");
  const place = link.closest(".output") ?? cell.querySelector(":scope > .body") ?? cell;
  const old = place.querySelector(":scope > .saying");
  if (old && again) {
    old.elements.text.focus();
    return old;
  }
  if (old) return void old.remove();
  const form = template.content.firstElementChild.cloneNode(true);
  const { say, output, at } = link.dataset;
  form.elements.cell.value = say;
  if (output) {
    form.elements.output.value = output;
    form.elements.line.closest("label").remove();
  }
  if (at && form.elements.at) form.elements.at.value = at;
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      form.remove();
      link.focus();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  place.append(form);
  form.elements.text.focus();
  return form;
}
