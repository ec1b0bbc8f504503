// What pages gain with script: keys, dialogs, pickers, selection. Every page works without it.

const $ = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const isTyping = (target) => target.matches?.("input:not([type=checkbox]), textarea, select, [contenteditable]");

/** Requests of htmx carry the token that forms carry as a field. */
document.addEventListener("htmx:config:request", (event) => {
  const token = $('meta[name="csrf-token"]')?.content;
  if (token) event.detail.ctx.request.headers["X-CSRF-Token"] = token;
});

/** A request that failed says so; what was on the page stays. */
for (const name of ["htmx:error", "htmx:response:error"]) {
  document.addEventListener(name, (event) => {
    const status = event.detail.ctx?.response?.status;
    if (status === 422) return; // the answer holds the form with its findings
    toast(status ? `The server answered ${status}. Nothing was changed.` : "The server cannot be reached. Nothing was changed.", "bad");
  });
}

/** Shows a short message for eight seconds, or until closed; `bad` ones stay. */
export function toast(text, tone = "info") {
  const note = document.createElement("div");
  note.className = `notice ${tone}`;
  note.setAttribute("role", tone === "bad" ? "alert" : "status");
  const words = document.createElement("div");
  words.textContent = text;
  const close = document.createElement("button");
  close.className = "button icon small bare";
  close.type = "button";
  close.dataset.closeNotice = "";
  close.setAttribute("aria-label", "Close");
  close.textContent = "×";
  note.append(words, close);
  $("#toasts")?.append(note);
  if (tone !== "bad") setTimeout(() => note.remove(), 8000);
}

/* Dialogs: a link's page is fetched by htmx into #dialog-body, then shown; Escape and Cancel close it. */
document.addEventListener("htmx:after:swap", (event) => {
  const dialog = $("#dialog");
  if (event.detail.ctx?.target?.id === "dialog-body" && dialog && !dialog.open) dialog.showModal();
});
document.addEventListener("click", (event) => {
  const { target } = event;
  if (target.closest("[data-close-notice]")) target.closest(".notice").remove();
  const close = target.closest("[data-close-dialog]");
  if (close?.closest("dialog")) {
    event.preventDefault();
    close.closest("dialog").close();
  } else if (target.id === "dialog") target.close();
  for (const menu of all("details.menu[open]")) if (!menu.contains(target)) menu.open = false;
  const theme = target.closest("[data-set-theme]");
  if (theme) setTheme(theme);
  if (!target.closest("[data-picker]")) closePickers();
});

/** Keeps the theme in a cookie, so that the server writes it into the next page and nothing flickers. */
function setTheme(button) {
  const theme = button.dataset.setTheme;
  const age = theme ? 31536000 : 0;
  const [prefix, secure] = location.protocol === "https:" ? ["__Host-", "; secure"] : ["", ""];
  document.cookie = `${prefix}metes_theme=${theme}; path=/; max-age=${age}; samesite=lax${secure}`;
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  for (const other of all("[data-set-theme]")) other.toggleAttribute("aria-current", other === button);
  document.dispatchEvent(new CustomEvent("metes:theme"));
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    $("#search")?.focus();
    $("#search")?.select();
  } else if (event.key === "Escape") {
    const menu = event.target.closest("details.menu[open]");
    if (menu) {
      menu.open = false;
      $("summary", menu).focus();
    }
    closePickers();
  } else if (event.target.closest("[data-picker]")) pickerKey(event);
  else if (event.target.closest("[data-rows] tbody tr") && !isTyping(event.target)) rowKey(event);
});

/* Rows: arrows or j and k move, Enter opens, x or space selects; Home and End jump. */
function rowKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const row = event.target.closest("tr");
  const rows = all("tbody tr", row.closest("[data-rows]"));
  const at = rows.indexOf(row);
  const steps = { ArrowDown: at + 1, j: at + 1, ArrowUp: at - 1, k: at - 1, Home: 0, End: rows.length - 1 };
  if (event.key in steps) {
    const next = rows[Math.max(0, Math.min(rows.length - 1, steps[event.key]))];
    row.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  } else if (event.key === "Enter" && event.target === row && row.dataset.href) location.assign(row.dataset.href);
  else if (event.key === "x" || (event.key === " " && event.target === row)) $("input[name=selected]", row)?.click();
  else return;
  event.preventDefault();
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-rows]");
  if (form && event.target.matches("[data-select-all]")) {
    for (const box of all("input[name=selected]", form)) box.checked = event.target.checked;
  }
  if (form) countSelected(form);
  if (event.target.closest("[data-drop]")) nameFiles(event.target);
});

function countSelected(form) {
  const boxes = all("input[name=selected]", form);
  const count = boxes.filter((box) => box.checked).length;
  const every = $("[data-select-all]", form);
  if (every) {
    every.checked = count === boxes.length;
    every.indeterminate = count > 0 && count < boxes.length;
  }
  const output = $("[data-selected-count]", form);
  if (output) output.textContent = `${count} selected`;
}

