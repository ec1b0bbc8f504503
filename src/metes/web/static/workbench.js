// The workbench: one selection in map, table and list; gestures are sent as the page's own forms would send them, and the answer is put
// in its places. The server decides; without script the same forms do the same.

import "./workbench-map.js";
import { toast } from "./metes.js";
import { putAdvice, putFigures, putSteps, showConflict } from "./workbench-answers.js";
import { TerritoryTable } from "./workbench-table.js";
import { UnitList } from "./workbench-units.js";

const root = document.querySelector("#workbench");
const $ = (selector, from = root) => from.querySelector(selector);
const all = (selector, from = root) => [...from.querySelectorAll(selector)];
const base = `/designs/${root.dataset.design}`;
const { noun, nouns } = root.dataset;
const isReader = "reads" in root.dataset;
const locale = document.documentElement.lang || "en";
const NONE = -2;

const map = $("metes-workbench-map");
const table = $("#wb-table") && new TerritoryTable($("#wb-table"), (territory) => look(territory));
const list = new UnitList(root, (unit, isOn) => {
  if (isOn) chosen.add(unit);
  else chosen.delete(unit);
  showChosen();
});

const design = { zoneSet: root.dataset.zoneSet, draws: root.dataset.draws, units: undefined, owner: new Int32Array(), today: new Int32Array(), locked: new Int32Array(), territories: [] };
const chosen = new Set();
let version = Number(root.dataset.version);
let looked = NONE;
let tool = "select";
let queue = Promise.resolve();

const counted = (count) => `${count.toLocaleString(locale)} ${count === 1 ? noun : nouns}`;
const numbers = (packed) => new Int32Array(Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0)).buffer);
function packed(units) {
  const bytes = new Uint8Array(Int32Array.from(units).buffer);
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return btoa(text);
}
const status = (text, tone = "") => {
  const place = $("[data-status]");
  place.textContent = text.replace(/\.$/, "");
  place.className = tone;
};

/* What is there at the beginning. */
async function open() {
  try {
    const ask = async (address) => {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
      return answer.json();
    };
    const [units, now] = await Promise.all([ask(`${base}/units.json`), ask(`${base}/assignment.json`)]);
    design.units = units;
    take(now);
    root.classList.add("is-live");
    for (const form of all("[data-plain-only]")) form.hidden = true;
    if (new URL(location.href).searchParams.get("territory")) list.of($(".wb-find select").selectedOptions[0]?.dataset.index);
    list.show(design, chosen);
    showChosen();
    root.dataset.state = "ready";
    await map.show(design);
    map.layer("names", true);
    if (looked !== NONE) map.highlight(looked);
    root.dataset.map = map.dataset.state;
  } catch (error) {
    root.dataset.state = "error";
    console.info("the workbench:", error.message);
    status("The design could not be read. Load the page again; the forms work meanwhile.", "bad");
  }
}

/** Takes the whole of a design: after the beginning, and where an answer tells of locks alone. */
function take(now) {
  design.owner = numbers(now.territory);
  design.today = numbers(now.today);
  design.locked = numbers(now.locked);
  if (now.rows.length) design.territories = [...now.rows].sort((a, b) => a.index - b.index);
  version = now.version;
  showLockCount();
}

/* Gestures */
/** Sends a gesture after those before it; whether it was made. Who only reads designs makes none. */
function send(kind, fields, units = []) {
  if (isReader) return Promise.resolve(false);
  queue = queue.then(() => sendNow(kind, fields, units));
  return queue;
}

async function sendNow(kind, fields, units) {
  root.dataset.busy = kind;
  map.hold(true);
  const body = new URLSearchParams({ ...fields, version });
  if (units.length) body.set("packed", packed(units));
  const headers = { Accept: "application/json", "X-CSRF-Token": document.querySelector('meta[name="csrf-token"]').content };
  try {
    const answer = await fetch(`${base}/${kind}`, { method: "POST", body, headers });
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) return refused(answer.status, said.error ?? {}, units);
    await put(kind, said, units, fields);
    return true;
  } catch (error) {
    console.info("a step:", error.message);
    status("The server cannot be reached. Nothing was changed.", "bad");
    map.forget(units);
    return false;
  } finally {
    delete root.dataset.busy;
    map.hold(false);
  }
}

