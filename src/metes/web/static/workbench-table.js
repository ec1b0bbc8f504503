// The table of territories: rows as the server writes them, sorted in place, moved through by keys.

const $ = (selector, from) => from.querySelector(selector);
const all = (selector, from) => [...from.querySelectorAll(selector)];

export class TerritoryTable {
  #table;
  #body;
  #rows = new Map();

  /** `onChoose` gets the number of a territory that was chosen, -2 for none. */
  constructor(table, onChoose) {
    this.#table = table;
    this.#body = $("tbody", table);
    for (const row of all("tr[data-territory]", this.#body)) this.#rows.set(Number(row.dataset.territory), row);
    this.#body.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      if (!row || event.ctrlKey || event.metaKey || event.target.closest("[data-row-menu]")) return;
      event.preventDefault();
      this.focus(row);
      onChoose(Number(row.dataset.territory));
    });
    this.#body.addEventListener("keydown", (event) => this.#key(event, onChoose));
    $("thead", table).addEventListener("click", (event) => {
      const link = event.target.closest("a[data-sort]");
      if (!link || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      this.#sort(link);
    });
  }

  /** Puts rows of an answer in place of what they said before. */
  update(rows) {
    for (const one of rows) {
      const row = this.row(one.index);
      if (!row) continue;
      row.dataset.worst = one.badness;
      row.dataset.moved = one.moved;
      row.dataset.name = one.name;
      $("[data-name-of]", row).textContent = one.name;
      $(".swatch", row).className = `swatch ${one.colour == null ? "t-none" : `t${one.colour % 12}`}`;
      $("[data-moved-of]", row).textContent = one.moved_text;
      const pieces = $("[data-pieces]", row);
      pieces.hidden = one.pieces < 2;
      if (one.pieces > 1) pieces.textContent = ` · in ${one.pieces} pieces`;
      one.cells.forEach((cell, at) => putCell(row, cell, at));
    }
  }

  /** The row of a territory. */
  row(territory) { return this.#rows.get(Number(territory)); }

  /** Marks the chosen territory's row, and brings it into sight. */
  choose(territory) {
    for (const row of all("tr[aria-selected=true]", this.#body)) row.setAttribute("aria-selected", "false");
    const row = this.row(territory);
    row?.setAttribute("aria-selected", "true");
    row?.scrollIntoView({ block: "nearest" });
  }

  /** Lets one row take the keys. */
  focus(row) {
    for (const other of all('tr[tabindex="0"]', this.#body)) other.tabIndex = -1;
    row.tabIndex = 0;
    row.focus();
  }

  #key(event, onChoose) {
    const row = event.target.closest("tr");
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = all("tr", this.#body);
    const at = rows.indexOf(row);
    const steps = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 };
    if (event.key in steps) this.focus(rows[Math.max(0, Math.min(rows.length - 1, steps[event.key]))]);
    else if (event.key === " " || event.key === "Enter") onChoose(Number(row.dataset.territory));
    else return;
    event.preventDefault();
  }

  #sort(link) {
    const key = link.dataset.sort;
    const before = this.#table.dataset.sorted;
    const isDown = before === `-${key}` ? false : before === key ? true : key !== "name";
    this.#table.dataset.sorted = (isDown ? "-" : "") + key;
    for (const head of all("thead th", this.#table)) head.removeAttribute("aria-sort");
    link.closest("th").setAttribute("aria-sort", isDown ? "descending" : "ascending");
    const column = all("thead .wb-measure", this.#table).indexOf(link.closest("th"));
    const value = (row) => (key === "name" ? row.dataset.name : key === "moved" ? Number(row.dataset.moved) : Math.abs(Number($(`[data-cell="${column}"]`, row).dataset.value)));
    const compare = (a, b) => (key === "name" ? value(a).localeCompare(value(b)) : value(a) - value(b));
    this.#body.append(...all("tr", this.#body).sort((a, b) => (isDown ? compare(b, a) : compare(a, b))));
    const address = new URL(location.href);
    address.searchParams.set("sort", this.#table.dataset.sorted);
    history.replaceState(null, "", address);
  }
}

/** Writes a text where it is another: what stays as it was is not laid out again. */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function putCell(row, cell, at) {
  const figure = $(`[data-cell="${at}"]`, row);
  const glyph = $("svg", figure.previousElementSibling);
  figure.dataset.value = cell.deviation;
  figure.title = `${cell.load} of ${cell.target}`;
  figure.classList.toggle("bad", cell.outside);
  write(figure.firstElementChild, cell.text);
  write($("[data-verdict]", figure), cell.outside ? "outside its band" : "within its band");
  glyph.classList.toggle("is-outside", cell.outside);
  $(".dot", glyph).setAttribute("cx", `${cell.dot}%`);
}
