// The map's page: a zone chosen in the map or in the list is the same zone, and stands in the address.

const map = document.querySelector("metes-map");

function showPanel(zone) {
  const address = new URL(location.href);
  address.searchParams.set("zone", zone);
  history.replaceState(null, "", address);
  htmx.ajax("GET", `/map?zone=${encodeURIComponent(zone)}`, { target: "#zone-panel", select: "#zone-panel", swap: "outerHTML" });
  for (const row of document.querySelectorAll("#zones tbody tr")) row.toggleAttribute("aria-current", row.dataset.key === zone);
}

function choose(zone) {
  showPanel(zone);
  map.showZone(zone);
}

map?.addEventListener("metes:zone", (event) => showPanel(event.detail.id));

// A zone of the list is shown in the map instead of on a page of its own; without script the link leads to the same.
document.addEventListener("click", (event) => {
  const link = event.target.closest('#zones a[href^="/map?zone="]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || map?.dataset.state !== "ready") return;
  event.preventDefault();
  choose(new URL(link.href).searchParams.get("zone"));
});

// A line of the legend outlines its territory and moves there.
map?.addEventListener("click", (event) => {
  const line = event.target.closest(".map-legend li[data-key]");
  if (!line) return;
  map.dataset.selected = line.dataset.key;
  map.showTerritory(line.dataset.key);
});

if (map?.dataset.zone) {
  const shown = new MutationObserver(() => {
    if (map.dataset.state !== "ready") return;
    shown.disconnect();
    map.showZone(map.dataset.zone);
  });
  shown.observe(map, { attributes: true, attributeFilter: ["data-state"] });
}
