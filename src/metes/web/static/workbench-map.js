// <metes-workbench-map>: the units of a design, coloured by who has them. It shows and says what a hand did; it decides nothing.
//
// It sets data-state (loading, ready, error) and sends workbench:unit {unit, more}, workbench:lasso {units, more} and
// workbench:paint {units}. A move changes feature states only, of units and of the borders beside them: no geometry is sent anew.

import * as maplibre from "./vendor/maplibre-gl.mjs";
import "./vendor/topojson-client.min.js";
import { clusterImage, hatchImage, labelImage } from "./map-images.js";
import { colours } from "./map-style.js";
import { bordersOf, zonesOf } from "./workbench-borders.js";
import { followHand, LassoLine, placesInside } from "./workbench-lasso.js";
import { layersOf, sourcesOf } from "./workbench-style.js";

const { topojson } = globalThis;
const CLASSES = 5;
const BRUSH = 4;
const asset = (name) => new URL(name, import.meta.url).href;
const collection = (features) => ({ type: "FeatureCollection", features });
const fetchJson = async (address, signal) => {
  const answer = await fetch(address, { signal, headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
  return answer.json();
};

class WorkbenchMap extends HTMLElement {
  #map;
  #design; // {units, owner, today, locked, territories, draws, zoneSet}
  #borders = { features: [], first: [], second: [], of: [] };
  #fill = "territory";
  #layers = new Set(["names"]);
  #chosen = new Set();
  #territory = -2;
  #tool = "select";
  #shades;
  #lasso;
  #painted;
  #pending;
  #steps = [];
  #dots = new Set(); // units without a shape

  /** Draws a design; resolves when it can be seen. */
  async show(design) {
    this.#design = design;
    this.dataset.state = "loading";
    try {
      await this.#build();
      this.repaint();
      await new Promise((drawn) => {
        this.#map.once("idle", drawn);
        this.#map.triggerRepaint();
      });
      this.dataset.state = "ready";
    } catch (error) {
      this.#fail(error);
    }
  }

  disconnectedCallback() {
    this.#map?.remove();
    this.#map = undefined;
  }

  /** The MapLibre map, for measuring. */
  get map() { return this.#map; }

  /** Colours some units anew, after they moved or were locked, and the borders beside them. */
  update(units) {
    if (!this.#isDrawn) return;
    for (const unit of units) this.#colour(unit);
    this.#outline(units);
    this.#nameSoon();
    this.#showLocks();
  }

  /** Colours everything anew. */
  repaint() {
    if (!this.#isDrawn) return;
    this.update([...this.#design.owner.keys()]);
  }

  /** Outlines the chosen units. */
  choose(chosen) {
    if (this.#isDrawn) {
      for (const unit of this.#chosen) if (!chosen.has(unit)) this.#set(unit, { chosen: false });
      for (const unit of chosen) if (!this.#chosen.has(unit)) this.#set(unit, { chosen: true });
    }
    this.#chosen = new Set(chosen);
  }

  /** Draws a territory's units each by itself, as the one that is looked at; -2 for none. */
  highlight(territory) {
    const before = this.#territory;
    this.#territory = territory;
    if (!this.#isDrawn || before === territory) return;
    this.#design.owner.forEach((owner, unit) => {
      if (owner === before || owner === territory) this.#set(unit, { own: owner === territory });
    });
  }

  /** Moves to a territory, or to some units. */
  goTo(units) {
    const { longitude, latitude } = this.#design.units;
    if (!units.length || !this.#isDrawn) return;
    const xs = units.map((unit) => longitude[unit]).sort((a, b) => a - b);
    const ys = units.map((unit) => latitude[unit]).sort((a, b) => a - b);
    this.#map.fitBounds([[xs[0], ys[0]], [xs.at(-1), ys.at(-1)]], { padding: 90, maxZoom: 8 });
  }

  /** Takes up a tool: select, lasso, paint or lock. */
  take(tool) {
    this.#tool = tool;
    this.dataset.tool = tool;
    if (!this.#map) return;
    const draws = tool === "lasso" || tool === "paint";
    this.#map.dragPan[draws ? "disable" : "enable"]();
    this.#map.getCanvas().style.cursor = draws ? "crosshair" : "pointer";
  }

  /** Fills by territory or by a measure; the steps of its scale, empty for territories. */
  fillBy(fill) {
    this.#fill = fill;
    this.#steps = fill === "territory" ? [] : quantiles(this.#design.units.measures[fill] ?? []);
    this.repaint();
    return this.#steps;
  }

  /** Shows or hides a layer: moved, accounts, bases or names. */
  layer(name, isOn) {
    this.#layers[isOn ? "add" : "delete"](name);
    if (!this.#isDrawn) return;
    this.#map.setLayoutProperty("moved", "visibility", this.#layers.has("moved") ? "visible" : "none");
    if (name === "accounts") this.#showAccounts();
    if (name === "bases") this.#showBases();
    if (name === "names") this.#name();
    if (name === "moved") this.repaint();
  }

  get #isDrawn() { return Boolean(this.#map?.getSource("units")); }

  async #build() {
    const { zoneSet, draws, units } = this.#design;
    const [shapes, world] = await Promise.all([
      draws === "points" ? null : fetchJson(`/zones/${encodeURIComponent(zoneSet)}/shapes.json`),
      fetchJson(asset("vendor/countries-110m.json")),
    ]);
    this.#shades = colours(this);
    const sources = { countries: topojson.feature(world, world.objects.countries), polygons: collection([]), borders: collection([]), points: collection([]) };
    const unitOf = new Map(units.ids.map((id, unit) => [id, unit]));
    if (shapes) {
      const { features, points } = zonesOf(topojson, shapes, unitOf);
      sources.polygons = collection(features);
      sources.points = collection(points);
      this.#borders = bordersOf(topojson, shapes, unitOf, units.ids.length);
      sources.borders = collection(this.#borders.features);
      // The coarse outline of a country would stick out from under its fine zones.
      if (zoneSet.startsWith("us-")) sources.countries.features = sources.countries.features.filter((country) => country.id !== "840");
      if (zoneSet === "world-countries") sources.countries.features = [];
    } else {
      sources.points = collection(units.ids.map((_, unit) => ({
        type: "Feature", id: unit, properties: { unit }, geometry: { type: "Point", coordinates: [units.longitude[unit], units.latitude[unit]] },
      })));
    }
    this.#dots = new Set(sources.points.features.map(({ id }) => id));
    const canvas = document.createElement("div");
    canvas.className = "canvas";
    this.prepend(canvas);
    this.#map = new maplibre.Map({
      container: canvas,
      style: { version: 8, sources: sourcesOf(sources), layers: layersOf(this.#shades) },
      bounds: middleOf(units),
      fitBoundsOptions: { padding: { top: 24, bottom: 24, left: 24, right: 24 } },
      minZoom: 1,
      maxZoom: 15,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      boxZoom: false,
      fadeDuration: 0,
      attributionControl: { compact: true, customAttribution: "US Census via us-atlas · Natural Earth" },
      locale: { "Map.Title": this.getAttribute("aria-label") ?? "Map" },
    });
    this.#map.touchZoomRotate.disableRotation();
    this.#map.keyboard.disableRotation();
    this.#map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
    this.#map.setMissingStyleImageResolver((id) => this.#draw(id));
    await new Promise((loaded) => this.#map.once("load", loaded));
    const attribution = this.querySelector(".maplibregl-ctrl-attrib");
    attribution?.removeAttribute("open");
    attribution?.classList.remove("maplibregl-compact-show");
    this.#listen();
    this.take(this.#tool);
  }

  #listen() {
    const ground = this.#map.getCanvasContainer();
    this.#lasso = new LassoLine(ground);
    this.#map.on("click", ({ point, originalEvent }) => {
      if (this.#tool === "lasso" || this.#tool === "paint") return;
      const [unit] = this.#under(point, 0);
      this.#say("workbench:unit", { unit, more: originalEvent.shiftKey || originalEvent.ctrlKey || originalEvent.metaKey });
    });
    this.#map.on("moveend", () => this.#showAccounts());
    this.#map.on("mousemove", ({ point }) => this.#hover(point));
    this.#map.on("mouseout", () => this.#hover());
    followHand(ground, {
      isOn: () => this.#tool === "lasso" || this.#tool === "paint",
      onStart: (point) => {
        if (this.#tool === "lasso") this.#lasso.start(point);
        else {
          this.#painted = new Set();
          this.#brush(point);
        }
      },
      onMove: (point) => (this.#tool === "lasso" ? this.#lasso.add(point) : this.#brush(point)),
      onEnd: (point, event) => this.#finish(event),
      onCancel: () => {
        this.#lasso.end();
        this.#unpaint();
      },
    });
    const restyle = () => this.#restyle();
    document.addEventListener("metes:theme", restyle);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", restyle);
  }

  #finish(event) {
    if (this.#tool === "paint") {
      const units = [...(this.#painted ?? [])];
      this.#painted = undefined;
      if (units.length) this.#say("workbench:paint", { units });
      return;
    }
    const drawn = this.#lasso.end();
    if (drawn.length < 3) return;
    const polygon = drawn.map((point) => this.#map.unproject(point).toArray());
    const { longitude, latitude } = this.#design.units;
    this.#say("workbench:lasso", { units: placesInside(longitude, latitude, polygon), more: event.shiftKey, less: event.altKey });
  }

  /** Takes the units under the brush; they show the colour they will get at once. */
  #brush([x, y]) {
    for (const unit of this.#under({ x, y }, BRUSH)) {
      if (this.#painted.has(unit)) continue;
      this.#painted.add(unit);
      const territory = this.#design.territories[this.#territory];
      if (territory) this.#set(unit, { fill: this.#shades.territory(territory.colour) });
    }
  }

  #unpaint() {
    for (const unit of this.#painted ?? []) this.#colour(unit);
    this.#painted = undefined;
  }

  /** Colours the given units as the design has them: after a refusal the brush's colours must go. */
  forget(units) { for (const unit of units) this.#colour(unit); }

  #under({ x, y }, around) {
    const layers = ["units", "dots"];
    const at = around ? [[x - around, y - around], [x + around, y + around]] : [x, y];
    const found = this.#map.queryRenderedFeatures(at, { layers });
    return [...new Set(found.map(({ id }) => id))];
  }

  #set(unit, state) {
    this.#map.setFeatureState({ source: this.#dots.has(unit) ? "dots" : "units", id: unit }, state);
  }

  #colour(unit) {
    const { owner, today, territories } = this.#design;
    const at = owner[unit];
    this.#set(unit, {
      fill: this.#steps.length ? this.#shadeOf(unit) : at < 0 ? this.#shades.surface : this.#shades.territory(territories[at].colour),
      moved: this.#layers.has("moved") && today[unit] !== -1 && today[unit] !== at,
      own: at === this.#territory,
    });
  }

  #shadeOf(unit) {
    const value = this.#design.units.measures[this.#fill][unit];
    const step = this.#steps.findIndex((edge) => value <= edge);
    return this.#token(`--seq-${step < 0 ? CLASSES - 1 : step}`);
  }

  #token(name) {
    this.#tokens ??= new Map();
    if (!this.#tokens.has(name)) {
      const probe = document.createElement("span");
      probe.hidden = true;
      this.append(probe);
      probe.style.color = `var(${name})`;
      this.#tokens.set(name, getComputedStyle(probe).color);
      probe.remove();
    }
    return this.#tokens.get(name);
  }
  #tokens;

  /** A border shows where its two units have different owners. */
  #outline(units) {
    const { owner } = this.#design;
    const { first, second, of } = this.#borders;
    if (!first.length) return;
    for (const unit of units) {
      for (const id of of[unit] ?? []) {
        this.#map.setFeatureState({ source: "borders", id }, { shown: owner[first[id]] !== owner[second[id]] });
      }
    }
  }

  #nameSoon() {
    if (this.#naming) return;
    this.#naming = true;
    setTimeout(() => {
      this.#naming = false;
      this.#name();
    }, 120);
  }
  #naming = false;

  /** A name stands on the unit nearest to the middle of its territory, so it is always inside. */
  #name() {
    if (!this.#isDrawn) return;
    const { owner, territories, units: { longitude, latitude } } = this.#design;
    const sums = territories.map(() => [0, 0, 0]);
    owner.forEach((at, unit) => {
      if (at < 0) return;
      sums[at][0] += longitude[unit];
      sums[at][1] += latitude[unit];
      sums[at][2] += 1;
    });
    const best = territories.map(() => [Infinity, -1]);
    owner.forEach((at, unit) => {
      if (at < 0) return;
      const [x, y, n] = sums[at];
      const away = (longitude[unit] - x / n) ** 2 + (latitude[unit] - y / n) ** 2;
      if (away < best[at][0]) best[at] = [away, unit];
    });
    const isOn = this.#layers.has("names");
    const labels = territories.flatMap(({ name }, at) => (best[at][1] < 0 || !isOn ? [] : [{
      type: "Feature", properties: { name, size: sums[at][2] },
      geometry: { type: "Point", coordinates: [longitude[best[at][1]], latitude[best[at][1]]] },
    }]));
    this.#map.getSource("labels").setData(collection(labels));
  }

  #showLocks() {
    const { locked, units: { longitude, latitude } } = this.#design;
    const features = [];
    locked.forEach((at, unit) => {
      if (at >= 0) features.push({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: [longitude[unit], latitude[unit]] } });
    });
    this.#map.getSource("locks").setData(collection(features));
  }

  #showBases() {
    const features = this.#layers.has("bases") ? this.#design.territories.filter(({ base }) => base).map(({ name, base: [latitude, longitude] }) => ({
      type: "Feature", properties: { name }, geometry: { type: "Point", coordinates: [longitude, latitude] },
    })) : [];
    this.#map.getSource("bases").setData(collection(features));
  }

  async #showAccounts() {
    if (!this.#map) return;
    this.#pending?.abort();
    if (!this.#layers.has("accounts")) return this.#map.getSource("accounts").setData(collection([]));
    this.#pending = new AbortController();
    const box = this.#map.getBounds().toArray().flat().map((degrees) => degrees.toFixed(4)).join(",");
    try {
      const found = await fetchJson(`/map/points.json?bbox=${box}&zoom=${Math.round(this.#map.getZoom())}`, this.#pending.signal);
      this.#map.getSource("accounts").setData(found);
    } catch (error) {
      if (error.name !== "AbortError") console.warn("accounts on the map:", error.message);
    }
  }

  #hover(point) {
    const card = this.#slot("div", "map-card");
    const [unit] = point ? this.#under(point, 0) : [];
    if (unit === this.#hovered && !card.hidden) return this.#place(card, point);
    if (this.#hovered !== undefined) this.#set(this.#hovered, { hovered: false });
    this.#hovered = unit;
    card.hidden = unit === undefined;
    if (unit === undefined) return;
    this.#set(unit, { hovered: true });
    const { units, owner, locked, territories } = this.#design;
    const name = document.createElement("b");
    name.textContent = units.names[unit];
    const text = document.createElement("span");
    text.textContent = `${territories[owner[unit]]?.name ?? "no territory"}${locked[unit] >= 0 ? " · locked" : ""}`;
    card.replaceChildren(name, text);
    this.#place(card, point);
  }
  #hovered;

  #place(card, point) {
    const x = Math.min(point.x + 14, this.clientWidth - card.offsetWidth - 8);
    const y = point.y + card.offsetHeight + 24 > this.clientHeight ? point.y - card.offsetHeight - 12 : point.y + 14;
    card.style.transform = `translate(${Math.max(8, x)}px, ${Math.max(8, y)}px)`;
  }

  #restyle() {
    if (!this.#isDrawn) return;
    this.#shades = colours(this);
    this.#tokens = undefined;
    for (const image of this.#map.listImages()) if (image.startsWith("cluster|")) this.#map.removeImage(image);
    for (const { id, paint } of layersOf(this.#shades)) {
      for (const [name, value] of Object.entries(paint ?? {})) this.#map.setPaintProperty(id, name, value);
    }
    this.repaint();
  }

  #draw(id) {
    if (this.#map.hasImage(id)) return;
    const [kind, ...rest] = id.split("|");
    const image = { hatch: () => hatchImage(), label: () => labelImage(rest.join("|")), cluster: () => clusterImage(rest[0], this.#shades) }[kind]?.();
    if (image) this.#map.addImage(id, image, { pixelRatio: 2 });
  }

  #say(name, detail) { this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail })); }

  #slot(tag, name) {
    let element = this.querySelector(`:scope > .${name}`);
    if (!element) {
      element = document.createElement(tag);
      element.className = name;
      if (name === "map-card") element.hidden = true;
      this.append(element);
    }
    return element;
  }

  #fail(error) {
    this.dataset.state = "error";
    console.info("the map could not be drawn:", error.message);
    const note = this.#slot("div", "map-note");
    note.className = "map-note notice warn";
    note.setAttribute("role", "status");
    note.textContent = "The map could not be drawn here. The table and the list of units do all that it does.";
  }
}

/** Upper edges of five classes with as many values each, of values above nothing; equal edges become one. */
function quantiles(values) {
  const sorted = Float64Array.from(values.filter((value) => value > 0)).sort();
  if (!sorted.length) return [0];
  const edges = Array.from({ length: CLASSES }, (_, i) => sorted[Math.min(sorted.length - 1, Math.ceil(((i + 1) * sorted.length) / CLASSES) - 1)]);
  return edges;
}

/** The box that most units lie in: far islands do not make the map small. */
function middleOf({ longitude, latitude }) {
  const between = (values) => {
    const sorted = Float64Array.from(values).sort();
    const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
    const [low, high] = [at(0.03), at(0.97)];
    const room = (high - low) * 0.09 || 0.2;
    return [Math.max(low - room, sorted[0] - room), Math.min(high + room, sorted.at(-1) + room)];
  };
  const [west, east] = between(longitude);
  const [south, north] = between(latitude);
  return [[west, Math.max(-85, south)], [east, Math.min(85, north)]];
}

customElements.define("metes-workbench-map", WorkbenchMap);