/** Puts an answer in its places: rows, figures, colours and borders. */
async function put(kind, said, units, fields) {
  version = said.version;
  for (const field of all('input[name="version"]')) field.value = version;
  const [moved, after] = [numbers(said.units), numbers(said.after)];
  const text = kind === "move" ? toldMove(moved, after, units) : said.text;
  moved.forEach((unit, at) => { design.owner[unit] = after[at]; });
  const hasColours = said.rows.some((row) => row.colour !== design.territories[row.index]?.colour);
  for (const row of said.rows) design.territories[row.index] = row;
  let touched = hasColours ? [...design.owner.keys()] : moved;
  if (kind === "lock" || kind === "unlock") {
    touched = units;
    for (const unit of units) design.locked[unit] = kind === "lock" ? design.owner[unit] : -1;
  } else if (!moved.length) {
    // Locks, names or colours were taken back: the design is read anew.
    take(await (await fetch(`${base}/assignment.json`, { headers: { Accept: "application/json" } })).json());
    touched = [...design.owner.keys()];
  }
  table?.update(said.rows);
  map.update(touched, { hasLocks: kind !== "move" && !moved.length });
  putFigures(root, said.strip);
  putAdvice(root, said.advice, design.territories);
  putSteps(root, said, locale);
  status(text);
  showLockCount();
  if (chosen.size) showChosen();
  list.draw();
  root.dataset.version = version;
}

/** What a move did, in a sentence: from where, to where, and what stayed. */
function toldMove(moved, after, asked) {
  const name = (at) => design.territories[at]?.name ?? "no territory";
  const before = new Set(Array.from(moved, (unit) => design.owner[unit]));
  const from = before.size > 1 ? `${before.size} territories` : name([...before][0]);
  const went = new Set(moved);
  const stayed = asked.filter((unit) => !went.has(unit)).length;
  return `Moved ${counted(moved.length)} from ${from} to ${name(after[0])}${stayed ? `; ${counted(stayed)} stayed, locked or there already` : ""}`;
}

function refused(code, error, units) {
  map.forget(units);
  if (error.code === "changed") {
    status("Somebody else changed this design.", "bad");
    showConflict(root, error.message);
    return false;
  }
  const text = error.message ?? `The server answered ${code}.`;
  status(text.charAt(0).toUpperCase() + text.slice(1), "bad");
  return false;
}

/* The selection */
function showChosen() {
  const bar = $("#wb-chosen");
  bar.hidden = isReader || !chosen.size;
  if (chosen.size) {
    const owners = new Set([...chosen].map((unit) => design.owner[unit]));
    const [owner] = owners;
    const from = owners.size > 1 ? `of ${owners.size} territories` : `of ${design.territories[owner]?.name ?? "no territory"}`;
    $("[data-chosen-count]").textContent = `${counted(chosen.size)} ${from}`;
  }
  root.dataset.chosen = chosen.size;
  map.choose(chosen);
  list.choose(chosen);
}

function choose(units, { more = false, less = false } = {}) {
  if (!more && !less) chosen.clear();
  for (const unit of units) {
    if (less) chosen.delete(unit);
    else chosen.add(unit);
  }
  showChosen();
}

/** Looks at a territory: its row, its units on the map, and the one that moves and paint go to. */
function look(territory) {
  looked = territory === looked ? NONE : territory;
  table?.choose(looked);
  map.highlight(looked);
  if (looked !== NONE) {
    $("#wb-target").value = String(looked);
    if (!chosen.size) status(`${design.territories[looked]?.name ?? ""}: ${counted(design.territories[looked]?.units ?? 0)}`);
  }
  root.dataset.looked = looked;
}

