"use strict";
(() => {
  const talk = document.getElementById("utterances");
  const controls = document.getElementById("controls");
  const shown = document.getElementById("shown");
  const filters = [...controls.querySelectorAll("[data-show]")];
  const rows = [...talk.children];
  const chosen = new Set();

  // What was said just before an utterance stays with it: without it, a label cannot be judged.
  function show() {
    const fits = rows.map((row) => chosen.size === 0 || chosen.has(row.dataset.label));
    rows.forEach((row, k) => {
      const before = chosen.size > 0 && !fits[k] && !row.dataset.label && fits[k + 1];
      row.hidden = !(fits[k] || before);
      row.classList.toggle("before", Boolean(before));
    });
    for (const button of filters) {
      const name = button.dataset.show;
      button.setAttribute("aria-pressed", String(name === "all" ? chosen.size === 0 : chosen.has(name)));
    }
    const labels = filters.map((button) => button.dataset.show).filter((name) => chosen.has(name));
    const count = rows.filter((row, k) => fits[k]).length;
    shown.textContent = chosen.size === 0 ? ""
      : `${count} ${labels.join(" and ")} ${count === 1 ? "utterance" : "utterances"}, with what was said before`;
  }

  controls.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const name = button.dataset.show;
    if (button.id === "probabilities") {
      button.setAttribute("aria-pressed", String(talk.classList.toggle("all-p")));
      return;
    }
    if (name === "all") chosen.clear();
    else if (!chosen.delete(name)) chosen.add(name);
    show();
  });

  // A place in the curve leads to its utterance, also where that was filtered away.
  window.addEventListener("hashchange", () => {
    const row = rows.find((each) => `#${each.id}` === location.hash);
    if (!row || !row.hidden) return;
    chosen.clear();
    show();
    row.scrollIntoView();
  });

  // Escape takes a tooltip away that covers what one wants to read; moving on brings them back.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") talk.classList.add("no-p");
  });
  talk.addEventListener("focusin", () => talk.classList.remove("no-p"));
  talk.addEventListener("mouseover", (event) => {
    const row = event.target.closest("li");
    if (row && !row.contains(event.relatedTarget)) talk.classList.remove("no-p");
  });

  controls.hidden = false;
})();
