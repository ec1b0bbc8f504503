// The list of units: found by name, code or territory as one types, ticked by hand or key; what the map does, without it.

const MOST_SHOWN = 200;

export class UnitList {
  #design;
  #chosen;
  #list;
  #count;
  #search;
  #held;
  #locale = document.documentElement.lang || "en";

  /** `onTick` gets a unit, and whether it is chosen now. */
  constructor(root, onTick) {
    this.#list = root.querySelector("#wb-units");
    this.#count = root.querySelector("[data-units-count]");
    this.#search = root.querySelector("#wb-search");
    const form = root.querySelector(".wb-find");
    this.#held = form.querySelector("select");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.draw();
    });
    this.#search.addEventListener("input", () => this.draw());
    this.#held.addEventListener("change", () => this.draw());
    this.#search.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown") return;
      event.preventDefault();
      this.#list.querySelector("input")?.focus();
    });
    this.#list.addEventListener("change", (event) => onTick(Number(event.target.value), event.target.checked));
    this.#list.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Shows a design's units and follows what is chosen. */
  show(design, chosen) {
    this.#design = design;
    this.#chosen = chosen;
    this.draw();
  }

  /** Ticks what is chosen, where it is shown. */
  choose(chosen) {
    this.#chosen = chosen;
    for (const box of this.#list.querySelectorAll("input")) box.checked = chosen.has(Number(box.value));
  }

  /** Goes to a territory's units, -1 for those that nobody has. */
  of(territory) {
    this.#search.value = "";
    this.#held.selectedIndex = [...this.#held.options].findIndex((option) => option.dataset.index === String(territory));
    this.draw();
  }

  focus() {
    this.#search.focus();
    this.#search.select();
  }

  draw() {
    if (!this.#design || this.#list.closest("[hidden]")) return;
    const found = this.#found();
    const { units, owner, locked, territories } = this.#design;
    this.#list.replaceChildren(...found.slice(0, MOST_SHOWN).map((unit) => this.#line(unit, units, territories[owner[unit]], locked[unit] >= 0)));
    const shown = found.length > MOST_SHOWN ? `The first ${MOST_SHOWN} of ` : "";
    this.#count.textContent = found.length ? `${shown}${found.length.toLocaleString(this.#locale)} found` : "Nothing found. Try another name or code.";
  }

  #found() {
    const { units, owner, territories } = this.#design;
    const words = this.#search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const index = this.#held.selectedOptions[0]?.dataset.index;
    const found = [];
    for (let unit = 0; unit < owner.length; unit += 1) {
      if (index !== undefined && owner[unit] !== Number(index)) continue;
      if (words.length) {
        const text = `${units.names[unit]} ${units.ids[unit]} ${territories[owner[unit]]?.name ?? ""}`.toLowerCase();
        if (!words.every((word) => text.includes(word))) continue;
      }
      found.push(unit);
    }
    return found;
  }

  #line(unit, units, territory, isLocked) {
    const line = document.createElement("li");
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.name = "unit";
    box.value = unit;
    box.checked = this.#chosen.has(unit);
    const text = document.createElement("span");
    text.className = "wb-unit";
    const second = document.createElement("span");
    second.className = "second";
    if (territory) {
      const swatch = document.createElement("span");
      swatch.className = `swatch ${territory.colour == null ? "t-none" : `t${territory.colour % 12}`}`;
      second.append(swatch, ` ${territory.name}`);
    } else second.append("no territory");
    if (isLocked) second.append(" · locked");
    text.append(units.names[unit], second);
    label.append(box, text);
    line.append(label);
    return line;
  }

  #key(event) {
    const boxes = [...this.#list.querySelectorAll("input")];
    const at = boxes.indexOf(event.target);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (at < 0 || !step) return;
    event.preventDefault();
    if (at + step < 0) this.#search.focus();
    else boxes[Math.min(boxes.length - 1, at + step)].focus();
  }
}