async function move(territory, units = [...chosen]) {
  if (!units.length) return status(`Choose ${nouns} first: click them on the map, draw a lasso, or tick them in the list.`);
  const isInBar = $("#wb-chosen").contains(document.activeElement);
  if (!(await send("move", { territory }, units))) return;
  clear();
  // The bar is gone, and with it what had the focus: it goes to the row that got the units.
  const row = table?.row(territory);
  if (isInBar && row) table.focus(row);
}

async function lock(kind, units = [...chosen]) {
  if (!units.length) return status(`Choose ${nouns} first.`);
  await send(kind, {}, units);
}

function clear() {
  chosen.clear();
  showChosen();
}

function lockOrFree(units) {
  const isLocked = units.every((unit) => design.locked[unit] >= 0);
  return lock(isLocked ? "unlock" : "lock", units);
}

function showLockCount() {
  const count = design.locked.reduce((sum, at) => sum + (at >= 0), 0);
  $("[data-locked-count]").textContent = count ? counted(count) : "none";
}

/* The map's gestures */
map.addEventListener("workbench:unit", ({ detail: { unit, more } }) => {
  if (unit === undefined) return more ? undefined : clear();
  if (tool === "lock") return lockOrFree([unit]);
  if (more && chosen.has(unit)) choose([unit], { less: true });
  else choose([unit], { more });
});
map.addEventListener("workbench:lasso", ({ detail: { units, more, less } }) => {
  choose(units, { more, less });
  status(units.length ? `${counted(units.length)} in the lasso. Choose a territory, then move.` : `No ${noun} lies in the lasso.`);
});
map.addEventListener("workbench:paint", ({ detail: { units } }) => {
  if (looked === NONE) {
    map.forget(units);
    return status("Choose the territory to paint with first: its row in the table.", "warn");
  }
  move(looked, units);
});

/* Tools */
function takeTool(name) {
  tool = name;
  for (const button of all("[data-tool]")) {
    if (button.tagName !== "BUTTON") continue;
    const isOn = button.dataset.tool === name;
    button.setAttribute("aria-pressed", String(isOn));
    button.tabIndex = isOn ? 0 : -1;
  }
  map.take(name);
  const hints = {
    select: `Click a ${noun}; Shift adds.`,
    lasso: "Draw around what you want; Shift adds, Alt takes out.",
    paint: looked === NONE ? "Choose a territory in the table, then paint." : `Painting with ${design.territories[looked].name}.`,
    lock: `Click a ${noun} to lock it or let it go.`,
  };
  status(hints[name]);
}
$(".wb-tools").addEventListener("click", (event) => {
  const button = event.target.closest("button[data-tool]");
  if (button) takeTool(button.dataset.tool);
});
$(".wb-tools").addEventListener("keydown", (event) => {
  const buttons = all(".wb-tools button");
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const next = buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length];
  next.focus();
  takeTool(next.dataset.tool);
});

/* Layers */
$("#wb-layers").addEventListener("change", ({ target }) => {
  if (target.name === "layer") return map.layer(target.value, target.checked);
  const steps = map.fillBy(target.value === "territory" ? undefined : target.value);
  $("[data-fill-name]").textContent = target.closest("label").textContent.trim().toLowerCase();
  showScale(steps, target);
});

function showScale(steps, measure) {
  const scale = $("[data-scale]");
  scale.hidden = !steps.length;
  const write = new Intl.NumberFormat(locale, { notation: "compact", maximumSignificantDigits: 3 });
  scale.replaceChildren(...steps.map((edge, at) => {
    const line = document.createElement("li");
    const mark = document.createElement("span");
    mark.className = `swatch wb-seq-${at}`;
    line.append(mark, `up to ${write.format(edge / Number(measure.dataset.divisor))}`);
    return line;
  }));
}