/* File drop: what was chosen is named, and the field shows that something hovers. */
function nameFiles(input) {
  $("output", input.closest("[data-drop]")).textContent = [...input.files].map((file) => file.name).join(", ");
}
for (const [name, isOver] of [["dragenter", true], ["dragleave", false], ["drop", false]]) {
  document.addEventListener(name, (event) => event.target.closest?.("[data-drop]")?.classList.toggle("is-over", isOver));
}

/* Pickers: the list is the server's; arrows move through it, Enter takes, Escape closes. */
function pickerKey(event) {
  const picker = event.target.closest("[data-picker]");
  const options = all('[role="option"]', picker);
  const chosen = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    if (!options.length) return;
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    point(picker, options, chosen < 0 && step < 0 ? options.length - 1 : (chosen + step + options.length) % options.length);
  } else if (event.key === "Enter" && chosen >= 0) {
    event.preventDefault();
    take(picker, options[chosen]);
  } else if (event.key === "Tab") closePickers();
}

function point(picker, options, at) {
  options.forEach((option, i) => option.setAttribute("aria-selected", String(i === at)));
  $('[role="combobox"]', picker).setAttribute("aria-activedescendant", options[at].id);
  options[at].scrollIntoView({ block: "nearest" });
}

function take(picker, option) {
  if (option.href) return location.assign(option.href);
  $("[data-picker-key]", picker).value = option.dataset.key;
  const input = $('[role="combobox"]', picker);
  input.value = option.dataset.text;
  closePickers();
  input.focus();
  picker.dispatchEvent(new CustomEvent("metes:picked", { bubbles: true, detail: { key: option.dataset.key } }));
}

function closePickers() {
  for (const list of all("[data-picker] .options")) {
    list.replaceChildren();
    const input = $('[role="combobox"]', list.closest("[data-picker]"));
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    input.dataset.closed = "";
  }
}

document.addEventListener("htmx:after:swap", (event) => {
  const list = event.detail.ctx?.target;
  const picker = list?.closest?.("[data-picker]");
  if (!picker) return;
  const input = $('[role="combobox"]', picker);
  // An answer that comes after the list was closed does not open it again; typing does.
  if ("closed" in input.dataset) list.replaceChildren();
  input.setAttribute("aria-expanded", String(list.childElementCount > 0));
});
document.addEventListener("input", (event) => {
  if (event.target.matches('[data-picker] [role="combobox"]')) delete event.target.dataset.closed;
}, true);
document.addEventListener("mousedown", (event) => {
  const option = event.target.closest('[data-picker] [role="option"]:not(a)');
  if (option) {
    event.preventDefault();
    take(option.closest("[data-picker]"), option);
  }
});
document.addEventListener("input", (event) => {
  const key = event.target.closest("[data-picker]") && $("[data-picker-key]", event.target.closest("[data-picker]"));
  if (key) key.value = "";
  if (event.target.matches("[data-grows]")) grow(event.target);
});

/** Keeps the line numbers of the rule text in step with its lines; findings wait for the next check. */
function grow(area) {
  const lines = area.value.split("\n").length;
  area.rows = lines;
  for (const list of all("ol", area.parentElement)) {
    while (list.childElementCount > lines) list.lastElementChild.remove();
    while (list.childElementCount < lines) {
      const item = document.createElement("li");
      if (list.classList.contains("numbers")) item.textContent = list.childElementCount + 1;
      list.append(item);
    }
  }
}

/* Trees: a twist opens in place; children that are not there yet are fetched once. */
document.addEventListener("click", async (event) => {
  const twist = event.target.closest("[data-tree] .tree-twist");
  if (!twist || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const row = twist.closest("tr");
  const isOpen = twist.getAttribute("aria-expanded") === "true";
  twist.setAttribute("aria-expanded", String(!isOpen));
  if (!isOpen && twist.dataset.fetch && !children(row).length) {
    await htmx.ajax("GET", twist.dataset.fetch, { target: row, swap: "afterend" });
  }
  for (const child of children(row)) showBelow(child, !isOpen);
});
document.addEventListener("keydown", (event) => {
  if (event.key === " " && event.target.matches?.(".tree-twist")) {
    event.preventDefault();
    event.target.click();
  }
});

const children = (row) => all(`[data-parent="${CSS.escape(row.dataset.node)}"]`, row.parentElement);

function showBelow(row, isShown) {
  row.hidden = !isShown;
  const isOpen = $(".tree-twist", row)?.getAttribute("aria-expanded") === "true";
  for (const child of children(row)) showBelow(child, isShown && isOpen);
}

/* A job that has ended goes on to the page of its result, in place of the page that waited. */
document.addEventListener("done", (event) => {
  const next = event.target.closest?.(".job")?.querySelector("[data-next]")?.dataset.next;
  if (next) location.replace(next);
});

document.documentElement.dataset.scripts = "ready";
