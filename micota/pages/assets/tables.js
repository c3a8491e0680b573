"use strict";
// Tables that are sorted by a click on a heading: numbers as numbers, all else as words; a second click turns it round.

function sortable(table) {
  if (table.dataset.ready) return;
  table.dataset.ready = "yes";
  for (const heading of all("thead th", table)) {
    const button = make("button", { type: "button", click: () => sortBy(table, heading) });
    button.append(...heading.childNodes);
    heading.append(button);
  }
}

function sortBy(table, heading) {
  const down = heading.getAttribute("aria-sort") === "ascending";
  for (const other of all("thead th", table)) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  const rows = [...table.tBodies[0].rows].map((row) => [key(row.cells[heading.cellIndex].textContent.trim()), row]);
  rows.sort(([one], [other]) => compareKeys(one, other) * (down ? -1 : 1));
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

function key(text) {
  const found = text
    .replaceAll(",", "")
    .replace("−", "-")
    .match(/^[<[\s]*([-+]?\d*\.?\d+(?:e[-+]?\d+)?)/i);
  return found ? Number(found[1]) : text.toLowerCase();
}

// Numbers go before words, and what is missing comes last.
function compareKeys(one, other) {
  if (typeof one === typeof other) return one < other ? -1 : one > other ? 1 : 0;
  return typeof one === "number" ? -1 : 1;
}

function table(headings, rows, options = {}) {
  const head = make(
    "tr",
    {},
    headings.map((heading) => make("th", { scope: "col" }, heading)),
  );
  const made = make(
    "table",
    { class: options.class },
    options.caption ? make("caption", {}, options.caption) : null,
    make("thead", {}, head),
    make(
      "tbody",
      {},
      rows.map((row) =>
        make(
          "tr",
          {},
          row.map((cell, place) =>
            make(
              place ? "td" : "th",
              place ? { class: typeof cell === "number" ? "number" : null } : { scope: "row" },
              typeof cell === "number" ? number(cell) : cell,
            ),
          ),
        ),
      ),
    ),
  );
  if (options.sort) sortable(made);
  return make("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": options.label }, made);
}
