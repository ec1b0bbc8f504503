// <metes-workbench-map>: the units of a design, coloured by who has them. It shows, and says what a hand did; it decides nothing.
//
// It sets data-state (loading, ready, error), data-borders (ready) and data-behind (how many units the map itself has still to show), and
// sends workbench:unit {unit, more}, workbench:lasso {units, more, less} and workbench:paint {units}. A gesture shows at once in a sketch
// over the map; the map follows when the hand rests, by the states of the moved units and the borders beside them: no shape is sent anew.

import "./vendor/topojson-client.min.js";
import { asset, boxText, fetchJson, followTheme, newMap, placeCard, recolour, slotOf } from "./map-setup.js";
import { colours } from "./map-style.js";
import { Borders, zonesOf } from "./workbench-borders.js";
import { followHand, LassoLine, placesInside } from "./workbench-lasso.js";
import { Outlines } from "./workbench-outlines.js";
import { basesOf, boxOf, collection, dotsOf, locksOf, middleOf, namesOf, quantiles } from "./workbench-places.js";
import { Sketch } from "./workbench-sketch.js";
import { layersOf, sourcesOf, stopsOf } from "./workbench-style.js";

const { topojson } = globalThis;
const BRUSH = 4;
const LOOKED_AT = 0.88; // how much of its colour a unit of the chosen territory keeps
const REST_MS = 160; // after the last gesture: long enough for its own frame to be seen before the map's keeps everything waiting
const MOST_SKETCHED = 20_000;
const UNITED_STATES = "840";

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
  #pending;
  #outlines;
  #sketch;
  #stops;
  #behind = new Set(); // units that the sketch shows and the map does not
  #resting;
  #isHeld = false;
  #named = "";

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
      if (this.#isTiled) await this.#readShapes();
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

  /** Colours units anew, after they moved or were locked, and the borders beside them: at once in the sketch, then in the map. */
  update(units, { hasLocks = false } = {}) {
    if (!this.#isDrawn) return;
    for (const unit of units) this.#behind.add(unit);
    if (units.length <= MOST_SKETCHED) this.#sketch.fill(units);
    this.#rest();
    if (hasLocks) this.#put("locks", locksOf(this.#design));
  }

  /** Colours everything anew. */
  repaint() {
    if (!this.#isDrawn) return;
    this.#behind = new Set(this.#design.owner.keys());
    this.#put("locks", locksOf(this.#design));
    this.#catchUp();
  }

  /** Makes the map wait while a gesture is with the server, so that its answer is seen first. */
  hold(isHeld) {
    this.#isHeld = isHeld;
    if (this.#resting) this.#rest();
  }

  /** Outlines the chosen units. */
  choose(chosen) {
    this.#chosen = new Set(chosen);
    this.#sketch?.choose(this.#chosen);
    if (this.#resting) this.#rest();
  }

  /** Draws a territory's units each by itself, as the one that is looked at; -2 for none. */
  highlight(territory) {
    const before = this.#territory;
    this.#territory = territory;
    if (this.#isDrawn && before !== territory) this.update([...this.#design.owner.keys()].filter((unit) => [before, territory].includes(this.#design.owner[unit])));
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
  forget(units) { if (this.#isDrawn) this.#sketch.drop([...units].filter((unit) => !this.#behind.has(unit))); }

  get #isDrawn() { return Boolean(this.#map?.getSource("units")); }
  get #isTiled() { return this.#design.draws === "tiles"; }
  get #draws() { return this.#tool === "lasso" || this.#tool === "paint"; }
  get #isDrawing() { return Boolean(this.#painted) || this.#lasso.isOn; }
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
    this.#dots = new Set(points.map(({ id }) => id));
    this.#stops = stopsOf(this.#isTiled, points.length);
    this.#outlines = new Outlines(units);
    if (shapes) this.#takeShapes(shapes);
    const countries = topojson.feature(world, world.objects.countries);
    // The coarse outline of a country would stick out from under its fine zones.
    countries.features = countries.features.filter(({ id }) => !(zoneSet === "world-countries" || (zoneSet.startsWith("us-") && id === UNITED_STATES)));
    const tiles = this.#isTiled ? `${location.origin}${this.#shapes}/tiles/{z}/{x}/{y}.mvt` : undefined;
    await this.#make(sourcesOf({ countries, polygons: collection(features), points: collection(points), tiles }));
    this.#listen();
    this.take(this.#tool);
  }

  async #make(sources) {
    this.#map = await newMap(this, () => this.#shades, {
      style: { version: 8, sources, layers: layersOf(this.#shades, this.#isTiled, this.#stops) },
      bounds: middleOf(this.#design.units),
      fitBoundsOptions: { padding: this.clientWidth > 500 ? { top: 28, right: 56, bottom: 28, left: 92 } : 10 },
      minZoom: 1,
      boxZoom: false,
    });
    this.#sketch = new Sketch(this.#map, this.#outlines, {
      stops: this.#stops,
      shades: () => this.#shades,
      fillOf: (unit) => this.#fillOf(unit),
      bordersOf: (units) => this.#borders.beside(units, (one, other) => this.#design.owner[one] !== this.#design.owner[other]),
      outlineOf: (units) => this.#borders.beside(units, (one, other) => units.has(one) !== units.has(other)),
    });
    this.#sketch.choose(this.#chosen);
  }

  /** With tiles the shapes come after the map is there: they are a larger load than what it shows first. */
  async #readShapes() {
    this.#takeShapes(await fetchJson(`${this.#shapes}/shapes.json`));
    this.#sketch.draw();
    this.#outline(this.#design.owner.keys());
  }

  #takeShapes(topology) {
    this.#borders = new Borders(topojson, topology, this.#unitOf);
    this.#outlines.take(topology, this.#unitOf);
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
    followTheme(() => this.#restyle());
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
      if (territory) this.#sketch.fill([unit], this.#shades.territory(territory.colour));
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

  /** The map is told of what changed when no gesture has come for a moment: until its frame is drawn, nothing else on the page is. */
  #rest() {
    clearTimeout(this.#resting);
    this.dataset.behind = this.#behind.size;
    this.#resting = setTimeout(() => (this.#isHeld || this.#isDrawing || this.#sketch.isWaiting ? this.#rest() : this.#catchUp()), REST_MS);
  }

  #catchUp() {
    clearTimeout(this.#resting);
    this.#resting = undefined;
    const units = [...this.#behind];
    this.#behind.clear();
    for (const unit of units) this.#colour(unit);
    this.#outline(units);
    this.#name();
    this.#map.once("idle", () => {
      this.#sketch.drop(units.filter((unit) => !this.#behind.has(unit)));
      this.dataset.behind = this.#behind.size;
    });
    this.#map.triggerRepaint();
  }

  #colour(unit) {
    const at = this.#design.owner[unit];
    const today = this.#design.today[unit];
    this.#set(unit, { fill: this.#fillOf(unit), own: at === this.#territory, moved: this.#layers.has("moved") && today !== -1 && today !== at });
  }

  /** The colour of a unit; those of the territory that is looked at are darker. */
  #fillOf(unit) {
    const { owner, territories } = this.#design;
    const at = owner[unit];
    const plain = this.#measure ? this.#shadeOf(unit) : at < 0 ? this.#shades.surface : this.#shades.territory(territories[at].colour);
    return at === this.#territory ? this.#darker(plain, LOOKED_AT) : plain;
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

  #name() {
    if (!this.#isDrawn) return;
    const names = this.#layers.has("names") ? namesOf(this.#design) : [];
    const text = JSON.stringify(names);
    if (text !== this.#named) this.#put("labels", names);
    this.#named = text;
  }

  #put(source, features) { this.#map.getSource(source).setData(collection(features)); }

  async #showAccounts() {
    this.#pending?.abort();
    if (!this.#map || !this.#layers.has("accounts")) return this.#map && this.#put("accounts", []);
    this.#pending = new AbortController();
    try {
      this.#map.getSource("accounts").setData(await fetchJson(`/map/points.json?bbox=${boxText(this.#map)}&zoom=${Math.round(this.#map.getZoom())}`, this.#pending.signal));
    } catch (error) {
      if (error.name !== "AbortError") console.info("accounts on the map:", error.message);
    }
  }

  #hover(point) {
    const card = slotOf(this, "div", "map-card");
    const [unit] = point && !this.#isDrawing ? this.#under(point, 0) : [];
    this.#sketch.hover(unit);
    card.hidden = unit === undefined;
    if (card.hidden) return;
    const { units, owner, locked, territories } = this.#design;
    const name = document.createElement("b");
    name.textContent = units.names[unit];
    card.replaceChildren(name, `${territories[owner[unit]]?.name ?? "no territory"}${locked[unit] >= 0 ? " · locked" : ""}`);
    placeCard(this, card, point);
  }

  #restyle() {
    if (!this.#isDrawn) return;
    this.#shades = colours(this);
    this.#tokens.clear();
    recolour(this.#map, layersOf(this.#shades, this.#isTiled, this.#stops));
    this.repaint();
  }

  #say(name, detail) { this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail })); }

  #fail(error) {
    this.dataset.state = "error";
    console.info("the map could not be drawn:", error.message);
    const note = slotOf(this, "div", "map-note");
    note.className = "map-note notice warn";
    note.setAttribute("role", "status");
    note.textContent = "The map could not be drawn here. The table and the list do all that it does.";
  }
}

customElements.define("metes-workbench-map", WorkbenchMap);
