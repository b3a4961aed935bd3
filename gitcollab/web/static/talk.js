// Talk: the form that begins a thread opens beside its cell, without leaving the page.
export function offerTalk(root = document) {
  const template = document.getElementById("saying");
  if (!template) return;
  for (const link of root.querySelectorAll("[data-say]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      open(template, link);
    });
  }
}

function open(template, link) {
  const body = link.closest(".cell").querySelector(".body");
  const old = body.querySelector(":scope > .saying");
  if (old) return old.remove();
  const form = template.content.firstElementChild.cloneNode(true);
  form.elements.cell.value = link.dataset.say;
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      form.remove();
      link.focus();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  body.append(form);
  form.elements.text.focus();
}
