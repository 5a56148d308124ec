"use strict";
// Comfort only: the page says all it has to say without scripts.

for (const table of document.querySelectorAll("table")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    button.title = "Sort";
    head.append(button);
    button.onclick = () => {
      const turn = head.getAttribute("aria-sort") === "descending" ? 1 : -1;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", turn < 0 ? "descending" : "ascending");
      const value = (row) => row.cells[column].dataset.value;
      const compare = (a, b) => {
        if (column === 0) return turn * b.cells[0].textContent.localeCompare(a.cells[0].textContent);
        // What has no number stays last either way.
        if (value(a) === undefined || value(b) === undefined) return (value(a) === undefined) - (value(b) === undefined);
        return turn * (value(a) - value(b));
      };
      const body = table.tBodies[0];
      body.append(...[...body.rows].sort(compare));
    };
  });
}

const filter = document.querySelector(".filter");
if (filter) {
  filter.hidden = false;
  const cards = [...document.querySelectorAll("article")].map((card) => [card, card.textContent.toLowerCase()]);
  filter.querySelector("input").oninput = (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    let shown = 0;
    for (const [card, text] of cards) {
      card.hidden = !text.includes(wanted);
      shown += !card.hidden;
    }
    for (const list of document.querySelectorAll(".list")) {
      list.hidden = !list.querySelector("article:not([hidden])");
      if (wanted) list.open = !list.hidden;
    }
    filter.querySelector("output").textContent = wanted ? `${shown} shown` : "";
  };
}
