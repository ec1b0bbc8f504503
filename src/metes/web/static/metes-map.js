// <metes-map>: zones coloured by territory, accounts as points, on MapLibre GL. The server decides, the map shows.
//
//   data-zones   TopoJSON with the objects `counties` and `states` (default: the counties of us-atlas)
//   data-fills   address of {territories: [{key, name, colour, href?}], zones: {id: [index of territory, share]}}
//   data-points  address that takes ?bbox=w,s,e,n&zoom=z and answers GeoJSON points with {count, name?, colour?, href?, key?}
//   data-area    address of a GeoJSON feature to outline over the zones
//   data-selected key of a territory to outline; data-fit="selected" also moves there, and
//                data-fit="filled" to all zones that are filled
//   data-bounds  w,s,e,n to begin with; the zones that are filled when left out
//
// It sets data-state (loading, ready, error) and sends metes:zone and metes:point when something is chosen.

import "./vendor/topojson-client.min.js";
import { asset, boxText, fetchJson, followTheme, newMap, placeCard, recolour, slotOf } from "./map-setup.js";
import { colours, mapStyle, TERRITORY_COLOURS } from "./map-style.js";

const { topojson } = globalThis;
const HATCH_BELOW = 0.9;
const CONTIGUOUS = [[-125, 24.2], [-66.5, 49.6]];

class MetesMap extends HTMLElement {
  static observedAttributes = ["data-fills", "data-points", "data-selected"];

  #map;
  #zones = new Map(); // id -> {name, centre, box, area}
  #fills = { territories: [], zones: {} };
  #pending;
  #hovered;

  async connectedCallback() {
    if (this.#map) return;
    this.dataset.state = "loading";
    try {
      await this.#build();
      await this.#showFills();
      if (this.dataset.area) this.#map.getSource("area").setData(await fetchJson(this.dataset.area));
      this.#showPoints();
      this.#map.once("idle", () => { this.dataset.state = "ready"; });
      this.#map.triggerRepaint();
    } catch (error) {
      this.#fail(error);
    }
  }

  disconnectedCallback() {
    this.#map?.remove();
    this.#map = undefined;
  }

  attributeChangedCallback(name, before) {
    if (before === null || !this.#map) return;
    if (name === "data-fills") this.#showFills().catch((error) => this.#fail(error));
    else if (name === "data-points") this.#showPoints();
    else this.#outline();
  }

  /** The MapLibre map, for pages that add layers of their own. */
  get map() { return this.#map; }

  /** Moves to a zone and shows its card. */
  showZone(id) {
    const zone = this.#zones.get(id);
    if (!zone) return;
    this.#map.once("moveend", () => this.#pin(id, this.#map.project(zone.centre)));
    this.#map.fitBounds(zone.box, { padding: 120, maxZoom: 8 });
  }

  /** Moves to all zones of a territory. */
  showTerritory(key) {
    this.#fit(this.#idsOf(key));
  }

  #fit(ids) {
    const boxes = ids.map((id) => this.#zones.get(id)?.box).filter(Boolean);
    if (boxes.length) this.#map.fitBounds(around(boxes), { padding: 48, maxZoom: 8 });
  }

  async #build() {
    const [zones, world] = await Promise.all([fetchJson(this.dataset.zones ?? asset("vendor/counties-10m.json")), fetchJson(asset("vendor/countries-110m.json"))]);
    const polygons = topojson.feature(zones, zones.objects.counties);
    for (const zone of polygons.features) {
      zone.properties.zone = zone.id;
      this.#zones.set(zone.id, { name: zone.properties.name, ...measure(zone.geometry) });
    }
    // The coarse outline of the United States would stick out from under the fine counties.
    const countries = topojson.feature(world, world.objects.countries);
    countries.features = countries.features.filter((country) => country.id !== "840");
    this.#map = await newMap(this, () => colours(this), {
      style: mapStyle(colours(this), { polygons, countries, borders: topojson.mesh(zones, zones.objects.states, (a, b) => a !== b) }),
      bounds: this.#bounds(),
      fitBoundsOptions: { padding: 16 },
      minZoom: 1.5,
    });
    this.#listen();
  }

