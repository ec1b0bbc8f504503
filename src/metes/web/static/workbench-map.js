// <metes-workbench-map>: the units of a design, coloured by who has them. It shows, and says what a hand did; it decides nothing.
//
// It sets data-state (loading, ready, error) and data-borders (ready), and sends workbench:unit {unit, more}, workbench:lasso {units,
// more, less} and workbench:paint {units}. A move changes the states of the moved units and the borders beside them: no shape is sent anew.

import * as maplibre from "./vendor/maplibre-gl.mjs";
import "./vendor/topojson-client.min.js";
import { clusterImage, hatchImage, labelImage } from "./map-images.js";
import { colours } from "./map-style.js";
import { Borders, zonesOf } from "./workbench-borders.js";
import { followHand, LassoLine, placesInside } from "./workbench-lasso.js";
import { basesOf, boxOf, collection, dotsOf, locksOf, middleOf, namesOf, quantiles } from "./workbench-places.js";
import { layersOf, sourcesOf } from "./workbench-style.js";

const { topojson } = globalThis;
const BRUSH = 4;
const CHOSEN = 0.62; // how much of its colour a chosen unit keeps
const LOOKED_AT = 0.88;
const NAMES_AFTER_MS = 120;
const UNITED_STATES = "840";
const asset = (name) => new URL(name, import.meta.url).href;
const fetchJson = async (address, signal) => {
  const answer = await fetch(address, { signal, headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
  return answer.json();
};

class WorkbenchMap extends HTMLElement {
  #map;
  #design; // {units, owner, today, locked, territories, draws, zoneSet}
  #unitOf = new Map();
  #dots = new Set(); // units without a shape
  #borders;
  #layers = new Set(["names"]);
  #measure;
  #steps = [];
  #chosen = new Set();
  #territory = -2;
  #tool = "select";
  #shades;
  #tokens = new Map();
  #lasso;
  #painted;
  #hovered;
  #pending;
  #naming;

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
      if (this.#isTiled) await this.#readBorders();
      this.dataset.borders = "ready";
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

  /** Colours units anew, after they moved or were locked, and the borders beside them. */
  update(units, { hasLocks = false } = {}) {
    if (!this.#isDrawn) return;
    for (const unit of units) this.#colour(unit);
    this.#outline(units);
    this.#naming ??= setTimeout(() => {
      this.#naming = undefined;
      this.#name();
    }, NAMES_AFTER_MS);
    if (hasLocks) this.#put("locks", locksOf(this.#design));
  }

  /** Colours everything anew. */
  repaint() { if (this.#isDrawn) this.update([...this.#design.owner.keys()], { hasLocks: true }); }

  /** Outlines the chosen units. */
  choose(chosen) {
    if (this.#isDrawn) {
      const [before, now] = [this.#chosen, new Set(chosen)];
      this.#chosen = now;
      for (const unit of before) if (!now.has(unit)) this.#colour(unit);
      for (const unit of now) if (!before.has(unit)) this.#colour(unit);
    } else this.#chosen = new Set(chosen);
  }

  /** Draws a territory's units each by itself, as the one that is looked at; -2 for none. */
  highlight(territory) {
    const before = this.#territory;
    this.#territory = territory;
    if (!this.#isDrawn || before === territory) return;
    this.#design.owner.forEach((owner, unit) => {
      if (owner === before || owner === territory) this.#colour(unit);
    });
  }

  /** Moves to some units. */
  goTo(units) { if (units.length && this.#isDrawn) this.#map.fitBounds(boxOf(this.#design.units, units), { padding: 90, maxZoom: 8 }); }

  /** Takes up a tool: select, lasso, paint or lock. */
  take(tool) {
    this.#tool = tool;
    this.dataset.tool = tool;
    if (!this.#map) return;
    this.#map.dragPan[this.#draws ? "disable" : "enable"]();
    this.#map.getCanvas().style.cursor = this.#draws ? "crosshair" : "pointer";
  }

  /** Fills by a measure, or by territory without one; the upper edges of the measure's classes. */
  fillBy(measure) {
    this.#measure = measure;
    this.#steps = measure ? quantiles(this.#design.units.measures[measure] ?? []) : [];
    this.repaint();
    return this.#steps;
  }

  /** Shows or hides a layer: moved, accounts, bases or names. */
  layer(name, isOn) {
    this.#layers[isOn ? "add" : "delete"](name);
    if (!this.#isDrawn) return;
    if (name === "accounts") this.#showAccounts();
    else if (name === "bases") this.#put("bases", isOn ? basesOf(this.#design) : []);
    else if (name === "names") this.#name();
    else {
      this.#map.setLayoutProperty("moved", "visibility", isOn ? "visible" : "none");
      this.repaint();
    }
  }

  /** Gives units the colours that the design has for them: those of the brush go after a refusal. */
  forget(units) { if (this.#isDrawn) for (const unit of units) this.#colour(unit); }

  get #isDrawn() { return Boolean(this.#map?.getSource("units")); }
  get #isTiled() { return this.#design.draws === "tiles"; }
  get #draws() { return this.#tool === "lasso" || this.#tool === "paint"; }
  get #shapes() { return `/zones/${encodeURIComponent(this.#design.zoneSet)}`; }

  async #build() {
    const { units, draws, zoneSet } = this.#design;
    this.#shades = colours(this);
    this.#unitOf = new Map(units.ids.map((id, unit) => [id, unit]));
    const [world, shapes] = await Promise.all([
      fetchJson(asset("vendor/countries-110m.json")),
      draws === "shapes" ? fetchJson(`${this.#shapes}/shapes.json`) : undefined,
    ]);
    const { features, points } = shapes ? zonesOf(topojson, shapes, this.#unitOf) : { features: [], points: draws === "points" ? dotsOf(units) : [] };
    if (shapes) this.#borders = new Borders(topojson, shapes, this.#unitOf);
    this.#dots = new Set(points.map(({ id }) => id));
    const countries = topojson.feature(world, world.objects.countries);
    // The coarse outline of a country would stick out from under its fine zones.
    countries.features = countries.features.filter(({ id }) => !(zoneSet === "world-countries" || (zoneSet.startsWith("us-") && id === UNITED_STATES)));
    const tiles = this.#isTiled ? `${location.origin}${this.#shapes}/tiles/{z}/{x}/{y}.mvt` : undefined;
    await this.#make(sourcesOf({ countries, polygons: collection(features), points: collection(points), tiles }));
    this.#listen();
    this.take(this.#tool);
  }

  async #make(sources) {
    const canvas = document.createElement("div");
    canvas.className = "canvas";
    this.prepend(canvas);
    this.#map = new maplibre.Map({
      container: canvas,
      style: { version: 8, sources, layers: layersOf(this.#shades, this.#isTiled) },
      bounds: middleOf(this.#design.units),
      fitBoundsOptions: { padding: this.clientWidth > 500 ? { top: 28, right: 56, bottom: 28, left: 92 } : 10 },
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
    // The sources are named behind a button, not over the map.
    const sourcesNamed = this.querySelector(".maplibregl-ctrl-attrib");
    sourcesNamed?.removeAttribute("open");
    sourcesNamed?.classList.remove("maplibregl-compact-show");
  }

  /** With tiles the borders come after the map is there: they are a larger load than what it shows first. */
  async #readBorders() {
    this.#borders = new Borders(topojson, await fetchJson(`${this.#shapes}/shapes.json`), this.#unitOf);
    this.#outline(this.#design.owner.keys());
  }

  #listen() {
    const ground = this.#map.getCanvasContainer();
    this.#lasso = new LassoLine(ground);
    this.#map.on("click", ({ point, originalEvent }) => {
      if (this.#draws) return;
      const [unit] = this.#under(point, 0);
      this.#say("workbench:unit", { unit, more: originalEvent.shiftKey || originalEvent.ctrlKey || originalEvent.metaKey });
    });
    this.#map.on("moveend", () => this.#showAccounts());
    this.#map.on("mousemove", ({ point }) => this.#hover(point));
    this.#map.on("mouseout", () => this.#hover());
    followHand(ground, {
      isOn: () => this.#draws,
      onStart: (point) => this.#begin(point),
      onMove: (point) => (this.#painted ? this.#brush(point) : this.#lasso.add(point)),
      onEnd: (_, event) => this.#finish(event),
      onCancel: () => {
        this.#lasso.end();
        this.forget(this.#painted ?? []);
        this.#painted = undefined;
      },
    });
    document.addEventListener("metes:theme", () => this.#restyle());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#restyle());
  }

  #begin(point) {
    if (this.#tool === "lasso") return this.#lasso.start(point);
    this.#painted = new Set();
    this.#brush(point);
  }

  #finish(event) {
    if (this.#painted) {
      const units = [...this.#painted];
      this.#painted = undefined;
      if (units.length) this.#say("workbench:paint", { units });
      return;
    }
    const drawn = this.#lasso.end();
    if (drawn.length < 3) return;
    const { longitude, latitude } = this.#design.units;
    const polygon = drawn.map((point) => this.#map.unproject(point).toArray());
    this.#say("workbench:lasso", { units: placesInside(longitude, latitude, polygon), more: event.shiftKey, less: event.altKey });
  }

  /** Takes the units under the brush; they show at once the colour that they are to get. */
  #brush(point) {
    const territory = this.#design.territories[this.#territory];
    for (const unit of this.#under(point, BRUSH)) {
      if (this.#painted.has(unit)) continue;
      this.#painted.add(unit);
      if (territory) this.#set(unit, { fill: this.#shades.territory(territory.colour) });
    }
  }

  /** The units at a point, or within some pixels of it. */
  #under(point, around) {
    const [x, y] = Array.isArray(point) ? point : [point.x, point.y];
    const at = around ? [[x - around, y - around], [x + around, y + around]] : [x, y];
    const found = this.#map.queryRenderedFeatures(at, { layers: ["dots", "units"] });
    return [...new Set(found.map(({ id }) => (typeof id === "string" ? this.#unitOf.get(id) : id)))].filter((unit) => unit !== undefined);
  }

  #set(unit, state) {
    if (this.#dots.has(unit)) this.#map.setFeatureState({ source: "dots", id: unit }, state);
    else if (this.#isTiled) this.#map.setFeatureState({ source: "units", sourceLayer: "zones", id: this.#design.units.ids[unit] }, state);
    else this.#map.setFeatureState({ source: "units", id: unit }, state);
  }

  /** The chosen and the looked at are darker, so that one layer shows it all. */
  #colour(unit) {
    const { owner, today, territories } = this.#design;
    const at = owner[unit];
    const [chosen, own] = [this.#chosen.has(unit), at === this.#territory];
    const plain = this.#measure ? this.#shadeOf(unit) : at < 0 ? this.#shades.surface : this.#shades.territory(territories[at].colour);
    const fill = chosen ? this.#darker(plain, CHOSEN) : own ? this.#darker(plain, LOOKED_AT) : plain;
    this.#set(unit, { fill, chosen, own, moved: this.#layers.has("moved") && today[unit] !== -1 && today[unit] !== at });
  }

  #darker(colour, share) {
    const key = `${colour}|${share}`;
    if (!this.#tokens.has(key)) this.#tokens.set(key, `rgb(${colour.match(/\d+(\.\d+)?/g).slice(0, 3).map((part) => Math.round(part * share)).join(", ")})`);
    return this.#tokens.get(key);
  }

  #shadeOf(unit) {
    const value = this.#design.units.measures[this.#measure]?.[unit] ?? 0;
    const step = this.#steps.findIndex((edge) => value <= edge);
    return this.#token(`--seq-${step < 0 ? this.#steps.length - 1 : step}`);
  }

  #token(name) {
    if (!this.#tokens.has(name)) {
      const probe = document.createElement("span");
      probe.hidden = true;
      probe.style.color = `var(${name})`;
      this.append(probe);
      this.#tokens.set(name, getComputedStyle(probe).color);
      probe.remove();
    }
    return this.#tokens.get(name);
  }

  #outline(units) {
    const change = this.#borders?.change(this.#design.owner, units);
    if (change && change.add.length + change.remove.length) this.#map.getSource("borders").updateData(change);
  }

  #name() { if (this.#isDrawn) this.#put("labels", this.#layers.has("names") ? namesOf(this.#design) : []); }

  #put(source, features) { this.#map.getSource(source).setData(collection(features)); }

  async #showAccounts() {
    this.#pending?.abort();
    if (!this.#map || !this.#layers.has("accounts")) return this.#map && this.#put("accounts", []);
    this.#pending = new AbortController();
    const box = this.#map.getBounds().toArray().flat().map((degrees) => degrees.toFixed(4)).join(",");
    try {
      this.#map.getSource("accounts").setData(await fetchJson(`/map/points.json?bbox=${box}&zoom=${Math.round(this.#map.getZoom())}`, this.#pending.signal));
    } catch (error) {
      if (error.name !== "AbortError") console.info("accounts on the map:", error.message);
    }
  }

  #hover(point) {
    const card = this.#slot("div", "map-card");
    const [unit] = point ? this.#under(point, 0) : [];
    if (unit !== this.#hovered) {
      if (this.#hovered !== undefined) this.#set(this.#hovered, { hovered: false });
      this.#hovered = unit;
      if (unit !== undefined) this.#set(unit, { hovered: true });
    }
    card.hidden = unit === undefined;
    if (card.hidden) return;
    const { units, owner, locked, territories } = this.#design;
    const name = document.createElement("b");
    name.textContent = units.names[unit];
    card.replaceChildren(name, `${territories[owner[unit]]?.name ?? "no territory"}${locked[unit] >= 0 ? " · locked" : ""}`);
    const x = Math.min(point.x + 14, this.clientWidth - card.offsetWidth - 8);
    const y = point.y + card.offsetHeight + 24 > this.clientHeight ? point.y - card.offsetHeight - 12 : point.y + 14;
    card.style.transform = `translate(${Math.max(8, x)}px, ${Math.max(8, y)}px)`;
  }

  #restyle() {
    if (!this.#isDrawn) return;
    this.#shades = colours(this);
    this.#tokens.clear();
    for (const image of this.#map.listImages()) if (image.startsWith("cluster|")) this.#map.removeImage(image);
    for (const { id, paint } of layersOf(this.#shades, this.#isTiled)) {
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
      element.hidden = name === "map-card";
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
    note.textContent = "The map could not be drawn here. The table and the list do all that it does.";
  }
}

customElements.define("metes-workbench-map", WorkbenchMap);
