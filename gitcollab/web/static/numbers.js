// Numbers: the form that publishes says which number the chosen notebook would get.
export function tellNumbers() {
  const choice = document.querySelector("select[data-numbers]");
  choice?.addEventListener("change", () => {
    const chosen = choice.selectedOptions[0];
    for (const place of choice.form.querySelectorAll("[data-number]")) {
      const kind = place.dataset.number;
      place.textContent = kind === "path" ? chosen.textContent : chosen.dataset[kind];
    }
  });
}