/* Forms: sent without leaving the page. */
root.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-run]")) return runAgain(event, form);
  if (!form.matches("[data-gesture]") || root.dataset.state !== "ready") return;
  event.preventDefault();
  const kind = event.submitter?.dataset.gesture ?? form.dataset.gesture;
  if (form.id === "wb-free") {
    const territory = Number(event.submitter.value);
    const units = [...design.owner.keys()].filter((unit) => design.owner[unit] === territory && design.locked[unit] >= 0);
    lock("unlock", units);
  } else if (kind === "move") move($("#wb-target").value);
  else if (kind === "lock" || kind === "unlock") lock(kind);
  else step(kind);
});

function step(kind) {
  const button = $(`[data-${kind}]`);
  if (button.disabled) return status(kind === "undo" ? "There is nothing to undo." : "There is nothing to do again.");
  return send(kind, {});
}

/** The job's bar comes with the page: it is loaded anew, and once more when the job has ended. */
async function runAgain(event, form) {
  event.preventDefault();
  event.submitter.disabled = true;
  status("Asking for a new run…");
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) }).catch(() => undefined);
  if (answer?.ok) return location.reload();
  event.submitter.disabled = false;
  return toast("The run could not be started. Nothing was changed.", "bad");
}

$("[data-clear]").addEventListener("click", clear);

/* Tabs: panels are here already, only their address changes. */
function showPanel(view) {
  for (const panel of all("[data-panel]")) panel.hidden = panel.dataset.panel !== view;
  for (const tab of all("[data-view-tab]")) {
    if (tab.dataset.viewTab === view) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  root.dataset.view = view;
  if (view === "units" && looked !== NONE) list.of(looked);
  list.draw();
  const address = new URL(location.href);
  address.searchParams.set("view", view);
  if (view !== "units") address.searchParams.delete("territory");
  history.replaceState(null, "", address);
}
root.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || root.dataset.state !== "ready") return;
  const tab = event.target.closest("[data-view-tab]");
  const show = event.target.closest("[data-show]");
  const pick = event.target.closest("[data-pick]");
  const keys = event.target.closest("[data-keys]");
  if (!tab && !show && !pick && !keys) return;
  event.preventDefault();
  if (tab) showPanel(tab.dataset.viewTab);
  else if (keys) showKeys();
  else if (show) {
    const territory = Number(show.dataset.show);
    if (looked !== territory) look(territory);
    map.goTo([...design.owner.keys()].filter((unit) => design.owner[unit] === territory));
  } else choose([...design.owner.keys()].filter((unit) => design.owner[unit] < 0));
});

function showKeys() {
  showPanel("constraints");
  $("#wb-keys").scrollIntoView({ block: "nearest" });
}

/* Keys */
const TOOLS = { s: "select", l: "lasso", p: "paint", k: "lock" };
document.addEventListener("keydown", (event) => {
  if (root.dataset.state !== "ready" || event.altKey || document.querySelector("dialog[open]")) return;
  const isTyping = event.target.matches("input:not([type=checkbox], [type=radio]), textarea, select");
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && key === "z" && !isTyping) {
    event.preventDefault();
    step(event.shiftKey ? "redo" : "undo");
    return;
  }
  if (isTyping || event.ctrlKey || event.metaKey) {
    if (event.key === "Escape" && isTyping) event.target.blur();
    return;
  }
  const row = event.target.closest("#wb-table tbody tr");
  if (key === "u") step(event.shiftKey ? "redo" : "undo");
  else if (key === "m") moveByKey(row);
  else if (key === "l" && event.shiftKey) lockOrFree([...chosen]);
  else if (key in TOOLS && !event.shiftKey && !isReader) takeTool(TOOLS[key]);
  else if (event.key === "/") {
    showPanel("units");
    list.focus();
  } else if (event.key === "?") showKeys();
  else if (event.key === "Escape") {
    if (chosen.size) clear();
    else if (looked !== NONE) look(looked);
  } else return;
  event.preventDefault();
});

function moveByKey(row) {
  if (row) move(row.dataset.territory);
  else if (chosen.size) $("#wb-target").focus();
  else move();
}

open();
