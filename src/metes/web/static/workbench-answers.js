// What an answer of the server changes around map and table: figures, steps, advice, and the word that somebody else was faster.

const $ = (selector, from) => from.querySelector(selector);

/** The figures above the map. */
export function putFigures(root, strip) {
  for (const one of strip) {
    const place = $(`[data-figure="${CSS.escape(one.key)}"]`, root);
    if (!place) continue;
    const value = $("dd", place);
    value.textContent = one.value;
    value.className = one.tone && !one.from ? one.tone : "";
    const from = $(".from", place);
    from.textContent = one.from;
    from.className = `from ${one.tone || "quiet"}`;
    from.hidden = !one.from;
  }
}

/** What can be undone and done again, and how many steps there are. */
export function putSteps(root, { position, can_undo: canUndo, can_redo: canRedo }, locale) {
  $("[data-undo]", root).disabled = !canUndo;
  $("[data-redo]", root).disabled = !canRedo;
  $("[data-steps]", root).textContent = `${position.toLocaleString(locale)} ${position === 1 ? "step" : "steps"}`;
}

/** The sentences above the table: the first stands alone, the others are folded as they were. */
export function putAdvice(root, lines, territories) {
  const place = $("#wb-advice", root);
  const isOpen = $("details", place)?.open ?? false;
  place.hidden = !lines.length;
  const [first, ...others] = lines.map((line) => sentence(line, territories));
  place.replaceChildren(...(first ? [first] : []), ...(others.length ? [folded(others, isOpen)] : []));
}

function folded(others, isOpen) {
  const box = document.createElement("details");
  box.className = "wb-advice-more";
  box.open = isOpen;
  const summary = document.createElement("summary");
  summary.textContent = `${others.length} more to look at`;
  box.append(summary, ...others);
  return box;
}

function sentence({ lead, text, actions }, territories) {
  const box = document.createElement("div");
  box.className = "wb-advice";
  const words = document.createElement("p");
  const bold = document.createElement("b");
  bold.textContent = lead;
  words.append(bold, text ? ` ${text} ` : " ");
  actions.forEach((action, at) => words.append(at ? " · " : "", doing(action, territories)));
  box.append(words);
  return box;
}

/** What a sentence offers: the same element that the page was sent with. */
function doing({ do: what, label, territory, measure, share }, territories) {
  const isLink = what === "show" || what === "pick";
  const element = document.createElement(isLink ? "a" : "button");
  element.textContent = label;
  if (isLink) {
    element.href = `?view=units&territory=${what === "pick" ? "none" : encodeURIComponent(territories[territory].key)}`;
    element.dataset[what] = territory;
    return element;
  }
  element.className = "link";
  element.setAttribute("form", what === "free" ? "wb-free" : "wb-widen");
  element.name = what === "free" ? "locked_of" : "band";
  element.value = what === "free" ? territory : `${measure} ${share}`;
  return element;
}

/** Somebody else was faster: nothing is lost but the last gesture, and the way on is a link. */
export function showConflict(root, message) {
  root.dataset.conflict = "";
  if ($(".wb-conflict", root)) return;
  const note = document.createElement("div");
  note.className = "notice bad wb-conflict";
  note.setAttribute("role", "alert");
  const words = document.createElement("div");
  const link = document.createElement("a");
  link.href = location.href;
  link.textContent = "Load the design as it is now";
  link.addEventListener("click", (event) => {
    event.preventDefault();
    location.reload();
  });
  words.append(`${message.charAt(0).toUpperCase()}${message.slice(1)}. Your last step was not made. `, link);
  note.append(words);
  $(".wb-panel", root).prepend(note);
  link.focus();
}