  #bounds() {
    if (this.dataset.bounds) {
      const [w, s, e, n] = this.dataset.bounds.split(",").map(Number);
      return [[w, s], [e, n]];
    }
    return CONTIGUOUS;
  }

  #listen() {
    const map = this.#map;
    map.on("mousemove", "zones", ({ features, point }) => this.#hover(features[0].id, point));
    map.on("mouseleave", "zones", () => this.#hover());
    map.on("click", (event) => this.#choose(event));
    map.on("moveend", () => this.#showPoints());
    for (const layer of ["points", "clusters"]) {
      map.on("mouseenter", layer, () => { map.getCanvas().style.cursor = "pointer"; });
      map.on("mouseleave", layer, () => { map.getCanvas().style.cursor = ""; });
    }
    followTheme(() => this.#restyle());
    this.addEventListener("keydown", (event) => { if (event.key === "Escape") this.#unpin(); });
  }

  #restyle() {
    if (!this.#map) return;
    recolour(this.#map, mapStyle(colours(this), {}).layers);
    this.#paint();
  }

  async #showFills() {
    if (!this.dataset.fills) return;
    this.#fills = await fetchJson(this.dataset.fills);
    this.#paint();
    this.#outline();
    this.#label();
    this.#legend();
    if (this.dataset.fit === "filled") this.#fit(Object.keys(this.#fills.zones));
  }

  /** Gives each zone its territory's colour as feature state: no geometry moves. */
  #paint() {
    const shades = colours(this);
    this.#map.removeFeatureState({ source: "zones" });
    for (const [id, [index, share]] of Object.entries(this.#fills.zones)) {
      const { colour } = this.#fills.territories[index];
      this.#map.setFeatureState({ source: "zones", id }, { fill: shades.territory(colour), hatched: share < HATCH_BELOW });
    }
    this.#outline();
  }

  #outline() {
    const chosen = new Set(this.#idsOf(this.dataset.selected));
    for (const id of this.#zones.keys()) this.#map.setFeatureState({ source: "zones", id }, { selected: chosen.has(id) });
    if (chosen.size && this.dataset.fit === "selected") this.showTerritory(this.dataset.selected);
  }

  #idsOf(key) {
    const at = this.#fills.territories.findIndex((territory) => territory.key === key);
    return at < 0 ? [] : Object.entries(this.#fills.zones).filter(([, [index]]) => index === at).map(([id]) => id);
  }

  /** A label stands on the zone nearest to the middle of its territory, so it is always inside. */
  #label() {
    const features = this.#fills.territories.flatMap(({ name }, at) => {
      const zones = Object.entries(this.#fills.zones).filter(([id, [index]]) => index === at && this.#zones.has(id)).map(([id]) => this.#zones.get(id));
      if (!zones.length) return [];
      const total = zones.reduce((sum, zone) => sum + zone.area, 0) || 1;
      const middle = [0, 1].map((axis) => zones.reduce((sum, zone) => sum + zone.centre[axis] * zone.area, 0) / total);
      const away = ({ centre }) => (centre[0] - middle[0]) ** 2 + (centre[1] - middle[1]) ** 2;
      const { centre } = zones.reduce((best, zone) => (away(zone) < away(best) ? zone : best));
      return [{ type: "Feature", properties: { name, size: total }, geometry: { type: "Point", coordinates: centre } }];
    });
    this.#map.getSource("labels").setData({ type: "FeatureCollection", features });
  }

  #legend() {
    const legend = slotOf(this, "details", "map-legend");
    legend.hidden = !this.#fills.territories.length;
    legend.open ||= this.clientWidth > 640 && this.#fills.territories.length <= 12;
    const heading = document.createElement("summary");
    heading.textContent = this.dataset.legend ?? "Territories";
    const list = document.createElement("ul");
    const sorted = [...this.#fills.territories].sort((a, b) => a.name.localeCompare(b.name));
    for (const { key, name, colour } of sorted) list.append(legendLine(name, `swatch ${colour == null ? "t-none" : `t${colour % TERRITORY_COLOURS}`}`, key));
    if (Object.values(this.#fills.zones).some(([, share]) => share < HATCH_BELOW)) list.append(legendLine("hatched: less than 90 % is its own", "swatch hatched t8"));
    legend.replaceChildren(heading, list);
  }

  async #showPoints() {
    if (!this.dataset.points || !this.#map) return;
    this.#pending?.abort();
    this.#pending = new AbortController();
    const address = new URL(this.dataset.points, location.href);
    address.searchParams.set("bbox", boxText(this.#map));
    address.searchParams.set("zoom", Math.round(this.#map.getZoom()));
    try {
      this.#map.getSource("points").setData(await fetchJson(address, this.#pending.signal));
    } catch (error) {
      if (error.name !== "AbortError") console.warn("accounts on the map:", error.message);
    }
  }

  #hover(id, point) {
    if (this.#hovered !== undefined && this.#hovered !== id) this.#map.setFeatureState({ source: "zones", id: this.#hovered }, { hovered: false });
    this.#hovered = id;
    const card = slotOf(this, "div", "map-card");
    if (card.dataset.pinned) return;
    card.hidden = id === undefined;
    if (id === undefined) return;
    this.#map.setFeatureState({ source: "zones", id }, { hovered: true });
    this.#describe(card, id, false);
    placeCard(this, card, point);
  }

  #choose({ point }) {
    const [mark] = this.#map.queryRenderedFeatures(point, { layers: ["points", "clusters"] });
    if (mark) return this.#choosePoint(mark);
    const [zone] = this.#map.queryRenderedFeatures(point, { layers: ["zones"] });
    return zone ? this.#pin(zone.id, point) : this.#unpin();
  }

  #choosePoint({ properties, geometry }) {
    const goes = this.dispatchEvent(new CustomEvent("metes:point", { bubbles: true, cancelable: true, detail: properties }));
    if (!goes) return;
    if (properties.count > 1) this.#map.easeTo({ center: geometry.coordinates, zoom: this.#map.getZoom() + 2 });
    else if (properties.href) location.assign(properties.href);
  }

  #pin(id, point) {
    const [index, share] = this.#fills.zones[id] ?? [];
    const detail = { id, name: this.#zones.get(id)?.name, territory: this.#fills.territories[index], share };
    if (!this.dispatchEvent(new CustomEvent("metes:zone", { bubbles: true, cancelable: true, detail }))) return;
    const card = slotOf(this, "div", "map-card");
    card.dataset.pinned = id;
    card.hidden = false;
    this.#describe(card, id, true);
    placeCard(this, card, point);
  }

  #unpin() {
    const card = slotOf(this, "div", "map-card");
    delete card.dataset.pinned;
    card.hidden = true;
  }

  #describe(card, id, hasLink) {
    const [index, share] = this.#fills.zones[id] ?? [];
    const territory = this.#fills.territories[index];
    const name = document.createElement("b");
    name.textContent = this.#zones.get(id)?.name ?? id;
    const text = document.createElement("span");
    text.textContent = territory ? `${territory.name}${share < 1 ? ` · ${Math.round(share * 100)} % of it` : ""}` : "No account here";
    card.replaceChildren(name, text);
    if (hasLink && territory?.href) {
      const link = document.createElement("a");
      link.href = territory.href;
      link.textContent = "Open territory";
      card.append(document.createElement("br"), link);
    }
  }

  #fail(error) {
    this.dataset.state = "error";
    console.error(error);
    const note = slotOf(this, "div", "map-note");
    note.className = "map-note notice warn";
    note.setAttribute("role", "status");
    note.textContent = "The map could not be drawn here. The list shows the same.";
  }
}

function legendLine(text, classes, key) {
  const item = document.createElement("li");
  const mark = document.createElement("span");
  mark.className = classes;
  item.append(mark, text);
  if (key) item.dataset.key = key;
  return item;
}

/** Middle, box and rough area of a zone's largest ring; degrees are good enough to place a label. */
function measure(geometry) {
  const rings = (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates).map(([ring]) => ring);
  const measured = rings.map((ring) => {
    let area = 0, x = 0, y = 0;
    for (let i = 0; i + 1 < ring.length; i += 1) {
      const cross = ring[i][0] * ring[i + 1][1] - ring[i + 1][0] * ring[i][1];
      area += cross / 2;
      x += ((ring[i][0] + ring[i + 1][0]) * cross) / 6;
      y += ((ring[i][1] + ring[i + 1][1]) * cross) / 6;
    }
    return { area: Math.abs(area), centre: area ? [x / area, y / area] : ring[0] };
  });
  const largest = measured.reduce((best, ring) => (ring.area > best.area ? ring : best), { area: 0, centre: [0, 0] });
  return { ...largest, box: around(rings.map((ring) => around(ring.map((point) => [point, point])))) };
}

function around(boxes) {
  const box = [[Infinity, Infinity], [-Infinity, -Infinity]];
  for (const [[w, s], [e, n]] of boxes) {
    box[0][0] = Math.min(box[0][0], w);
    box[0][1] = Math.min(box[0][1], s);
    box[1][0] = Math.max(box[1][0], e);
    box[1][1] = Math.max(box[1][1], n);
  }
  return box;
}

customElements.define("metes-map", MetesMap);
